"""A gap that is looked at again marks and changes no call that lies beside it."""

from __future__ import annotations

from datetime import timedelta

from callcenter.call import Call
from callcenter.events import Filled, Gap, GapCause, QueueResult
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
