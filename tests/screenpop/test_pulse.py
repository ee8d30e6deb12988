"""What everybody's light says of the PBXs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from callcenter.health import Part
from callcenter.screenpop.pulse import fold
from callcenter.screenpop.shown import HealthView

NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)
WELL = Part(ok=True, since=NOW)


def ill(code: str) -> Part:
    return Part(ok=False, since=NOW + timedelta(minutes=1), code=code, remedy="mend it")


def test_that_pops_come_late_is_told_of_the_pbx_it_is_true_of_until_it_is_over() -> None:
    view = HealthView()
    for name in ("pbx:main", "pbx:branch"):
        view = fold(view, name, WELL)
    late = fold(view, "events:main", ill("events_late"))
    assert [(line.name, line.up, line.doubt) for line in late.pbx] == [
        ("branch", True, None),
        ("main", True, "events_late"),
    ]
    assert late.pbx[1].doubt_since == NOW + timedelta(minutes=1)
    assert fold(late, "events:main", WELL) == view


def test_a_link_that_breaks_meanwhile_forgets_no_doubt_and_agents_hear_of_no_clock() -> None:
    view = fold(HealthView(), "pbx:main", WELL)
    assert fold(view, "events:main", ill("clock_skewed")) == view
    lost = fold(fold(view, "events:main", ill("events_lost")), "pbx:main", ill("lost"))
    assert [(line.up, line.code, line.doubt) for line in lost.pbx] == [(False, "lost", "events_lost")]
