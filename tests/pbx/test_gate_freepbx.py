"""The gate on a PBX in the shape of FreePBX, put there by the include-only variant, with no CRM alive."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.lab.amitap import AmiTap
from tests.lab.asterisk import Asterisk
from tests.lab.freepbx.installed import freepbx
from tests.lab.phones import Floor
from tests.pbx.test_gate_handover import (  # noqa: F401
    test_a_transfer_by_the_phones_own_button_owes_too,
    test_advice_after_which_the_customer_stays_owes_nothing,
    test_advice_owes_nothing_until_the_customer_is_handed_over,
    test_who_picks_up_owes_and_not_who_was_rung,
)
from tests.pbx.test_gate_mechanics import (
    ANNA,
    BORIS,
    CLARA,
    NUMBER,
    OTHER,
    aimed_end,
    lunch,
    owes,
    talk,
    test_colleagues_owe_nothing,  # noqa: F401
    test_direct_call_owes_too,  # noqa: F401
    test_member_is_paused_in_all_queues_before_the_voices_are_connected,  # noqa: F401
    test_whoever_gets_a_transferred_customer_owes_too,  # noqa: F401
)
from tests.pbx.test_routing import BLOCKED, BORIS_FIRST, NAME, REFUSED, answering
from tests.routing.asking.rules import place
from tests.until import until

OTHER_DEVICES = """
[ext-did]
exten => 7008,1,Goto(callcenter-to-queue,600,1)
exten => _739X,1,Set(DEXTEN=10${EXTEN:3})
 same => n,Gosub(macro-dialout-one-predial-hook,s,1())
 same => n,Hangup()
"""
"""A number whose route is the custom destination that asks where the call goes; persons whose devices FreePBX rings
without asking for their addresses, as those of chan_sip and chan_iax2 are."""


@pytest.fixture
def pbx() -> Iterator[Asterisk]:
    with freepbx({"extensions_override_freepbx.conf": OTHER_DEVICES}) as running:
        yield running


@pytest.mark.parametrize("offset", [-0.005, 0.0, 0.005])
def test_owing_agent_is_offered_nothing_at_the_queues_very_tick(floor: Floor, tap: AmiTap, offset: float) -> None:
    aimed_end(floor, tap, offset)
    assert [offer.customer for offer in floor.log().of(ANNA)] == [NUMBER]
    assert [attempt.final_code for attempt in floor.log().attempts] == [200, 487]


def test_a_queue_that_sees_no_states_offers_nothing_to_who_talks_or_owes(floor: Floor, tap: AmiTap) -> None:
    lunch(floor.pbx, tap, BORIS)
    floor.phone(ANNA, talk_ms=1500)
    first = floor.caller(NUMBER, "7003", talk_ms=None)
    until(first.answered, 10, "Anna talks")
    until(floor.caller(OTHER, "7003", patience_ms=3500).ended, 20, "he gave up")
    assert [offer.customer for offer in floor.log().of(ANNA)] == [NUMBER]


def test_an_agent_who_calls_out_owes_once_the_customer_answers(floor: Floor) -> None:
    floor.phone("trunk")
    talk(floor.agent_dials(CLARA, "89161234567", talk_ms=100))
    assert owes(floor.pbx, CLARA) == ("", "79161234567", "")


def test_a_debt_outlives_asterisk_and_holds_before_the_first_offer(floor: Floor) -> None:
    floor.phone(ANNA)
    floor.phone(BORIS, busy=True)
    floor.phone(CLARA, busy=True)
    talk(floor.caller(NUMBER, "7001", talk_ms=1500))
    floor.pbx.restart()
    assert "paused" not in floor.pbx.cli("queue show 600")
    until(floor.caller(OTHER, "7001", patience_ms=3000).ended, 20, "he gave up")
    assert [offer.customer for offer in floor.log().of(ANNA)] == [NUMBER]


def test_a_person_none_of_whose_devices_can_be_reached_is_named_before_they_are_dialled(
    floor: Floor, tap: AmiTap
) -> None:
    floor.pbx.cli("database put AMPUSER/103 device 99101")
    for person in "13":
        until(floor.caller(NUMBER, f"739{person}").ended, 20, "he was put down")

    def told() -> list[str]:
        return [e["Value"] for e in tap.events("VarSet") if e["Variable"] == "CC_UNREACHABLE"]

    until(told, 5, "the tap reading it")
    assert told() == ["PJSIP/99101"]


def test_a_route_that_asks_first_is_followed(floor: Floor, tap: AmiTap) -> None:
    """One is refused; one rings at his own agent's, with his name, and she owes for a direct call."""
    assert BORIS_FIRST.person is not None
    hers = place(phones=(floor.pbx.shape.device(ANNA),), member=floor.pbx.shape.interface(ANNA))
    known = replace(BORIS_FIRST, person=replace(BORIS_FIRST.person, place=hers, wait_s=30), language="")
    with answering({NUMBER: known, BLOCKED: REFUSED}) as (where, heard):
        tap.action("DBPut", Family="callcenter-routing", Key="600", Val=where)
        tap.action("Setvar", Variable="CC_ROUTE_PATIENCE", Value="5")
        floor.phone(ANNA)
        refused = floor.caller(BLOCKED, "7008")
        until(refused.ended, 20, "refused")
        assert not refused.answered()
        talk(floor.caller(NUMBER, "7008", talk_ms=300))
    assert heard == [BLOCKED, NUMBER]
    assert tap.events("QueueCallerJoin") == []
    assert [e["CallerIDName"] for e in tap.events("DialBegin")] == [NAME]
    assert owes(floor.pbx, ANNA) == ("", NUMBER, "7008")
