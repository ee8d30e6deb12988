"""Who owes, told as events: in any order within a moment, with parts lost, and with rules for short calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.call import Call, OutcomeState, Role, in_order
from callcenter.decision_events import OutcomeLogged
from callcenter.events import (
    Arrived,
    CallEvent,
    CallKey,
    Direction,
    Ended,
    HandedOver,
    Joined,
    Left,
    LegEnded,
    Offered,
    Parked,
    QueueResult,
    Via,
)
from callcenter.ids import new_id
from callcenter.lifecycle import apply
from callcenter.owing import MOMENT
from callcenter.roster import AgentId, Roster
from callcenter.terms import OutcomeRules, Terms, Then
from tests.spine.story import ANNA, BORIS, START, Story, device, roster

CLARA = new_id()
HOUSE = roster({"101": ANNA, "102": BORIS, "103": CLARA})
NONE, OWED, DRAFT = OutcomeState.NONE, OutcomeState.OWED, OutcomeState.DRAFT
KEY = CallKey(pbx="main", uniqueid="1.1")


def tell(events: Sequence[CallEvent], desks: Roster = HOUSE, rules: OutcomeRules | None = None) -> Call:
    call: Call | None = None
    for event in events:
        call = apply(call, event, desks, rules) if rules else apply(call, event, desks)
    assert call is not None
    return call


def owed(call: Call) -> dict[AgentId | None, OutcomeState]:
    """What each agent's last part as an owner of the talk owes; nothing where he only assisted."""
    return {s.agent: s.outcome_state for s in call.segments if s.answered_at and s.role is Role.OWNER}


def handed(story: Story, leg: str, to: str, via: Via = Via.BLIND) -> Story:
    return story._add(HandedOver, leg=leg, via=via, to=to)


def test_a_blind_transfer_drafts_at_once_and_the_next_owes() -> None:
    story = handed(Story().arrives().rings("101").answers("101"), "101", "102").hangs_up("101")
    assert owed(story.told(HOUSE)) == {ANNA: DRAFT}
    assert owed(story.rings("102").answers("102").hangs_up("102").ends().told(HOUSE)) == {ANNA: DRAFT, BORIS: OWED}


def test_a_redirect_that_nobody_tells_of_drafts_once_somebody_else_has_him() -> None:
    story = Story().arrives().rings("101").answers("101").parts("101").hangs_up("101")
    assert owed(story.told(HOUSE)) == {ANNA: OWED}
    assert owed(story.rings("102").answers("102").told(HOUSE)) == {ANNA: DRAFT, BORIS: OWED}


def test_a_customer_nobody_took_is_owed_for_in_full_by_who_passed_him_on() -> None:
    story = handed(Story().arrives().rings("101").answers("101"), "101", "7002").hangs_up("101")
    waiting = story.joins("sales")
    assert owed(waiting.told(HOUSE)) == {ANNA: DRAFT}
    assert owed(waiting.leaves(QueueResult.ABANDONED, "sales").ends().told(HOUSE)) == {ANNA: OWED}


def test_a_customer_passed_on_out_of_the_house_is_a_draft_for_good() -> None:
    story = handed(Story().arrives().rings("101").answers("101"), "101", "+79160000000").hangs_up("101")
    assert owed(story.ends().told(HOUSE)) == {ANNA: DRAFT}


def test_who_confirmed_and_has_him_back_owes_again() -> None:
    story = handed(Story().arrives().rings("101", "a").answers("101", "a"), "a", "102").hangs_up("101", "a")
    call = apply(story.told(HOUSE), logged(0), HOUSE)
    assert call is not None
    for event in Story(seconds=story.seconds).rings("101", "b").talks("101", "b", Via.RETURN).events:
        call = apply(call, replace(event, call=call.key), HOUSE)
        assert call is not None
    assert [s.outcome_state for s in call.segments] == [OutcomeState.LOGGED, OWED]


def test_a_transfer_that_came_to_nothing_on_the_same_line_asks_again() -> None:
    story = handed(Story().arrives().rings("101").answers("101"), "101", "102").parts("101")
    call = apply(story.told(HOUSE), logged(0), HOUSE)
    assert call is not None
    again = apply(call, replace(Story(seconds=story.seconds).talks("101").events[0], call=call.key), HOUSE)
    assert again is not None
    assert owed(again) == {ANNA: OWED}


