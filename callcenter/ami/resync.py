"""After every (re)connect: what the PBX says is there now, against what we thought. Pure.

AMI tells nothing of the gap. Calls that are gone are ended with the reason; those that live are adopted, and the events
this yields change nothing where we knew already: a living call never pops twice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from callcenter.ami import messages as m
from callcenter.ami.parsing import parse, unescape
from callcenter.ami.snapshot import DIALLED, Row, Snapshot, outgoing
from callcenter.ami.tracker import Event, Tracker
from callcenter.ami.tracks import SETTLE_SECONDS
from callcenter.call import Call, Offer, Segment
from callcenter.events import Arrived, Ended, Filled, Left, LegEnded, OfferEnded, OfferResult, QueueResult
from callcenter.lifecycle import apply
from callcenter.pbx_events import DebtFound
from callcenter.roster import OUTSIDE, Roster

_CLOCK: Final = 3
_MOMENT: Final = timedelta(seconds=1)
"""Some PBXs write whole seconds."""


def caught_up(
    tracker: Tracker, snapshot: Snapshot, known: Collection[Call], told: Sequence[Filled], *, rebooted: bool
) -> list[Event]:
    """``adopt`` with what the PBX wrote down: who is gone first, so that his end is the written one; who is still there
    without an end: that comes with the messages that are taken next. What is written of him is told before he is taken
    up, as a phone that rings now is no other round of one that was answered and left meanwhile, but only what surely
    was before the list; and after it, as it knows better when what is listed began."""
    alive = {row["uniqueid"] for row in snapshot.channels}
    gone = [event for event in told if event.over and event.call.uniqueid not in alive]
    over, ours = {event.call for event in gone}, {call.key for call in known}
    rest = [event for event in told if event.call not in over]
    before = [event.until(snapshot.at - _MOMENT) for event in rest if event.call in ours]
    written = {event.call: event for event in before if event.events}
    there = [_with(written.get(call.key), call) for call in known if call.key not in over]
    adopted = adopt(tracker, snapshot, there, rebooted=rebooted)
    return [*gone, *written.values(), *adopted, *(event.so_far for event in rest)]


def _with(written: Filled | None, call: Call) -> Call:
    """The call as its records will have it when the list is compared; who sat at which phone is nothing to a list."""
    return (apply(call, written, Roster()) if written else None) or call


def adopt(tracker: Tracker, snapshot: Snapshot, known: Collection[Call], *, rebooted: bool) -> list[Event]:
    """Fills a fresh tracker from the snapshot; the events that make our calls equal to the PBX's."""
    alive = {row["uniqueid"] for row in snapshot.channels}
    events: list[Event] = []
    for message in _channels(snapshot, known):
        events += tracker.feed(message)
    for call in known:
        if call.ended_at is None and call.key.uniqueid not in alive:
            events.append(_ended(call, snapshot, rebooted=rebooted or _before(snapshot.booted_at, call)))
        elif call.ended_at is None:
            events += _legs_gone(call, snapshot, alive)
            tracker.resume(call)
    for message in (*_told(snapshot, _in_talks(snapshot, known)), *_shelf(snapshot, known)):
        events += tracker.feed(message)
    events += _off_the_shelf(tracker, snapshot)
    events += _queues_left(tracker, snapshot)
    events += tracker.feed(m.Tick(at=snapshot.at, mono=snapshot.mono + SETTLE_SECONDS))
    events += _debts(tracker.map.pbx, snapshot)
    return [replace(event, born=False) if isinstance(event, Arrived) else event for event in events]


def _debts(pbx: str, snapshot: Snapshot) -> list[Event]:
    found: list[Event] = [
        DebtFound(pbx=pbx, at=snapshot.at, interface=name, value=value) for name, value in snapshot.debts.items()
    ]
    for key, value in snapshot.listed.items():
        name, _, call = key.rpartition("/")
        found.append(DebtFound(pbx=pbx, at=snapshot.at, interface=name, value=value, call=call))
    return found


def still_there(snapshot: Snapshot, known: Collection[Call], hung_up: Collection[str]) -> Snapshot:
    """With those of our calls' channels that ended while the lists were told: their ends, ``hung_up``, are among the
    messages that are taken next, and say more than that they are gone. Of a list that is not whole, who is missing may
    be one who could not be read: whether he is gone is found by comparing, as soon as it is whole again."""
    listed = {row["uniqueid"] for row in snapshot.channels}
    rows = [
        {"uniqueid": uniqueid, "channel": f"{name}-0", "channelstatedesc": "Down"}
        for call in known
        for uniqueid, name in _names(call).items()
        if uniqueid not in listed
        and (uniqueid in hung_up or (not snapshot.whole and not _before(snapshot.booted_at, call)))
    ]
    return replace(snapshot, channels=(*snapshot.channels, *rows))


