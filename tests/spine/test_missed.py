"""Who was missed, call by call."""

from __future__ import annotations

import pytest

from callcenter.events import Direction, OfferResult, QueueResult, Via
from callcenter.missed import missed
from tests.spine.story import ANNA, BORIS, Story, answered


def waited() -> Story:
    return Story().arrives().joins("sales")


def test_who_hangs_up_waiting_is_missed_by_the_queue_from_the_moment_he_left() -> None:
    call = waited().leaves(QueueResult.ABANDONED, "sales").ends().told()
    found = missed(call)
    assert found is not None
    assert (found.queue, found.agent, found.at, found.place) == ("sales", None, call.ended_at, "queue|main|sales")


def test_who_waited_in_two_queues_is_missed_by_the_last() -> None:
    found = missed(waited().leaves(QueueResult.TIMEOUT, "sales").joins("support").ends(by_customer=False).told())
    assert found is not None
    assert found.queue == "support"


@pytest.mark.parametrize(("desk", "agent"), [("101", ANNA), ("102", BORIS)])
def test_a_direct_call_is_missed_by_whose_phone_rang(desk: str, agent: object) -> None:
    call = Story().arrives().rings(desk, queue="").stops_ringing(desk, OfferResult.NO_ANSWER).ends().told()
    found = missed(call)
    assert found is not None
    assert (found.queue, found.extension, found.agent, found.place) == ("", desk, agent, f"agent|{agent}")


def test_who_rang_nobody_is_missed_at_the_number_he_dialled() -> None:
    found = missed(Story().arrives().ends().told())
    assert found is not None
    assert found.place == "did|main|7001"


def test_an_answered_call_is_no_miss_whoever_else_rang() -> None:
    everybody = waited().rings("101").rings("102").answers("101").leaves(QueueResult.ANSWERED, "sales")
    assert missed(everybody.stops_ringing("102", OfferResult.ANSWERED_ELSEWHERE).hangs_up("101").ends().told()) is None


def test_who_is_handed_to_a_queue_and_leaves_it_is_missed_there_although_he_talked() -> None:
    handed = Story().arrives().rings("101").answers("101").parts("101").hangs_up("101").joins("sales")
    found = missed(handed.leaves(QueueResult.ABANDONED, "sales").ends().told())
    assert found is not None
    assert found.queue == "sales"


def test_who_is_handed_to_a_colleague_who_does_not_answer_is_missed_by_him() -> None:
    handed = Story().arrives().rings("101").answers("101").parts("101").hangs_up("101").rings("102", queue="")
    found = missed(handed.stops_ringing("102", OfferResult.NO_ANSWER).ends(by_customer=False).told())
    assert found is not None
    assert found.agent == BORIS


def handed_on() -> Story:
    return Story().arrives().rings("101").answers("101").is_handed("101", "103").parts("101").hangs_up("101")


def test_who_is_handed_on_and_gone_before_anybody_rang_is_missed_by_whom_he_talked_with() -> None:
    at_once = handed_on()
    at_once.seconds -= 2
    lost = at_once.ends().told()
    found = missed(lost)
    assert found is not None
    assert (found.agent, found.place) == (ANNA, f"agent|{ANNA}")
    assert [s.outcome_state for s in lost.segments] == ["owed"]


def test_who_is_handed_to_somebody_outside_and_talks_there_is_no_miss() -> None:
    sent_away = handed_on().ends().told()
    assert missed(sent_away) is None
    assert [s.outcome_state for s in sent_away.segments] == ["draft"]


def test_who_gives_up_on_the_shelf_is_missed_by_who_put_him_there() -> None:
    shelved = Story().arrives().rings("101").answers("101").is_parked("101").parts("101").hangs_up("101")
    fetched = Story(events=list(shelved.events), seconds=shelved.seconds).talks("102", via=Via.PARK).parts("102")
    found = missed(shelved.ends().told())
    assert found is not None
    assert found.agent == ANNA
    assert missed(fetched.hangs_up("102").ends().told()) is None


@pytest.mark.parametrize("result", [OfferResult.REJECTED, OfferResult.ANSWERED_ELSEWHERE])
def test_a_talk_of_a_moment_is_no_miss_of_those_whose_phones_rang_with_it(result: OfferResult) -> None:
    story = waited().rings("101").rings("102").stops_ringing("102", result)
    story.seconds -= 1
    story.answers("101").leaves(QueueResult.ANSWERED, "sales")
    story.seconds -= 2
    assert missed(story.parts("101").hangs_up("101").ends().told()) is None


def test_a_group_of_which_somebody_elsewhere_took_him_has_not_missed_him() -> None:
    handed = Story().arrives().rings("101").answers("101").parts("101").hangs_up("101").rings("102", queue="")
    assert missed(handed.stops_ringing("102", OfferResult.ANSWERED_ELSEWHERE).ends().told()) is None


def test_calls_that_go_on_or_went_out_are_no_misses() -> None:
    assert missed(waited().told()) is None
    assert missed(Story().arrives(Direction.OUTBOUND).ends(cause=17).told()) is None
    assert missed(answered().told()) is None
