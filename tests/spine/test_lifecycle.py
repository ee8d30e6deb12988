"""What is concluded of a call, whatever the order within a moment."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from callcenter.call import OutcomeState, Result, Role, State
from callcenter.decision_events import OutcomeLogged, OutcomeWaived
from callcenter.events import CallEvent, Direction, OfferResult, QueueResult, Via
from callcenter.ids import new_id
from callcenter.lifecycle import apply
from callcenter.roster import Roster
from tests.spine.story import ANNA, BORIS, Story, answered, roster


def test_an_answered_queue_call_owes_one_outcome_to_who_talked() -> None:
    call = answered("101").told()
    (segment,) = call.segments
    assert (call.state, call.result) == (State.ENDED, Result.ANSWERED)
    assert (segment.agent, segment.role, segment.outcome_state) == (ANNA, Role.OWNER, OutcomeState.OWED)
    assert segment.talk_s == 2.0
    assert segment.leg_ended
    assert not call.settled


def test_the_loser_of_a_ringall_owes_nothing() -> None:
    story = Story().arrives().joins("sales").rings("101").rings("102").answers("102")
    call = story.stops_ringing("101", OfferResult.ANSWERED_ELSEWHERE).told()
    anna, boris = call.segments
    assert (anna.agent, anna.outcome_state, anna.ringing) == (ANNA, OutcomeState.NONE, False)
    assert (boris.agent, boris.outcome_state) == (BORIS, OutcomeState.OWED)


def test_retry_rounds_are_offers_of_one_segment() -> None:
    story = Story().arrives().joins().rings("101", "a").stops_ringing("101", OfferResult.NO_ANSWER, "a")
    call = story.rings("101", "b").told()
    (segment,) = call.segments
    assert [offer.result for offer in segment.offers] == [OfferResult.NO_ANSWER, None]
    assert call.state is State.RINGING


def test_who_refused_a_queues_call_and_is_then_handed_the_customer_has_a_part_for_each() -> None:
    story = Story().arrives().joins().rings("102", "a").stops_ringing("102", OfferResult.REJECTED, "a")
    story.rings("101").answers("101").hangs_up("101").rings("102", "b", via=Via.BLIND).answers("102", "b")
    refused, anna, handed = story.told().segments
    assert (refused.agent, refused.via, refused.answered_at) == (BORIS, Via.QUEUE, None)
    assert (anna.agent, handed.agent, handed.via) == (ANNA, BORIS, Via.BLIND)


def test_a_phone_that_rings_for_two_reasons_at_once_is_one_part() -> None:
    story = Story().arrives().joins().rings("102", "a").rings("102", "b", via=Via.BLIND)
    (segment,) = story.told().segments
    assert [offer.leg for offer in segment.offers] == ["a", "b"]


def test_a_return_after_leaving_is_a_new_segment_and_still_one_debt_each() -> None:
    story = Story().arrives().rings("101", "a").answers("101", "a").parts("101", "a").hangs_up("101", "a")
    call = story.rings("101", "b").answers("101", "b").told()
    assert [segment.seq for segment in call.segments] == [0, 1]
    assert all(segment.outcome_state is OutcomeState.OWED for segment in call.segments)


def test_one_outcome_settles_all_parts_of_its_agent_and_nobody_elses() -> None:
    story = Story().arrives().rings("101", "a").answers("101", "a").hangs_up("101", "a")
    story.rings("102", "b").answers("102", "b").hangs_up("102", "b").rings("101", "c").answers("101", "c")
    call = story.hangs_up("101", "c").ends().told()
    logged = apply(call, outcome(story, 2), roster())
    assert logged is not None
    states = [segment.outcome_state for segment in logged.segments]
    assert states == [OutcomeState.LOGGED, OutcomeState.DRAFT, OutcomeState.LOGGED]


def test_abandoned_only_when_the_customer_gave_up() -> None:
    waiting = Story().arrives().joins()
    assert replace_end(waiting, by_customer=True) is Result.ABANDONED
    assert replace_end(waiting, by_customer=False) is Result.MISSED


def test_an_open_visit_is_closed_by_the_end() -> None:
    call = Story().arrives().joins().ends().told()
    assert [visit.result for visit in call.queues] == [QueueResult.ABANDONED]


def test_busy_and_unknown_numbers_of_outbound_calls() -> None:
    assert Story().arrives(Direction.OUTBOUND).ends(cause=17).told().result is Result.BUSY
    assert Story().arrives(Direction.OUTBOUND).ends(cause=1).told().result is Result.FAILED


def test_hold_is_no_talk() -> None:
    story = Story().arrives().rings("101").answers("101").holds("101")
    assert story.told().state is State.HELD
    call = story.resumes("101").parts("101").told()
    assert (call.segments[0].hold_s, call.segments[0].talk_s) == (1.0, 2.0)


def test_an_unowned_device_owes_nothing_and_is_kept() -> None:
    call = answered("101").told(Roster())
    assert [(s.agent, s.outcome_state, s.device.name) for s in call.segments] == [
        (None, OutcomeState.NONE, "PJSIP/101")
    ]


def test_a_waived_debt_is_settled() -> None:
    story = answered("101")
    call = story.told()
    waiver = OutcomeWaived(call=call.key, at=story.events[-1].at, mono=9.0, segment=0, by=BORIS, reason="wrong desk")
    waived = apply(call, waiver, roster())
    assert waived is not None
    assert (waived.segments[0].outcome_state, waived.settled) == (OutcomeState.WAIVED, True)


def test_events_of_an_unknown_call_change_nothing() -> None:
    assert apply(None, Story().joins().events[0], roster()) is None


def test_a_call_that_ended_while_we_were_away_frees_the_legs() -> None:
    call = Story().arrives().rings("101").answers("101").ends(note="disconnected").told()
    assert call.segments[0].leg_ended
    assert call.segments[0].outcome_state is OutcomeState.OWED


@given(st.data())
def test_lost_doubled_and_shuffled_events_never_lose_a_debt(data: st.DataObject) -> None:
    """Whatever is lost or comes twice: an answered part of a known agent is owed for."""
    story = Story().arrives().joins().rings("101").rings("102").answers("102")
    story.stops_ringing("101", OfferResult.ANSWERED_ELSEWHERE).leaves(QueueResult.ANSWERED)
    story.parts("102").hangs_up("102").ends()
    first, *rest = story.events
    picked = data.draw(st.lists(st.sampled_from(rest), max_size=20))
    call = None
    for event in (first, *picked):
        call = apply(call, event, roster())
    assert call is not None
    assert all(s.outcome_state is OutcomeState.OWED for s in call.segments if s.answered_at and s.agent)


def outcome(story: Story, segment: int) -> CallEvent:
    last = story.events[-1]
    return OutcomeLogged(
        call=last.call, at=last.at, mono=last.mono, segment=segment, outcome=new_id(), by=ANNA, comment=""
    )


def replace_end(story: Story, *, by_customer: bool) -> Result | None:
    return replace(story, events=list(story.events)).ends(by_customer=by_customer).told().result