def _names(call: Call) -> dict[str, str]:
    """What the channels of a call are called, by Uniqueid."""
    legs: list[Offer | Segment] = [offer for segment in call.segments for offer in segment.offers]
    legs += call.segments
    inside = {leg.leg: leg.device.name for leg in legs if not leg.device.name.startswith(OUTSIDE)}
    return {**inside, call.key.uniqueid: call.trunk}


def _before(booted_at: datetime | None, call: Call) -> bool:
    return booted_at is not None and call.started_at < booted_at


def _ended(call: Call, snapshot: Snapshot, *, rebooted: bool) -> Event:
    """When nobody knows: it lived when somebody listened last, and to say that it lasted until now is a guess."""
    note = "pbx_restart" if rebooted else "disconnected"
    at = max(call.last_sign, snapshot.deaf_since or call.last_sign)
    return Ended(call=call.key, at=at, mono=snapshot.mono, cause=0, by_customer=False, note=note)


def _legs_gone(call: Call, snapshot: Snapshot, alive: Collection[str]) -> Iterable[Event]:
    """Legs that are no more; and of those that live, who is in no bridge talks with nobody."""
    alone = {row["uniqueid"] for row in snapshot.channels if _alone(row)}
    for segment in call.segments:
        stamp = {"call": call.key, "at": snapshot.at, "mono": snapshot.mono, "device": segment.device}
        for offer in segment.offers:
            if offer.ended_at is None and offer.leg not in alive and not _may_come(offer.offered_at, snapshot.at):
                yield OfferEnded(**stamp, leg=offer.leg, result=OfferResult.NO_ANSWER)  # type: ignore[arg-type]
        if segment.leg_ended or segment.answered_at is None or _may_come(segment.answered_at, snapshot.at):
            continue
        if segment.talking and (segment.leg not in alive or segment.leg in alone):
            yield Left(**stamp, leg=segment.leg)  # type: ignore[arg-type]
        if segment.leg not in alive:
            yield LegEnded(**stamp, leg=segment.leg)  # type: ignore[arg-type]


def _may_come(told: datetime, listed: datetime) -> bool:
    """Whether what was told so, in whole seconds as history may be written, can be of after the list, in its second."""
    return not told.microsecond and abs(listed - told) < _MOMENT


def _alone(row: Row) -> bool:
    return bool(row.get("uniqueid")) and not row.get("bridgeid") and row.get("channelstatedesc") == "Up"


def _queues_left(tracker: Tracker, snapshot: Snapshot) -> Iterable[Event]:
    """The visits that ended while nobody told."""
    waiting = {(row.get("uniqueid", ""), row.get("queue", "")) for row in snapshot.waiting}
    waiting |= {(track.key.uniqueid, track.queue) for track in tracker.tracks.values() if track.stands_in}
    now = m.Tick(at=snapshot.at, mono=snapshot.mono)
    for uniqueid, track in tracker.tracks.items():
        if track.queue and (uniqueid, track.queue) not in waiting:
            yield from track.queue_left(now, QueueResult.ANSWERED if track.talked else QueueResult.EXIT)


def _channels(snapshot: Snapshot, known: Collection[Call]) -> Iterable[m.Message]:
    """Who is there. A trunk's channel that our records know needs no introduction."""
    records = {call.key.uniqueid for call in known}
    for row in snapshot.channels:
        uniqueid = row["uniqueid"]
        quiet = uniqueid in records or uniqueid in snapshot.dialled or outgoing(row)
        yield _channel(row, snapshot, dialled=quiet)
        if uniqueid in snapshot.hidden:
            yield m.NumberHidden(at=snapshot.at, mono=snapshot.mono, uniqueid=uniqueid)
        yield m.ChannelState(at=snapshot.at, mono=snapshot.mono, uniqueid=uniqueid, linkedid="", state="Down")


def _in_talks(snapshot: Snapshot, known: Collection[Call]) -> dict[str, str]:
    """Customers whom an agent has not left, each with the agent's leg: who rings in their family is asked by him, and
    not rung for them. Where he has passed the customer on unheard, his leg may still play him something, but the
    customer is in no bridge any more."""
    alive = {row["uniqueid"]: row.get("bridgeid", "") for row in snapshot.channels}
    return {
        call.key.uniqueid: segment.leg
        for call in known
        for segment in call.segments
        if segment.answered_at and not (segment.leg_ended or segment.handed_to) and segment.leg in alive
        if alive.get(call.key.uniqueid)
    }


