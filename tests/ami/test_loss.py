"""What a PBX did not tell is noticed by contradictions, and by nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from callcenter.ami import framing
from callcenter.ami.boots import Boots
from callcenter.ami.loss import NONE, Difference, Watch
from callcenter.ami.messages import Booted, Message
from callcenter.ami.parsing import parse
from callcenter.ami.tracker import Tracker
from tests.ami.switchboard import Fields, Switchboard, every_event
from tests.ami.tale import MAP, recorded
from tests.ami.whole import UNBROKEN, patiently

STREAMS = {name: every_event(recorded(name)) for name in UNBROKEN}
NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)


class Ear:
    """A tracker with its watch, and beside it what the PBX would list."""

    def __init__(self) -> None:
        self.tracker, self.watch, self.there = Tracker(MAP), Watch(0.0, every=60, sure=2), Switchboard()
        self.at = datetime.fromtimestamp(0, UTC)
        self.unannounced: list[Message] = []

    def live(self, stream: Iterable[Fields]) -> None:
        """All of it happens there, and is heard."""
        for fields in stream:
            self.there.feed(fields)
            self._hear(fields)

    def _hear(self, fields: Fields) -> None:
        self.at = framing.moment(fields.get("timestamp", ""), self.at)
        if message := parse(fields, self.at, self.at.timestamp()):
            if self.watch.hear(message, self.tracker.channels):
                self.unannounced.append(message)
            self.tracker.feed(message)

    def difference(self) -> Difference:
        return self.watch.difference(self.tracker.channels, self.there.snapshot(self.at).channels)


@patiently
@given(name=st.sampled_from(UNBROKEN), data=st.data())
def test_where_nothing_is_lost_both_lists_are_always_the_same(name: str, data: st.DataObject) -> None:
    ear = Ear()
    ear.live(STREAMS[name][: data.draw(st.integers(0, len(STREAMS[name])))])
    assert ear.difference() == NONE
    assert ear.unannounced == []


@patiently
@given(name=st.sampled_from(UNBROKEN), data=st.data())
def test_a_lost_announcement_is_noticed(name: str, data: st.DataObject) -> None:
    stream = STREAMS[name]
    births = [at for at, fields in enumerate(stream) if fields["event"] == "Newchannel"]
    lost = data.draw(st.sampled_from(births))
    ear = Ear()
    ear.live(stream[:lost])
    ear.there.feed(stream[lost])
    assert ear.difference().strangers == {stream[lost]["uniqueid"]}
    ear.live(stream[lost + 1 :])
    assert stream[lost]["uniqueid"] in {getattr(message, "uniqueid", "") for message in ear.unannounced}


@patiently
@given(name=st.sampled_from(UNBROKEN), data=st.data())
def test_an_end_a_ringing_or_a_talk_that_was_not_told_is_noticed(name: str, data: st.DataObject) -> None:
    stream = STREAMS[name]
    heard = [at for at, fields in enumerate(stream) if fields.get("bridgetechnology") != "holding_bridge"]
    telling = [at for at in heard if stream[at]["event"] in ("Hangup", "Newstate", "BridgeLeave")]
    lost = data.draw(st.sampled_from(telling))
    ear = Ear()
    ear.live(stream[:lost])
    ear.there.feed(stream[lost])
    found = ear.difference()
    named = {*found.ghosts, *(uniqueid for uniqueid, _, _ in found.changed)}
    assert named == {stream[lost]["uniqueid"]}


def test_what_differs_once_may_be_under_way_and_what_differs_twice_is_lost() -> None:
    watch = Watch(0.0, every=60, sure=2)
    assert not watch.due(59)
    assert watch.due(60)
    assert watch.looked(Difference(ghosts=frozenset({"1.1"}), strangers=frozenset({"1.2"})), 60) == NONE
    assert (watch.due(61), watch.due(62)) == (False, True)
    sure = watch.looked(Difference(ghosts=frozenset({"1.1", "1.3"})), 62)
    assert sure == Difference(ghosts=frozenset({"1.1"}))
    assert watch.clean_at == 0
    assert watch.looked(NONE, 64) == NONE
    assert (watch.clean_at, watch.due(123), watch.due(124)) == (64, False, True)


def test_what_the_list_still_tells_otherwise_after_it_was_adopted_is_no_loss() -> None:
    rows = [{"uniqueid": "1.1"}, {"uniqueid": "1.2"}]
    watch = Watch(0.0, every=60, sure=2, healed=Difference(strangers=frozenset({"1.1"})))
    assert watch.difference(Tracker(MAP).channels, rows) == Difference(strangers=frozenset({"1.2"}))


def test_a_suspicion_brings_the_look_forward_but_never_makes_it_a_storm() -> None:
    watch = Watch(0.0, every=60, sure=2)
    watch.suspect(1)
    assert (watch.due(4), watch.due(5)) == (False, True)
    assert watch.looked(None, 5) == NONE
    assert (watch.due(9), watch.due(10)) == (False, True)
    assert watch.looked(NONE, 30) == NONE
    watch.suspect(50)
    assert watch.due(50)


def boot(at: datetime, uptime: int) -> Booted:
    return Booted(at=at, mono=0.0, uptime=uptime)


def test_a_restart_is_known_by_the_start_the_pbx_tells_whatever_its_clock_says() -> None:
    boots, behind = Boots(), NOW - timedelta(hours=3)
    boots.hear(boot(behind, 600), NOW)
    assert not boots.again([behind - timedelta(seconds=300)])
    assert boots.ahead == timedelta(hours=-3)
    boots.hear(boot(NOW + timedelta(seconds=60), 600 + 3 * 3600 + 60), NOW + timedelta(seconds=60))
    assert not boots.again([]), "its clock was put right, it did not start anew"
    boots.hear(boot(NOW + timedelta(seconds=90), 5), NOW + timedelta(seconds=90))
    assert boots.again([])


def test_a_pbx_whose_clock_began_in_1970_tells_no_start_until_the_next_one() -> None:
    boots = Boots()
    boots.hear(boot(NOW, 56 * 365 * 86400), NOW)
    assert not boots.again([NOW - timedelta(seconds=300)])
    assert boots.at is None
    boots.hear(boot(NOW, 20), NOW)
    assert boots.again([NOW - timedelta(seconds=300)]), "it died under a call that we knew"


def test_a_clock_at_1970_or_2038_gives_no_times_and_costs_no_event() -> None:
    for stamp in ("12.000345", "2147483648.000000", "-2147483648.000000"):
        message = f"Event: FullyBooted\r\nPrivilege: system,all\r\nTimestamp: {stamp}\r\nUptime: 12".encode()
        fields = framing.event_fields(message, timed=True)
        assert framing.told_at(fields["timestamp"], NOW) == NOW
    assert framing.told_at("1795770000.000000", NOW + timedelta(hours=3)) == NOW