def test_who_parked_him_owes_until_somebody_fetched_him() -> None:
    story = handed(Story().arrives().rings("101").answers("101"), "101", "700")._add(Parked, leg="101", space="701")
    assert owed(story.hangs_up("101").told(HOUSE)) == {ANNA: OWED}
    assert owed(story.talks("102", via=Via.PARK).told(HOUSE)) == {ANNA: DRAFT, BORIS: OWED}


def test_a_talk_told_after_the_end_is_over_and_owed_for() -> None:
    call = Story().arrives().rings("101").ends().talks("101").told(HOUSE)
    assert owed(call) == {ANNA: OWED}
    assert not call.segments[0].talking


RULES = OutcomeRules(
    queues={
        ("main", "support"): Terms(under_s=5, then=Then.AUTOMATIC),
        ("main", "sales"): Terms(under_s=5, then=Then.NOTHING),
    },
    direct=Terms(under_s=30, then=Then.NOTHING),
    outbound=Terms(under_s=5, then=Then.AUTOMATIC),
    short=new_id(),
)


def talk(queue: str, seconds: int, direction: Direction = Direction.INBOUND) -> Story:
    story = Story().arrives(direction).rings("101", queue=queue).answers("101")
    story.seconds += seconds - 1
    return story


@pytest.mark.parametrize(
    ("queue", "seconds", "state"),
    [
        ("support", 4, OutcomeState.AUTOMATIC),
        ("support", 5, OWED),
        ("sales", 4, OutcomeState.WAIVED),
        ("", 29, OutcomeState.WAIVED),
        ("", 30, OWED),
        ("billing", 1, OWED),
    ],
)
def test_a_short_talk_owes_what_the_rule_of_its_queue_says(queue: str, seconds: int, state: OutcomeState) -> None:
    story = talk(queue, seconds)
    assert owed(tell(story.events, rules=RULES)) == {ANNA: OWED}
    (segment,) = tell(story.hangs_up("101").ends().events, rules=RULES).segments
    assert segment.outcome_state is state
    assert (segment.outcome == RULES.short) == (state is OutcomeState.AUTOMATIC)


def test_outgoing_calls_have_a_rule_of_their_own() -> None:
    story = talk("", 4, Direction.OUTBOUND).hangs_up("101").ends()
    assert owed(tell(story.events, rules=RULES)) == {ANNA: OutcomeState.AUTOMATIC}


def test_nothing_is_short_before_it_is_over() -> None:
    story = talk("support", 2).parts("101")
    assert owed(tell(story.events, rules=RULES)) == {ANNA: OWED}
    assert owed(tell(story.talks("101").events, rules=RULES)) == {ANNA: OWED}


def test_short_is_what_all_parts_of_an_agent_come_to() -> None:
    story = talk("support", 4).hangs_up("101").rings("101", "b").answers("101", "b")
    story.seconds += 3
    call = tell(story.hangs_up("101", "b").ends().events, rules=RULES)
    assert [s.outcome_state for s in call.segments] == [OutcomeState.AUTOMATIC, OWED]


def test_a_talk_of_which_only_the_debt_is_left_is_not_short() -> None:
    at = {"call": KEY, "at": START, "mono": 0.0}
    where = {"leg": "owed", "device": device("101")}
    words = {"number_raw": "1", "name": "", "did": "", "trunk": "", "region": "RU", "direction": Direction.INBOUND}
    events: list[CallEvent] = [Arrived(**at, **words), Joined(**at, **where, via=Via.DIRECT), LegEnded(**at, **where)]  # type: ignore[arg-type]
    assert owed(tell(events, rules=RULES)) == {ANNA: OWED}


def logged(segment: int) -> CallEvent:
    at = START + timedelta(minutes=5)
    key = Story().arrives().events[0].call
    return OutcomeLogged(call=key, at=at, mono=9.0, segment=segment, outcome=new_id(), by=ANNA, comment="")


@dataclass(frozen=True, slots=True)
class Stay:
    """One leg's stay with the customer, in moments; ``handed`` says that its end is told as a transfer."""

    number: str
    since: int
    until: int
    handed: bool


@st.composite
def stays(draw: st.DrawFn) -> list[Stay]:
    found = []
    for _ in range(draw(st.integers(1, 5))):
        since = draw(st.integers(1, 8))
        until = draw(st.integers(since + 1, 10))
        found.append(Stay(draw(st.sampled_from(["101", "102", "103", "109"])), since, until, draw(st.booleans())))
    return found


