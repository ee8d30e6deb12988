"""What a PBX wrote of a gap, beside what was heard around it: it changes no call that lies elsewhere, and knows
better what was only concluded."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from callcenter.call import Call
from callcenter.events import CallEvent, Direction, Filled, Gap, GapCause, OfferResult, QueueResult, Via
from callcenter.lifecycle import apply
from tests.spine.story import START, Story, roster


def gap(begun: float, over: float) -> Gap:
    """Seconds from the start."""
    span = {"from_at": START + timedelta(seconds=begun), "to_at": START + timedelta(seconds=over)}
    return Gap(**span, cause=GapCause.LINK_LOST, filled_from="cel")


def written(story: Story, gap: Gap) -> Filled:
    last = story.events[-1]
    return Filled(call=last.call, at=last.at, mono=last.mono, events=tuple(story.events), gap=gap)  # type: ignore[arg-type]


def look(story: Story, seen: Call | None, gap: Gap) -> Call | None:
    return apply(seen, written(story, gap), roster())


def test_a_call_that_came_after_the_gap_and_goes_on_was_heard() -> None:
    story = Story().arrives().joins().rings("101").answers("101")
    seen = story.told(roster())
    assert look(story, seen, gap(-60, 0)) == seen
    assert look(story, None, gap(-60, 0)) is None
    within = look(story, seen, gap(-60, 3))
    assert within is not None
    assert within.gaps == (gap(-60, 3),)


def test_a_call_that_died_with_its_pbx_has_no_part_in_the_gaps_that_follow() -> None:
    story = Story().arrives().joins().rings("101").answers("101").ends(by_customer=False, cause=0, note="pbx_restart")
    own = look(story, None, gap(0, 10))
    assert own is not None
    assert own.gaps == (gap(0, 10),)
    assert look(story, own, gap(20, 30)) == own


def test_a_call_that_ended_unheard_goes_on_until_the_last_the_pbx_wrote_of_it() -> None:
    story = Story().arrives().joins()
    story.ends(by_customer=False, cause=0, note="disconnected")
    seen = story.told()
    assert (seen.result, seen.queues[0].result) == ("missed", None), "nobody knows what became of him"
    so_far = Story().arrives().joins().rings("101").answers("101")
    found = look(so_far, seen, gap(2, 600))
    assert found is not None
    assert (found.result, found.ended_at, found.segments[0].talk_s) == ("answered", so_far.events[-1].at, 0.0)
    assert (found.state, found.segments[0].leg_ended, found.segments[0].outcome_state) == ("ended", True, "owed")
    whole = so_far.leaves(QueueResult.ANSWERED).parts("101").hangs_up("101").ends()
    last = look(whole, found, gap(2, 600))
    assert last is not None
    assert (last.note, last.ended_at, last.segments[0].talk_s) == ("", whole.events[-1].at, 2.0)


def test_who_put_the_customer_on_the_shelf_has_passed_him_on_to_nobody_though_only_the_transfer_was_heard() -> None:
    story = Story().arrives().rings("101").answers("101").is_handed("101", "700")
    seen = story.told()
    found = look(story.is_parked("101").parts("101").hangs_up("101").ends(), seen, gap(5, 60))
    assert found is not None
    assert [(part.handed_to, part.outcome_state) for part in found.segments] == [("", "owed")]


def ended(story: Story) -> Story:
    return story.parts("102").hangs_up("102").ends()


def handed_on(rings: Via, *, heard_from: int = 0) -> Story:
    """A customer of the queue whom Anna sends on to Boris; of what came before ``heard_from`` nothing is told."""
    story = Story().arrives().joins().rings("101").answers("101").leaves(QueueResult.ANSWERED)
    story.is_handed("101", "102").parts("101").hangs_up("101")
    story.rings("102", queue="", via=rings).stops_ringing("102", OfferResult.ANSWERED).talks("102", via=rings)
    story.events = [story.events[0], *story.events[heard_from:]]
    return ended(story)


@pytest.mark.parametrize("guess", [Via.DIRECT, Via.ATTENDED])
def test_who_rang_only_after_the_gap_came_by_the_customer_as_it_is_written(guess: Via) -> None:
    seen = handed_on(guess, heard_from=10).told(roster())
    found = look(handed_on(Via.BLIND), seen, gap(2, 9.5))
    assert found is not None
    parts = {part.device.name: (part.via, part.queue) for part in found.segments}
    assert parts == {"PJSIP/101": ("queue", "support"), "PJSIP/102": ("blind", "")}


def test_who_rang_before_the_gap_came_by_the_customer_as_it_was_heard() -> None:
    seen = handed_on(Via.BLIND).told(roster())
    found = look(handed_on(Via.PICKUP), replace(seen, note="disconnected"), gap(14, 60))
    assert found is not None
    assert [part.via for part in found.segments] == ["queue", "blind"]


def test_records_that_know_of_no_transfer_take_nothing_from_what_was_heard() -> None:
    seen = handed_on(Via.BLIND, heard_from=10).told(roster())
    found = look(handed_on(Via.DIRECT), seen, gap(2, 9.5))
    assert found is not None
    assert {part.device.name: part.via for part in found.segments}["PJSIP/102"] == "blind"


def rang_out(result: OfferResult) -> Story:
    return Story().arrives().rings("101", via=Via.DIRECT).stops_ringing("101", result).ends()


@pytest.mark.parametrize(
    ("heard", "counts"), [(OfferResult.NO_ANSWER, OfferResult.CANCELLED), (OfferResult.REJECTED, OfferResult.REJECTED)]
)
def test_why_a_phone_stopped_ringing_just_after_the_gap_may_be_what_was_in_it(
    heard: OfferResult, counts: OfferResult
) -> None:
    found = look(rang_out(OfferResult.CANCELLED), rang_out(heard).told(roster()), gap(2.5, 2.9))
    assert found is not None
    assert [offer.result for offer in found.segments[0].offers] == [counts]


def test_a_queue_that_is_left_after_the_gap_is_not_left_yet() -> None:
    """A second look at an older gap, while the call goes on."""
    seen = Story().arrives().joins().told(roster())
    whole = Story().arrives().joins()
    whole.seconds = 20
    found = look(whole.leaves(QueueResult.ANSWERED), seen, gap(-60, 1.5))
    assert found is not None
    assert [(visit.left_at, visit.result) for visit in found.queues] == [(None, None)]


def test_who_had_answered_in_the_gap_did_so_then_and_not_when_he_was_heard_again() -> None:
    seen = Story().arrives()
    seen.seconds = 30
    call = seen.talks("101", via=Via.ATTENDED).parts("101").hangs_up("101").ends().told(roster())
    whole = Story().arrives().rings("101", via=Via.DIRECT).answers("101")
    whole.seconds = 31
    found = look(whole.parts("101").hangs_up("101").ends(), call, gap(1.5, 20))
    assert found is not None
    assert (found.segments[0].via, found.segments[0].talk_s) == ("direct", 28.0)


def test_what_recorded_an_outgoing_call_may_have_begun_before_the_customer_was_called() -> None:
    seen = Story().arrives(Direction.OUTBOUND).talks("101", via=Via.OUTBOUND).parts("101").hangs_up("101").ends()
    whole = replace_first(seen.events, Story().arrives(Direction.OUTBOUND).is_recorded("/spool/1.wav").events)
    found = look(whole, seen.told(roster()), gap(-3, 0.5))
    assert found is not None
    assert found.recordings == ("/spool/1.wav",)


def replace_first(events: list[CallEvent], by: list[CallEvent]) -> Story:
    return Story(events=[*by, *events[1:]])
