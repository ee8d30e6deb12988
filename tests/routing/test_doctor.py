"""The doctor finds each fault and none on a right system."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from callcenter.events import MemberState
from callcenter.routing.doctor import counts_busy_as_absent, examine

RIGHT = {
    "joinempty": "unavailable,invalid,unknown",
    "leavewhenempty": "unavailable,invalid,unknown",
    "ringinuse": "no",
    "setinterfacevar": "yes",
    "membergosub": "callcenter-member",
}
GENERAL = {"autofill": "yes"}


def member(interface: str, state: str) -> MemberState:
    return MemberState(
        pbx="main",
        at=datetime.now(UTC),
        queue="support",
        interface=interface,
        name="Anna",
        paused=False,
        reason="",
        state_interface=state,
        status=1,
        in_call=False,
    )


def codes(changed: dict[str, str], members: tuple[MemberState, ...] = ()) -> list[str]:
    return [f.code for f in examine({"general": GENERAL, "support": {**RIGHT, **changed}}, members)]


def test_a_right_system_has_no_findings() -> None:
    assert codes({}, (member("PJSIP/101", "PJSIP/101"), member("Local/101@q/n", "hint:101@ext-local"))) == []


@pytest.mark.parametrize("value", ["strict", "no", "paused,invalid", "inuse"])
def test_a_queue_that_refuses_callers_while_agents_owe(value: str) -> None:
    assert codes({"joinempty": value}) == ["joinempty_counts_paused"]


@pytest.mark.parametrize("value", ["strict", "yes", "unavailable, paused"])
def test_a_queue_that_throws_callers_out_while_agents_owe(value: str) -> None:
    assert codes({"leavewhenempty": value}) == ["leavewhenempty_counts_paused"]


@pytest.mark.parametrize(("option", "value"), [("joinempty", "yes"), ("leavewhenempty", "no"), ("joinempty", "loose")])
def test_values_that_do_no_harm(option: str, value: str) -> None:
    assert not counts_busy_as_absent(option, value)


def test_ringinuse_and_a_missing_gate() -> None:
    assert codes({"ringinuse": "yes"}) == ["ringinuse_on"]
    assert codes({"membergosub": ""}) == ["gate_missing"]
    assert codes({"setinterfacevar": "no"}) == ["gate_missing"]


def test_a_member_without_a_state() -> None:
    assert codes({}, (member("Local/101@from-queue/n", ""),)) == ["member_without_state"]


def test_a_phone_that_is_a_member_twice() -> None:
    twice = (member("PJSIP/101", "PJSIP/101"), member("Local/101@from-queue/n", "PJSIP/101"))
    assert codes({}, twice) == ["member_twice"]


def test_two_phones_with_agents_of_one_name() -> None:
    assert codes({}, (member("PJSIP/101", "PJSIP/101"), member("PJSIP/102", "PJSIP/102"))) == []


def test_a_member_who_left_is_none() -> None:
    left = replace(member("Local/101@from-queue/n", "PJSIP/101"), gone=True)
    assert codes({}, (member("PJSIP/101", "PJSIP/101"), left)) == []


def test_autofill_left_off() -> None:
    assert [f.code for f in examine({"general": {}, "support": RIGHT}, ())] == ["autofill_off"]


def test_every_finding_says_why_and_what_to_paste() -> None:
    findings = examine({"general": {}, "support": {}}, (member("Local/101@q/n", ""),))
    assert [f.code for f in findings] == ["ringinuse_on", "gate_missing", "autofill_off", "member_without_state"]
    assert all(f.why and f.remedy and f.thing in str(f) for f in findings)