def _told(snapshot: Snapshot, in_talks: Mapping[str, str]) -> Iterable[m.Message]:
    """The rest of the snapshot as if it had happened just now, in an order that makes sense."""
    rows = {row["uniqueid"]: row for row in snapshot.channels}
    yield from _pairs(rows, snapshot)
    for entry in snapshot.waiting:
        caller = _channel({**rows.get(entry.get("uniqueid", ""), {}), **_entry(entry)}, snapshot, dialled=False)
        yield m.CallerJoined(
            at=snapshot.at, mono=snapshot.mono, uniqueid=caller.uniqueid, queue=entry.get("queue", ""), caller=caller
        )
    callers = {uniqueid: rows[in_talks.get(uniqueid, uniqueid)] for uniqueid in rows}
    for uniqueid, row in rows.items():
        yield from _dialled(uniqueid, row, callers, snapshot)
    for uniqueid, row in rows.items():
        if row.get("bridgeid"):
            yield m.BridgeEntered(
                at=snapshot.at, mono=snapshot.mono, bridge=row["bridgeid"], uniqueid=uniqueid, swap="", linkedid=""
            )


def _shelf(snapshot: Snapshot, known: Collection[Call]) -> Iterable[m.Message]:
    """Who was parked while nobody told."""
    spaces = {call.key.uniqueid: call.parked for call in known if call.ended_at is None}
    for row in snapshot.parked or ():
        message = parse({**row, "event": "ParkedCall"}, snapshot.at, snapshot.mono)
        if isinstance(message, m.ParkedAt) and spaces.get(message.parked) != message.space:
            yield message


def _off_the_shelf(tracker: Tracker, snapshot: Snapshot) -> Iterable[Event]:
    """Who was taken from it while nobody told, and is now with nobody that could have told so."""
    if snapshot.parked is None:
        return
    there = {row.get("parkeeuniqueid", "") for row in snapshot.parked}
    now = m.Tick(at=snapshot.at, mono=snapshot.mono)
    for uniqueid, track in tracker.tracks.items():
        if track.shelved and uniqueid not in there:
            yield from track.unparked(now)


def _entry(row: Row) -> dict[str, str]:
    names = ("uniqueid", "channel", "calleridnum", "calleridname")
    return {name: row[name] for name in names if name in row}


def _channel(row: Row, snapshot: Snapshot, *, dialled: bool) -> m.NewChannel:
    return m.NewChannel(
        at=snapshot.at - _lasting(row.get("duration", "")),
        mono=snapshot.mono,
        uniqueid=row.get("uniqueid", ""),
        linkedid=row.get("linkedid", ""),
        channel=row.get("channel", ""),
        state="Down" if dialled else "Ring",
        number=row.get("calleridnum", ""),
        name=unescape(row.get("calleridname", "")),
        exten=row.get("exten", ""),
        context=row.get("context", ""),
    )


def _pairs(rows: Mapping[str, Row], snapshot: Snapshot) -> Iterable[m.Message]:
    halves = {row.get("channel", ""): uniqueid for uniqueid, row in rows.items()}
    for name, one in halves.items():
        two = halves.get(f"{name[:-1]}2", "") if name.endswith(";1") else ""
        if two:
            yield m.LocalPair(at=snapshot.at, mono=snapshot.mono, one=one, two=two)


def _dialled(uniqueid: str, row: Row, rows: Mapping[str, Row], snapshot: Snapshot) -> Iterable[m.Message]:
    """A dialled leg belongs to the channel its Linkedid names: the oldest of the family, the customer's as a rule. A
    trunk's that says not yet with what is about to be dialled, and that will be told."""
    source, state = rows.get(row.get("linkedid", "")), row.get("channelstatedesc", "")
    dialled = uniqueid in snapshot.dialled or row.get("application") in DIALLED
    yet = snapshot.dialled.get(uniqueid) == "" and state == "Down"
    if dialled and not yet and source is not None and source["uniqueid"] != uniqueid:
        caller = _channel(source, snapshot, dialled=source.get("application") in DIALLED)
        yield m.DialBegin(
            at=snapshot.at,
            mono=snapshot.mono,
            uniqueid=source["uniqueid"],
            dest=uniqueid,
            dial_string=snapshot.dialled.get(uniqueid) or row.get("calleridnum", ""),
            source=replace(caller, state="Down"),
        )
    yield m.ChannelState(at=snapshot.at, mono=snapshot.mono, uniqueid=uniqueid, linkedid="", state=state)


def _lasting(duration: str) -> timedelta:
    """``01:02:03`` of CoreShowChannels; nothing where it is something else."""
    parts = duration.split(":")
    if len(parts) != _CLOCK or not all(part.isdigit() for part in parts):
        return timedelta()
    hours, minutes, seconds = (int(part) for part in parts)
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)
