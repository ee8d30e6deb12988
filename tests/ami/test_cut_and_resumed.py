"""The link is lost anywhere in any captured stream and found again later: the PBX's own list makes both sides equal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.ami import framing, resync
from callcenter.ami.messages import Tick
from callcenter.ami.parsing import parse
from callcenter.ami.snapshot import take
from callcenter.ami.tracker import Event, Tracker
from callcenter.call import Call
from callcenter.events import Arrived, CallKey, Direction, Filled
from callcenter.lifecycle import apply
from tests.ami.switchboard import Fields, Switchboard, every_event
from tests.ami.tale import MAP, ROSTER, Tale, fold, offers, recorded, talkers
from tests.ami.whole import UNBROKEN, check, patiently
from tests.spine.story import START, Story

STREAMS = {name: every_event(recorded(name)) for name in UNBROKEN}
WHOLE = {name: fold(stream) for name, stream in STREAMS.items()}
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


class Watch:
    """A tracker and the records it feeds, over as many links as it takes."""

    def __init__(self) -> None:
        self.tracker = Tracker(MAP)
        self.events: list[Event] = []
        self.calls: dict[CallKey, Call] = {}
        self.at = datetime.fromtimestamp(0, UTC)

    def see(self, stream: Iterable[Fields]) -> None:
        for fields in stream:
            self.at = framing.moment(fields.get("timestamp", ""), self.at)
            if message := parse(fields, self.at, self.at.timestamp()):
                self.keep(self.tracker.feed(message))

    def come_back(
        self, there: Switchboard, at: datetime, meanwhile: Iterable[Fields] = (), written: Sequence[Filled] = ()
    ) -> None:
        """A new link: nothing is known but the records, what the PBX lists, and what it wrote down. ``meanwhile`` was
        heard before the list, and is taken after it."""
        self.keep(self.tracker.feed(Tick(at=self.at, mono=self.at.timestamp() + 1)))
        heard, self.at, known = self.at, max(self.at, at), list(self.calls.values())
        hung_up = {fields["uniqueid"] for fields in meanwhile if fields["event"] == "Hangup"}
        snapshot = resync.still_there(replace(there.snapshot(self.at), deaf_since=heard), known, hung_up)
        self.tracker = Tracker(MAP)
        self.keep(resync.caught_up(self.tracker, snapshot, known, written, rebooted=False))

    def tale(self) -> Tale:
        self.keep(self.tracker.feed(Tick(at=self.at, mono=self.at.timestamp() + 1)))
        left = (len(self.tracker.channels), len(self.tracker.tracks))
        return Tale(self.events, list(self.calls.values()), left)

    def keep(self, events: Iterable[Event]) -> None:
        for event in events:
            self.events.append(event)
            key = getattr(event, "call", None)
            if key and (after := apply(self.calls.get(key), event, ROSTER)):  # type: ignore[arg-type]
                self.calls[key] = after


def keys(tale: Tale) -> set[CallKey]:
    return {event.call for event in tale.events if isinstance(event, Arrived)}


def talks(tale: Tale) -> dict[CallKey, list[str]]:
    """Which phones talked in each call."""
    return {call.key: talkers(call) for call in tale.calls}


def living_since(stream: list[dict[str, str]], found: int) -> set[str]:
    """The channels that lived when the link was found again, or came later, and by whom they were called lived too."""
    there, seen = Switchboard(), set[str]()
    for at, fields in enumerate(stream):
        there.feed(fields)
        seen |= {u for u, row in there.channels.items() if row["linkedid"] in there.channels and at >= found - 1}
    return seen


def watched(name: str, lost: int, found: int, listed: int = 0) -> Tale:
    """The link is lost and found at these places of the stream; the PBX lists what there is ``listed`` events later."""
    stream, watch, there = STREAMS[name], Watch(), Switchboard()
    watch.see(stream[:lost])
    for fields in stream[: found + listed]:
        there.feed(fields)
    stamps = [fields["timestamp"] for fields in stream[: found + listed] if "timestamp" in fields]
    watch.come_back(there, framing.moment(stamps[-1] if stamps else "", watch.at), stream[found : found + listed])
    watch.see(stream[found:])
    return watch.tale()


@patiently
@given(name=st.sampled_from(UNBROKEN), data=st.data())
def test_a_lost_link_loses_and_invents_no_call(name: str, data: st.DataObject) -> None:
    size = len(STREAMS[name])
    lost, found = sorted(data.draw(st.tuples(st.integers(0, size), st.integers(0, size))))
    tale = watched(name, lost, found)
    check(tale)
    assert tale.left == (0, 0)
    assert [call.key for call in tale.calls if call.ended_at is None] == []
    assert keys(tale) <= keys(WHOLE[name])
    living = living_since(STREAMS[name], found)
    assert {key for key in keys(WHOLE[name]) if key.uniqueid in living} <= keys(tale)


INBOUND = [name for name, tale in WHOLE.items() if all(call.direction is Direction.INBOUND for call in tale.calls)]


@patiently
@given(name=st.sampled_from(INBOUND), listed=st.integers(1, 40), data=st.data())
def test_what_happens_while_the_pbx_lists_its_channels_is_neither_lost_nor_doubled(
    name: str, listed: int, data: st.DataObject
) -> None:
    moment = data.draw(st.integers(0, len(STREAMS[name])))
    tale = watched(name, moment, moment, listed)
    check(tale)
    assert tale.left == (0, 0)
    assert keys(tale) == keys(WHOLE[name])
    assert [(call.key, call.note) for call in tale.calls if call.ended_at is None or call.note] == []


HANDED_OVER = (
    "attended_keys",
    "attended_transfer",
    "blonde",
    "blonde_returned",
    "consult_cancelled",
    "consult_refused",
)


@patiently
@given(name=st.sampled_from(HANDED_OVER), data=st.data())
def test_who_is_asked_and_who_is_rung_again_stays_known_over_a_lost_link(name: str, data: st.DataObject) -> None:
    moment = data.draw(st.integers(0, len(STREAMS[name])))
    tale = watched(name, moment, moment)
    assert [offers(call) for call in tale.calls] == [offers(call) for call in WHOLE[name].calls]


@patiently
@given(name=st.sampled_from(UNBROKEN), data=st.data())
def test_a_link_lost_for_no_time_at_all_changes_nothing(name: str, data: st.DataObject) -> None:
    moment = data.draw(st.integers(0, len(STREAMS[name])))
    tale = watched(name, moment, moment)
    check(tale)
    assert tale.left == (0, 0)
    assert talks(tale) == talks(WHOLE[name])


@pytest.mark.parametrize(("deaf_since", "until"), [(START + HOUR, START + HOUR), (None, START + 2 * SECOND)])
def test_who_is_gone_was_there_as_long_as_anybody_knows_and_not_until_somebody_listens_again(
    deaf_since: datetime | None, until: datetime
) -> None:
    waiting = Story().arrives().joins().told()
    snapshot = replace(Switchboard().snapshot(START + 5 * HOUR), deaf_since=deaf_since)
    (ended,) = resync.adopt(Tracker(MAP), snapshot, [waiting], rebooted=False)
    call = apply(waiting, ended, ROSTER)  # type: ignore[arg-type]
    assert call is not None
    assert (call.ended_at, call.result, call.note) == (until, "missed", "disconnected")
    assert [(visit.left_at, visit.result) for visit in call.queues] == [(until, None)]


async def test_a_call_that_is_found_in_a_subroutine_of_the_dialplan_is_asked_whom_it_was_for() -> None:
    anna = {"channel": "PJSIP/101-1", "uniqueid": "1.1", "linkedid": "1.1", "exten": "s", "application": "Dial"}
    trunk = {
        "channel": "PJSIP/trunk-2",
        "uniqueid": "1.2",
        "linkedid": "1.1",
        "calleridnum": "s",
        "application": "AppDial",
    }
    asked: list[str] = []

    async def send(action: Mapping[str, str]) -> list[dict[str, str]]:
        asked.append(action.get("Channel", ""))
        rows = [{"event": "CoreShowChannel", "channelstatedesc": "Up", **row} for row in (anna, trunk)]
        answers = {"CoreShowChannels": rows, "Getvar": [{"value": "89161234567@trunk"}]}
        return answers.get(action["Action"], [])

    snapshot = await take(send, datetime.fromtimestamp(0, UTC), 0.0, MAP.is_trunk)
    found = [event for event in resync.adopt(Tracker(MAP), snapshot, (), rebooted=False) if isinstance(event, Arrived)]
    assert [(event.direction, event.number_raw) for event in found] == [("outbound", "89161234567")]
    assert sorted(filter(None, asked)) == ["PJSIP/101-1", "PJSIP/trunk-2"]
