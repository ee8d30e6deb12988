"""Who owes for a call: the policy by examples, and what holds of any talk whatever."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from callcenter.call import Call, OutcomeState, Role, Segment
from callcenter.events import Via
from callcenter.ids import new_id
from callcenter.owing import judged, successor
from callcenter.roster import AgentId
from tests.spine.story import ANNA, BORIS, START, Story, device

PEOPLE = (ANNA, BORIS, new_id())
NONE, OWED, DRAFT = OutcomeState.NONE, OutcomeState.OWED, OutcomeState.DRAFT


def part(seq: int, agent: AgentId | None, start: float, end: float | None, handed_to: str = "") -> Segment:
    """A talk from second ``start`` to ``end``, None while it lasts."""
    number = str(101 + (PEOPLE.index(agent) if agent else 8))
    return Segment(
        seq=seq,
        agent=agent,
        extension=number,
        device=device(number),
        leg=f"leg{seq}",
        role=Role.OWNER,
        via=Via.DIRECT,
        answered_at=START + timedelta(seconds=start),
        ended_at=None if end is None else START + timedelta(seconds=end),
        talking=end is None,
        handed_to=handed_to,
    )


def call(*parts: Segment) -> Call:
    arrived = Story().arrives().told()
    return judged(replace(arrived, segments=parts))


def states(found: Call) -> list[OutcomeState]:
    return [segment.outcome_state for segment in found.segments]


def test_who_talks_alone_owes_the_full_form() -> None:
    assert states(call(part(0, ANNA, 0, None))) == [OWED]
    assert states(call(part(0, ANNA, 0, 0.2))) == [OWED]


def test_a_customer_passed_on_is_drafted_for_the_first_and_owed_by_the_last() -> None:
    passed = call(part(0, ANNA, 0, 10), part(1, BORIS, 12, 20))
    assert states(passed) == [DRAFT, OWED]
    assert successor(passed, passed.segments[0]) == passed.segments[1]
    assert successor(passed, passed.segments[1]) is None


def test_a_transfer_nobody_answered_is_a_draft() -> None:
    assert states(call(part(0, ANNA, 0, 10, handed_to="7002"))) == [DRAFT]


def test_who_has_the_customer_back_owes_the_full_form() -> None:
    back = call(part(0, ANNA, 0, 10, handed_to="102"), part(1, BORIS, 12, 20), part(2, ANNA, 21, 30))
    assert states(back) == [OWED, DRAFT, OWED]


def test_the_order_within_a_moment_is_no_matter() -> None:
    before = call(part(0, ANNA, 0, 10), part(1, BORIS, 10.01, 20))
    after = call(part(0, ANNA, 0, 10), part(1, BORIS, 9.99, 20))
    assert states(before) == states(after) == [DRAFT, OWED]


def test_who_comes_to_a_talk_assists_until_he_has_the_customer_to_himself() -> None:
    barge = call(part(0, ANNA, 0, None), part(1, BORIS, 5, None))
    assert (states(barge), barge.segments[1].role) == ([OWED, NONE], Role.ASSIST)
    left = call(part(0, ANNA, 0, 20), part(1, BORIS, 5, 10))
    assert (states(left), left.segments[1].role) == ([OWED, NONE], Role.ASSIST)
    alone = call(part(0, ANNA, 0, 10), part(1, BORIS, 5, None))
    assert (states(alone), alone.segments[1].role) == ([DRAFT, OWED], Role.OWNER)


def test_who_is_hung_up_on_last_by_a_hair_has_not_had_the_customer_to_himself() -> None:
    assert states(call(part(0, ANNA, 0, 20), part(1, BORIS, 5, 20.004))) == [OWED, NONE]


def test_a_talk_of_unknown_length_is_owed_for() -> None:
    assert states(call(part(0, BORIS, 0, None), part(1, ANNA, 5, 5))) == [OWED, DRAFT]


def test_what_is_settled_stays_so() -> None:
    logged = replace(part(0, ANNA, 0, 10), outcome_state=OutcomeState.LOGGED)
    assert states(call(logged, part(1, BORIS, 12, 20))) == [OutcomeState.LOGGED, OWED]


@st.composite
def talks(draw: st.DrawFn) -> list[Segment]:
    found = []
    for seq in range(draw(st.integers(1, 6))):
        start = draw(st.floats(0, 100))
        length = draw(st.one_of(st.none(), st.floats(-9, 50)))
        end = None if length is None else start + length
        found.append(part(seq, draw(st.sampled_from(PEOPLE)), start, end, draw(st.sampled_from(["", "", "7002"]))))
    return found


@given(parts=talks())
def test_every_talk_has_an_owner_and_every_owner_a_debt(parts: list[Segment]) -> None:
    found = call(*parts)
    for segment in found.segments:
        assert (segment.role is Role.OWNER) == (segment.outcome_state in (OWED, DRAFT))
    assert any(segment.role is Role.OWNER for segment in found.segments)
    assert judged(found) == found


@given(parts=talks())
def test_unless_he_was_passed_on_the_last_to_talk_owes_the_full_form(parts: list[Segment]) -> None:
    kept = [replace(part, handed_to="") for part in parts]
    found = call(*kept)
    owners = [s for s in found.segments if s.role is Role.OWNER]
    end = max((s.ended_at is None, s.ended_at) for s in owners)
    (agent,) = {s.agent for s in owners if s.outcome_state is OWED}
    assert agent in {s.agent for s in owners if (s.ended_at is None, s.ended_at) == end}
    assert all(s.outcome_state is OWED for s in owners if s.agent == agent)


@given(parts=talks())
def test_parts_of_one_agent_are_one_debt(parts: list[Segment]) -> None:
    owed = {(s.agent, s.outcome_state) for s in call(*parts).segments if s.role is Role.OWNER}
    assert len({agent for agent, _ in owed}) == len(owed)
