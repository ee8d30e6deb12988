"""How well a PBX is heard is read off the counters of its link and its ledger."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from callcenter import metrics
from callcenter.vitals import judge
from callcenter.vitals.streams import Streams

NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)


@pytest.fixture
def pbx(request: pytest.FixtureRequest) -> str:
    """Counters live as long as the process: each test has a PBX of its own."""
    return str(request.node.name)


@pytest.fixture
def streams(pbx: str) -> Iterator[Streams]:
    """After the first look, with an event that came in time."""
    metrics.ami_lag.labels(pbx=pbx).set(0.1)
    metrics.ami_messages.labels(pbx=pbx).inc()
    found = Streams()
    found.look(pbx, NOW)
    yield found
    metrics.ledger_behind.labels(pbx=pbx).set(0)


def test_what_waits_for_the_database_is_late_also_while_the_pbx_is_silent(streams: Streams, pbx: str) -> None:
    metrics.ledger_behind.labels(pbx=pbx).set(7.0)
    late = streams.look(pbx, NOW)
    assert (late.lag_s, judge.stream(late, NOW).code) == (7.0, "events_late")
    metrics.ledger_behind.labels(pbx=pbx).set(0)
    well = streams.look(pbx, NOW)
    assert (well.lag_s, well.longest_lag_s, judge.stream(well, NOW).code) == (0.0, 7.0, "")


def test_news_of_a_channel_nobody_announced_is_a_loss_unless_it_was_told_and_could_not_be_read(
    streams: Streams, pbx: str
) -> None:
    metrics.ami_unannounced.labels(pbx=pbx).inc()
    metrics.ami_broken.labels(pbx=pbx).inc()
    assert judge.stream(streams.look(pbx, NOW), NOW).code == "events_broken"
    later = NOW + timedelta(minutes=1)
    metrics.ami_unannounced.labels(pbx=pbx).inc()
    assert judge.stream(streams.look(pbx, later), later).code == "events_lost"