def moments(found: Sequence[Stay]) -> list[list[list[CallEvent]]]:
    """The events of each moment, those of one leg together and in order. Nobody sits at 109."""
    told: list[list[list[CallEvent]]] = [[] for _ in range(12)]
    for place, stay in enumerate(found):
        at = {"call": KEY, "mono": 0.0, "leg": f"leg{place}"}
        where = {**at, "device": device(stay.number)}
        begin, end = (START + timedelta(seconds=3 * moment) for moment in (stay.since, stay.until))
        told[stay.since].append([Joined(**where, at=begin, via=Via.DIRECT)])  # type: ignore[arg-type]
        passed: list[CallEvent] = [HandedOver(**at, at=end, via=Via.BLIND, to="7002")] if stay.handed else []  # type: ignore[arg-type]
        gone: list[CallEvent] = [Left(**where, at=end), LegEnded(**where, at=end)]  # type: ignore[arg-type]
        told[stay.until].append([*passed, *gone])
    last = START + timedelta(seconds=33)
    told[11].append([Ended(call=KEY, at=last, mono=0.0, cause=16, by_customer=True)])
    return told


def arrival() -> CallEvent:
    words = {"number_raw": "1", "name": "", "did": "", "trunk": "", "region": "RU", "direction": Direction.INBOUND}
    return Arrived(call=KEY, at=START, mono=0.0, **words)  # type: ignore[arg-type]


def ticking(moment: list[list[CallEvent]]) -> list[CallEvent]:
    """One after the other, some milliseconds apart."""
    events = [event for leg in moment for event in leg]
    return [replace(event, at=event.at + timedelta(milliseconds=5 * n)) for n, event in enumerate(events)]


@given(found=stays(), data=st.data())
def test_the_order_within_a_moment_changes_nothing(found: list[Stay], data: st.DataObject) -> None:
    told = moments(found)
    one = tell([arrival(), *(event for moment in told for event in ticking(moment))])
    shuffled = [data.draw(st.permutations(moment)) for moment in told]
    other = tell([arrival(), *(event for moment in shuffled for event in ticking(moment))])
    assert {s.leg: (s.role, s.outcome_state) for s in one.segments} == {
        s.leg: (s.role, s.outcome_state) for s in other.segments
    }


@given(found=stays(), data=st.data())
def test_whatever_is_told_and_lost_one_full_debt_at_most_and_a_state_for_every_owner(
    found: list[Stay], data: st.DataObject
) -> None:
    whole = [event for moment in moments(found) for event in ticking(moment)]
    kept = data.draw(st.lists(st.sampled_from(whole), max_size=30))
    call = tell([arrival(), *kept])
    owners = [s for s in call.segments if s.answered_at and s.role is Role.OWNER and s.agent]
    assert all(s.outcome_state in (OWED, DRAFT) for s in owners)
    assert all(s.outcome_state is NONE for s in call.segments if s not in owners)
    assert len({s.agent for s in owners if s.outcome_state is OWED}) <= 1
    assert len({(s.agent, s.outcome_state) for s in owners}) == len({s.agent for s in owners})


@given(found=stays())
def test_the_last_who_talked_owes_the_full_form_unless_he_passed_him_on(found: list[Stay]) -> None:
    call = tell([arrival(), *(event for moment in moments(found) for event in ticking(moment))])
    owners = [s for s in call.segments if s.answered_at and s.role is Role.OWNER]
    last = max(owners, key=lambda s: (s.ended_at, s.answered_at, s.seq))
    full = {s.agent for s in owners if s.outcome_state is OWED}
    end = last.ended_at or START
    at_last = [s for s in owners if s.agent == last.agent and s.ended_at and s.ended_at + MOMENT > end]
    passed_on = any(s.handed_to for s in at_last)
    assert full == ({last.agent} if last.agent and not passed_on else set())


def test_who_is_rung_or_asked_in_vain_owes_nothing() -> None:
    story = Story().arrives().rings("101").answers("101")._add(Offered, leg="c", device=device("103"), via=Via.ATTENDED)
    call = story.hangs_up("101").ends().told(HOUSE)
    assert [(s.agent, s.outcome_state) for s in call.segments] == [(ANNA, OWED), (CLARA, NONE)]


def test_who_passed_the_customer_on_goes_on_owing_though_the_clock_was_put_back_meanwhile() -> None:
    story = Story().arrives().rings("101").answers("101").is_handed("101", "102").parts("101")
    story.seconds -= 30
    story.rings("102", via=Via.BLIND).answers("102").hangs_up("101")
    call: Call | None = None
    for event in story.events:
        call = apply(call, in_order(call, event), roster())
    assert call is not None
    assert [(part.role, part.outcome_state) for part in call.segments] == [("owner", "draft"), ("owner", "owed")]
