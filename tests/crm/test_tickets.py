"""Passes for the websocket."""

from __future__ import annotations

from callcenter.crm.sessions import Tickets
from callcenter.ids import new_id


def test_a_ticket_is_good_once() -> None:
    tickets, session = Tickets(), new_id()
    ticket = tickets.issue(session, 0.0)
    assert tickets.redeem(ticket, 29.0) == session
    assert tickets.redeem(ticket, 29.0) is None


def test_a_ticket_is_good_for_half_a_minute() -> None:
    tickets = Tickets()
    assert tickets.redeem(tickets.issue(new_id(), 0.0), 31.0) is None


def test_an_invented_ticket_is_good_for_nothing() -> None:
    assert Tickets().redeem("", 0.0) is None
