"""What a siege excuses: nothing that a disk does not bear witness to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.lab.phonelog import Attempt, Offer, PhoneLog
from tests.siege.reckoning import QUEUE_DID, Intrusion, intrusions, unwritten
from tests.siege.siege import Death

OFFERED = Offer(phone="101", call_id="x", customer="79160000002", dialled="101", offered_at=13.0)
ANNA = Intrusion(agent="anna", number="+79160000001", uniqueid="1.7", answered_at=9.4, offer=OFFERED)
NEITHER: Mapping[str, str] = {"PJSIP/101/1.3": "1.3|5|||", "PJSIP/102/1.7": "1.7|9|||"}


def died(begun: float = 10.0, owed: Mapping[str, str] = NEITHER) -> list[Death]:
    return [Death(begun=begun, over=begun + 1, owed=owed)]


def test_a_debt_that_the_killed_pbx_had_not_written_is_nobodys_fault_until_there_is_a_link() -> None:
    assert unwritten(ANNA, died(), [2.0, 14.0])
    assert not unwritten(ANNA, died(), [2.0, 12.5])


@pytest.mark.parametrize("begun", [9.0, 11.0, 20.0])
def test_nor_is_one_that_it_had_time_for(begun: float) -> None:
    assert not unwritten(replace(ANNA, answered_at=begun - 2), died(begun), [])


def test_one_that_it_had_written_is_ours() -> None:
    assert not unwritten(ANNA, died(owed={"PJSIP/101/1.7": "1.7|9|||"}), [])


def talk(via: str, answered: float, settled: float = 40.0) -> dict[str, Any]:
    begun, over = (datetime.fromtimestamp(at, UTC).isoformat() for at in (answered, settled))
    return {"agent": {"username": "anna"}, "via": via, "answered_at": begun, "outcome_at": over}


@pytest.mark.parametrize(("settled", "told"), [(12.8, []), (13.5, [13.0])])
def test_who_has_the_customer_back_owes_from_then_if_what_he_owed_was_settled(
    settled: float, told: list[float]
) -> None:
    took = Offer(phone="101", call_id="y", customer="79160000001", dialled="101", offered_at=12.1, answered_at=12.2)
    again = replace(took, call_id="z", offered_at=13.4, answered_at=13.6)
    attempts = [Attempt(number="79160000002", dialled=QUEUE_DID, call_id="b", sent_at=12.5)]
    talks = [talk("direct", 12.2, settled), talk("blind", 13.6)]
    log = PhoneLog(offers=[OFFERED, took, again], attempts=attempts)
    call = {"direction": "inbound", "number": "+79160000001", "uniqueid": "1.7", "segments": talks}
    assert [one.offer.offered_at for one in intrusions(log, [call])] == told


def told_of(via: str, direction: str, answered: float, *offers: Offer, picked: float | None = None) -> list[float]:
    """When anna was offered other calls while she owed for this one, answered so; ``picked``: when she dialled *8."""
    attempts = [
        Attempt(number="101", dialled="*8103", call_id="c", sent_at=12.1, answered_at=picked),
        Attempt(number="79160000001", dialled="7000", call_id="a", sent_at=12.0, answered_at=14.0),
        Attempt(number="79160000002", dialled=QUEUE_DID, call_id="b", sent_at=12.5),
    ]
    call = {"direction": direction, "number": "+79160000001", "uniqueid": "1.7", "segments": [talk(via, answered)]}
    log = PhoneLog(offers=[OFFERED, *offers], attempts=attempts)
    return [one.offer.offered_at for one in intrusions(log, [call])]


def test_who_picked_up_a_colleagues_question_owes_from_then_not_since_one_asked_him_before_this_call() -> None:
    asked_before = Offer(phone="101", call_id="y", customer="102", dialled="101", offered_at=4.0, answered_at=5.0)
    assert told_of("attended", "inbound", 20.0, asked_before) == []
    asked_now = replace(asked_before, offered_at=12.6, answered_at=12.7)
    assert told_of("attended", "inbound", 20.0, asked_now) == [13.0]


def test_whom_a_dialled_customer_was_handed_to_owes_from_then_not_since_the_customer_answered() -> None:
    rang = Offer(phone="trunk", call_id="z", customer="", dialled="79160000001", offered_at=8.0, answered_at=9.0)
    assert told_of("blind", "outbound", 20.0, rang) == []
    assert told_of("outbound", "outbound", 20.0, rang) == [13.0]


def test_of_a_debt_that_bears_only_its_second_the_phone_that_picked_up_knows_the_moment() -> None:
    assert told_of("queue", "inbound", 12.0, picked=12.97) == []
    assert told_of("queue", "inbound", 12.0, picked=11.97) == [13.0]
    assert told_of("queue", "inbound", 12.4, picked=12.97) == [13.0]
