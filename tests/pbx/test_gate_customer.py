"""A debt keeps its agent from his next call of a queue and never a customer from a person, with no CRM alive."""

from __future__ import annotations

import pytest

from tests.lab.amitap import AmiTap
from tests.lab.phones import Caller, Floor
from tests.pbx.test_gate_mechanics import ANNA, NUMBER, OTHER, in_bridge, owes, settle, talk
from tests.until import until

OUTSIDE = "89161234567"
RULES = {"outgoing": "refuse|cannot-complete-as-dialed", "emergency": "101-102-103-112"}


@pytest.fixture
def owing(floor: Floor, tap: AmiTap) -> Floor:
    """Anna owes, and the rules refuse whoever does."""
    for key, value in RULES.items():
        tap.action("DBPut", Family="callcenter-rules", Key=key, Val=value)
    floor.phone(ANNA)
    floor.phone("trunk")
    talk(floor.caller(NUMBER, "7001", talk_ms=100))
    assert owes(floor.pbx, ANNA)
    return floor


def reached(floor: Floor) -> list[str]:
    """What the provider was asked for."""
    return [offer.dialled for offer in floor.log().of("trunk")]


def over(caller: Caller) -> None:
    until(caller.ended, 20, "the call is over")


def test_who_owes_hears_why_he_may_not_dial_out_but_help_is_always_reached(owing: Floor, tap: AmiTap) -> None:
    refused = owing.agent_dials(ANNA, OUTSIDE, talk_ms=None)
    over(refused)
    attempt = refused.attempt()
    assert attempt is not None
    assert (attempt.answered_at is not None, reached(owing)) == (True, [])
    assert [event["Interface"] for event in tap.events("UserEvent")][-1:] == ["PJSIP/101"]
    over(owing.agent_dials(ANNA, "112", talk_ms=100))
    assert reached(owing) == ["112"]
    settle(owing.pbx, tap, ANNA)
    over(owing.agent_dials(ANNA, OUTSIDE, talk_ms=100))
    assert reached(owing) == ["112", OUTSIDE]


def test_a_customer_reaches_who_owes_and_with_him_on_the_line_advice_may_be_asked_outside(
    owing: Floor, tap: AmiTap
) -> None:
    caller = owing.caller(OTHER, "7101", talk_ms=4000)
    until(lambda: caller.answered() and in_bridge(owing.pbx, tap, ANNA), 10, "he has her")
    over(owing.agent_dials(ANNA, OUTSIDE, talk_ms=100))
    assert reached(owing) == [OUTSIDE]
    talk(caller)
    assert [offer.customer for offer in owing.log().of(ANNA)] == [NUMBER, OTHER]


def test_where_she_does_not_answer_he_may_leave_a_message(floor: Floor) -> None:
    floor.phone(ANNA, busy=True)
    caller = floor.caller(NUMBER, "7101", talk_ms=1500)
    talk(caller)
    assert floor.log().of(ANNA)[0].answered_at is None
