"""What is counted as it comes and goes is what counting all of it anew would say."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from callcenter.counting import LOST, Came, QueueKey, Tally, Visit
from callcenter.events import QueueResult
from callcenter.supervision.lately import Lately
from tests.spine.story import START

QUEUES: tuple[QueueKey, ...] = (("main", "support"), ("main", "sales"))
RESULTS = (QueueResult.ANSWERED, QueueResult.ABANDONED, *sorted(LOST))
INTERVAL = timedelta(seconds=30)
visits = st.builds(
    lambda queue, late, waited, result, talked: (
        late,
        Visit(queue=queue, left_at=START, waited_s=waited, result=result, talked=talked),
    ),
    st.sampled_from(QUEUES),
    st.integers(0, 8),
    st.integers(0, 40),
    st.sampled_from(RESULTS),
    st.booleans(),
)
steps = st.lists(st.tuples(visits, st.integers(1, 9), st.sampled_from([(20, 5), (20, 5), (10, 0)])), max_size=60)


def seen(tally: Tally) -> tuple[int, ...]:
    return tally.answered, tally.in_time, tally.abandoned, tally.short, tally.lost, tally.left


def anew(kept: list[Visit], queue: QueueKey, measure: tuple[int, int]) -> Tally:
    tally = Tally()
    for visit in (one for one in kept if one.queue == queue):
        tally.count(visit, *measure)
    return tally


@given(steps=steps)
def test_a_look_says_what_counting_anew_would_say(
    steps: list[tuple[tuple[int, Visit], int, tuple[int, int]]],
) -> None:
    lately, told, now = Lately(), list[Visit](), START
    for (late, visit), seconds, measure in steps:
        now += timedelta(seconds=seconds)
        told.append(
            Visit(
                **{name: getattr(visit, name) for name in ("queue", "waited_s", "result", "talked")},
                left_at=now - timedelta(seconds=late),
            )
        )
        lately.count(told[-1])
        since = now - INTERVAL
        found = lately.tallies(since, dict.fromkeys(QUEUES, measure))
        kept = [one for one in told if one.left_at >= since]
        assert {queue: seen(found.get(queue, Tally())) for queue in QUEUES} == {
            queue: seen(anew(kept, queue, measure)) for queue in QUEUES
        }


def test_what_is_too_old_is_let_go_and_the_rest_goes_on_counting() -> None:
    lately, measure = Lately(), dict.fromkeys(QUEUES[:1], (20, 0))
    one = Visit(queue=QUEUES[0], left_at=START, waited_s=3.0, result=QueueResult.ANSWERED, talked=False)
    for second in range(1000):
        at = START + timedelta(seconds=second)
        lately.count(Visit(queue=one.queue, left_at=at, waited_s=3.0, result=one.result, talked=False))
        lately.forget(at - 2 * INTERVAL)
        assert lately.tallies(at - INTERVAL, measure)[one.queue].answered == min(second, 30) + 1


def test_the_same_visit_is_of_one_kind() -> None:
    talked = Visit(queue=QUEUES[0], left_at=START, waited_s=9.0, result=QueueResult.ABANDONED, talked=True)
    assert talked.came is not Came.ABANDONED
    assert Lately([talked]).tallies(START, {QUEUES[0]: (20, 5)})[QUEUES[0]].abandoned == 0
