"""The marks of a test call: certain, and never on anything else."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from callcenter import rehearsal
from callcenter.rehearsal import Names
from callcenter.rehearsing import orders, steps
from callcenter.rehearsing.entry import Entry
from callcenter.rehearsing.remedies import REMEDIES, remedy
from callcenter.rehearsing.steps import StepName, StepState
from callcenter.roster import Device, Roster

NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)
ANNA = UUID("019ad0c5-0000-7000-8000-00000000aaaa")
LONGEST_NAME = 79
"""Asterisk keeps a member's interface in 80 bytes."""


def names(phone: str = "") -> Names:
    return Names(token="0a1b2c3d4e", agent=ANNA, phone=phone)


def test_the_member_says_who_answers_for_it() -> None:
    device = Device(pbx="main", name=names().device)
    assert Roster().agent_at(device, NOW) == ANNA
    assert rehearsal.is_device(f"{names().device}-00000001;1")
    assert not rehearsal.is_device(f"{names().device}-00000001;2")
    assert len(names().member) <= LONGEST_NAME


def test_a_member_that_rings_a_phone_is_no_phone_itself() -> None:
    member = names("PJSIP/101")
    assert rehearsal.is_member(member.member)
    assert not rehearsal.is_device(f"{member.device}-00000001;1")
    assert "__CC_PHONE=PJSIP/101" in orders.call(member, Entry(did="7001", context="c"), 60)["Variable"]


def test_neither_end_of_the_call_has_a_name_that_begins_with_the_others() -> None:
    assert rehearsal.is_customer(names().customer)
    assert not rehearsal.is_customer(names().far_end)
    assert not names().far_end.startswith(names().customer)


@given(st.one_of(st.from_regex(r"\A[0-9]{10}\.[0-9]{1,6}\Z"), st.text(max_size=60)))
def test_no_other_channel_is_taken_for_a_test(uniqueid: str) -> None:
    assert not rehearsal.is_customer(uniqueid)
    assert not rehearsal.is_member(uniqueid)


def test_what_was_not_come_to_is_not_said_to_be_well() -> None:
    report = steps.Report(id=ANNA, pbx="main", queue="support", by="admin", agent="", started_at=NOW)
    report = steps.told(report, steps.Step(name=StepName.READY, state=StepState.FAILED, code="entry_unknown"))
    over = steps.ended(report, NOW)
    assert (over.ok, {step.state for step in over.steps[1:]}) == (False, {StepState.SKIPPED})


def test_every_remedy_can_be_told() -> None:
    facts = dict.fromkeys(("queue", "did", "context", "holder", "member", "path", "lack"), "x")
    assert all(remedy(code, **facts) for code in REMEDIES)
