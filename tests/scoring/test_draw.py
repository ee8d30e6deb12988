"""Lots: the same again, fair, and as many as are wanted."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.scoring.draw import draw, last_week, span

BAKU = ZoneInfo("Asia/Baku")


def anything(_talk: UUID) -> bool:
    return True


@given(st.lists(st.uuids(), unique=True, max_size=40), st.integers(1, 10), st.text(max_size=8), st.randoms())
def test_a_lot_is_the_same_again_whatever_the_order(
    talks: list[UUID], wanted: int, seed: str, order: random.Random
) -> None:
    drawn = draw(seed, talks, wanted, anything)
    order.shuffle(talks)
    assert draw(seed, talks, wanted, anything) == drawn
    assert len(drawn) == len(set(drawn)) == min(wanted, len(talks))
    assert set(drawn) <= set(talks)


@given(st.lists(st.uuids(), unique=True, max_size=40), st.integers(1, 10))
def test_what_does_not_fit_leaves_its_place_to_the_next(talks: list[UUID], wanted: int) -> None:
    even = {talk for talk in talks if talk.int % 2 == 0}
    drawn = draw("seed", talks, wanted, lambda talk: talk in even)
    assert drawn == draw("seed", even, wanted, anything)


def test_every_talk_has_the_same_chance() -> None:
    """2 of 10 over 3,000 seeds: each about 600 times (σ ≈ 22)."""
    talks = [UUID(int=n) for n in range(10)]
    counts = Counter(one for seed in range(3000) for one in draw(str(seed), talks, 2, anything))
    assert all(abs(counts[talk] - 600) < 110 for talk in talks)


@pytest.mark.parametrize(
    ("now", "week"),
    [
        (datetime(2026, 11, 29, 22, 59, tzinfo=UTC), date(2026, 11, 16)),
        (datetime(2026, 11, 29, 23, 0, tzinfo=UTC), date(2026, 11, 23)),
        (datetime(2026, 12, 6, 12, 0, tzinfo=UTC), date(2026, 11, 23)),
    ],
)
def test_a_week_is_drawn_when_it_is_over_and_settled(now: datetime, week: date) -> None:
    """Sunday midnight in Baku is 20:00 UTC; three hours later recordings are stored and heard."""
    assert last_week(now, BAKU) == week


def test_a_week_begins_on_monday_at_the_call_center() -> None:
    found = span(date(2026, 11, 23), BAKU)
    assert (found.start, found.end) == (
        datetime(2026, 11, 22, 20, tzinfo=UTC),
        datetime(2026, 11, 29, 20, tzinfo=UTC),
    )
