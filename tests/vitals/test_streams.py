"""How well a PBX is heard is read off the counters of its link and its ledger."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from callcenter import metrics
from callcenter.vitals import judge
from callcenter.vitals.streams import Streams

NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)
PBX = "heard"


@pytest.fixture
def streams() -> Iterator[Streams]:
    """After the first look, with an event that came in time."""
    metrics.ami_lag.labels(pbx=PBX).set(0.1)
    metrics.ami_messages.labels(pbx=PBX).inc()
    found = Streams()
    found.look(PBX, NOW)
    yield found
    metrics.ledger_behind.labels(pbx=PBX).set(0)


def test_what_waits_for_the_database_is_late_also_while_the_pbx_is_silent(streams: Streams) -> None:
    metrics.ledger_behind.labels(pbx=PBX).set(7.0)
    late = streams.look(PBX, NOW)
    assert (late.lag_s, judge.stream(late, NOW).code) == (7.0, "events_late")
    metrics.ledger_behind.labels(pbx=PBX).set(0)
    well = streams.look(PBX, NOW)
    assert (well.lag_s, well.longest_lag_s, judge.stream(well, NOW).code) == (0.0, 7.0, "")


def test_news_of_a_channel_nobody_announced_is_a_loss_unless_it_was_told_and_could_not_be_read(
    streams: Streams,
) -> None:
    metrics.ami_unannounced.labels(pbx=PBX).inc()
    metrics.ami_broken.labels(pbx=PBX).inc()
    assert judge.stream(streams.look(PBX, NOW), NOW).code == "events_broken"
    later = NOW + timedelta(minutes=1)
    metrics.ami_unannounced.labels(pbx=PBX).inc()
    assert judge.stream(streams.look(PBX, later), later).code == "events_lost"
