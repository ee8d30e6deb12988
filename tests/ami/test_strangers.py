"""Channels that the map does not know, and those that are neither trunk nor phone."""

from __future__ import annotations

import pytest

from callcenter.pbx_events import ChannelSeen
from callcenter.pbxmap import Kind
from tests.ami.says import Pbx
from tests.ami.tale import told


@pytest.fixture
def pbx() -> Pbx:
    return Pbx()


def test_a_stranger_is_told_each_time_and_nothing_else(pbx: Pbx) -> None:
    for _ in range(3):
        pbx.hangup(pbx.channel("SIP/10.0.0.9", "Ring"))
    strangers = [e for e in told(pbx.stream).events if isinstance(e, ChannelSeen)]
    assert [(e.peer, e.kind) for e in strangers] == [("SIP/10.0.0.9", Kind.UNCLASSIFIED)] * 3
    assert len({e.linkedid for e in strangers}) == 3
    assert strangers == told(pbx.stream).events


def test_an_isdn_channel_is_listed_without_the_number_that_calls(pbx: Pbx) -> None:
    pbx.channel("DAHDI/i1/79161234567", "Ring")
    (seen,) = told(pbx.stream).events
    assert isinstance(seen, ChannelSeen)
    assert seen.peer == "DAHDI/i1/*"
