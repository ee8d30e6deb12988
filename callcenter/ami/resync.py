"""After every (re)connect: what the PBX says is there now, against what we thought. Pure but for ``take``.

AMI tells nothing of the gap. Calls that are gone are ended with the reason; those that live are adopted, and the events
this yields change nothing where we knew already: a living call never pops twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from callcenter.ami import messages as m
from callcenter.ami.parsing import parse, unescape
from callcenter.ami.tracker import Event, Tracker
from callcenter.ami.tracks import SETTLE_SECONDS
from callcenter.call import Call
from callcenter.errors import Unavailable
from callcenter.events import Ended, Left, LegEnded, OfferEnded, OfferResult, QueueResult
from callcenter.pbx_events import DebtFound

_CLOCK: Final = 3
DEBTS: Final = "callcenter-owes"
_DIALLED: Final = frozenset({"AppDial", "AppDial2", "AppQueue"})
_BEING_DIALLED: Final = frozenset({"Down", "Dialing", "Ringing"})
"""States of a leg that nobody has picked up yet; one who calls us is born in Ring."""
Row = Mapping[str, str]
Send = Callable[[Mapping[str, str]], Awaitable[Sequence[Row]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Rows of CoreShowChannels, QueueStatus and ParkedCalls, and the debts by interface; headers in lower case.

    ``hidden`` are the Uniqueids of callers who hide their numbers.
    """

    at: datetime
    mono: float
    channels: tuple[Row, ...]
    members: tuple[Row, ...]
    waiting: tuple[Row, ...]
    debts: Mapping[str, str]
    hidden: frozenset[str] = frozenset()
    parked: tuple[Row, ...] = ()
    booted_at: datetime | None = None


async def take(send: Send, at: datetime, mono: float) -> Snapshot:
    """Asks the PBX. Raises Unavailable."""
    queues = await send({"Action": "QueueStatus"})
    channels = await send({"Action": "CoreShowChannels"})
    members = _events(queues, "QueueMember")
    return Snapshot(
        at=at,
        mono=mono,
        channels=_events(channels, "CoreShowChannel"),
        members=members,
        waiting=_events(queues, "QueueEntry"),
        debts=await _debts(send, {row.get("location", "") for row in members}),
        hidden=await _hidden(send, _events(channels, "CoreShowChannel")),
        parked=await _parked(send),
    )


def _events(rows: Iterable[Row], name: str) -> tuple[Row, ...]:
    return tuple(row for row in rows if row.get("event") == name)


async def _hidden(send: Send, channels: Iterable[Row]) -> frozenset[str]:
    """Those of whom our hook says so; it says nothing of legs that were dialled."""
    found = set()
    for row in channels:
        if row.get("uniqueid") != row.get("linkedid") or _outgoing(row):
            continue
        try:
            answer = await send({"Action": "Getvar", "Channel": row.get("channel", ""), "Variable": "CC_HIDDEN"})
        except Unavailable:
            continue
        if any(told.get("value") == "yes" for told in answer):
            found.add(row.get("uniqueid", ""))
    return frozenset(found)


async def _parked(send: Send) -> tuple[Row, ...]:
    """None where the PBX has no parking at all."""
    try:
        return _events(await send({"Action": "ParkedCalls"}), "ParkedCall")
    except Unavailable:
        return ()


async def _debts(send: Send, interfaces: Collection[str]) -> dict[str, str]:
    """The whole family where the PBX can list it (DBGetTree came with Asterisk 18), else member by member."""
    try:
        rows = await send({"Action": "DBGetTree", "Family": DEBTS})
    except Unavailable:
        rows = []
    found = {row["key"].removeprefix(f"/{DEBTS}/"): row.get("val", "") for row in rows if "key" in row}
    if rows:
        return found
    for interface in interfaces:
        try:
            answer = await send({"Action": "DBGet", "Family": DEBTS, "Key": interface})
        except Unavailable:
            continue
        found[interface] = next((row["val"] for row in answer if "val" in row), "")
    found.pop("", None)
    return found


def adopt(tracker: Tracker, snapshot: Snapshot, known: Collection[Call], *, rebooted: bool) -> list[Event]:
    """Fills a fresh tracker from the snapshot; the events that make our calls equal to the PBX's."""
    alive = {row.get("uniqueid", "") for row in snapshot.channels}
    events: list[Event] = []
    for message in _channels(snapshot, known):
        events += tracker.feed(message)
    for call in known:
        if call.ended_at is None and call.key.uniqueid not in alive:
            events.append(_ended(call, snapshot, rebooted=rebooted or _before(snapshot.booted_at, call)))
        elif call.ended_at is None:
            events += _legs_gone(call, snapshot, alive)
            tracker.resume(call)
    for message in (*_told(snapshot), *_shelf(snapshot, known)):
        events += tracker.feed(message)
    events += _queues_left(tracker, snapshot)
    events += tracker.feed(m.Tick(at=snapshot.at, mono=snapshot.mono + SETTLE_SECONDS))
    events += [DebtFound(pbx=tracker.map.pbx, at=snapshot.at, interface=i, value=v) for i, v in snapshot.debts.items()]
    return events


async def channels(send: Send) -> tuple[Row, ...] | None:
    """The channels there are; None where the list is spoilt. Raises Unavailable."""
    answer = await send({"Action": "CoreShowChannels"})
    rows = _events(answer, "CoreShowChannel")
    whole = answer[-1].get("listitems") == str(len({row["uniqueid"] for row in rows if "uniqueid" in row}))
    return rows if whole else None


def _before(booted_at: datetime | None, call: Call) -> bool:
    return booted_at is not None and call.started_at < booted_at


def _ended(call: Call, snapshot: Snapshot, *, rebooted: bool) -> Event:
    note = "pbx_restart" if rebooted else "disconnected"
    return Ended(call=call.key, at=snapshot.at, mono=snapshot.mono, cause=0, by_customer=False, note=note)


def _legs_gone(call: Call, snapshot: Snapshot, alive: Collection[str]) -> Iterable[Event]:
    for segment in call.segments:
        stamp = {"call": call.key, "at": snapshot.at, "mono": snapshot.mono, "device": segment.device}
        for offer in segment.offers:
            if offer.ended_at is None and offer.leg not in alive:
                yield OfferEnded(**stamp, leg=offer.leg, result=OfferResult.NO_ANSWER)  # type: ignore[arg-type]
        if segment.leg in alive or segment.leg_ended or segment.answered_at is None:
            continue
        if segment.talking:
            yield Left(**stamp, leg=segment.leg)  # type: ignore[arg-type]
        yield LegEnded(**stamp, leg=segment.leg)  # type: ignore[arg-type]


def _queues_left(tracker: Tracker, snapshot: Snapshot) -> Iterable[Event]:
    """The visits that ended while nobody told."""
    waiting = {(row.get("uniqueid", ""), row.get("queue", "")) for row in snapshot.waiting}
    now = m.Tick(at=snapshot.at, mono=snapshot.mono)
    for uniqueid, track in tracker.tracks.items():
        if track.queue and (uniqueid, track.queue) not in waiting:
            yield from track.queue_left(now, QueueResult.ANSWERED if track.talked else QueueResult.EXIT)


def _channels(snapshot: Snapshot, known: Collection[Call]) -> Iterable[m.Message]:
    """Who is there. A trunk's channel that our records know needs no introduction."""
    records = {call.key.uniqueid for call in known}
    for row in snapshot.channels:
        if uniqueid := row.get("uniqueid"):
            quiet = uniqueid in records or _outgoing(row)
            yield _channel(row, snapshot, dialled=quiet)
            if uniqueid in snapshot.hidden:
                yield m.NumberHidden(at=snapshot.at, mono=snapshot.mono, uniqueid=uniqueid)
            yield m.ChannelState(at=snapshot.at, mono=snapshot.mono, uniqueid=uniqueid, linkedid="", state="Down")


def _outgoing(row: Row) -> bool:
    return row.get("application") in _DIALLED or row.get("channelstatedesc") in _BEING_DIALLED


def _told(snapshot: Snapshot) -> Iterable[m.Message]:
    """The rest of the snapshot as if it had happened just now, in an order that makes sense."""
    rows = {row["uniqueid"]: row for row in snapshot.channels if row.get("uniqueid")}
    yield from _pairs(rows, snapshot)
    for entry in snapshot.waiting:
        caller = _channel({**rows.get(entry.get("uniqueid", ""), {}), **_entry(entry)}, snapshot, dialled=False)
        yield m.CallerJoined(
            at=snapshot.at, mono=snapshot.mono, uniqueid=caller.uniqueid, queue=entry.get("queue", ""), caller=caller
        )
    for uniqueid, row in rows.items():
        yield from _dialled(uniqueid, row, rows, snapshot)
    for uniqueid, row in rows.items():
        if row.get("bridgeid"):
            yield m.BridgeEntered(
                at=snapshot.at, mono=snapshot.mono, bridge=row["bridgeid"], uniqueid=uniqueid, swap="", linkedid=""
            )


def _shelf(snapshot: Snapshot, known: Collection[Call]) -> Iterable[m.Message]:
    """Who was parked while nobody told."""
    spaces = {call.key.uniqueid: call.parked for call in known if call.ended_at is None}
    for row in snapshot.parked:
        message = parse({**row, "event": "ParkedCall"}, snapshot.at, snapshot.mono)
        if isinstance(message, m.ParkedAt) and spaces.get(message.parked) != message.space:
            yield message


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
    """A dialled leg belongs to the channel its Linkedid names: the oldest of the family, the customer's as a rule."""
    source = rows.get(row.get("linkedid", ""))
    if row.get("application") in _DIALLED and source is not None and source["uniqueid"] != uniqueid:
        caller = _channel(source, snapshot, dialled=source.get("application") in _DIALLED)
        yield m.DialBegin(
            at=snapshot.at,
            mono=snapshot.mono,
            uniqueid=source["uniqueid"],
            dest=uniqueid,
            dial_string=row.get("calleridnum", ""),
            source=replace(caller, state="Down"),
        )
    state = row.get("channelstatedesc", "")
    yield m.ChannelState(at=snapshot.at, mono=snapshot.mono, uniqueid=uniqueid, linkedid="", state=state)


def _lasting(duration: str) -> timedelta:
    """``01:02:03`` of CoreShowChannels; nothing where it is something else."""
    parts = duration.split(":")
    if len(parts) != _CLOCK or not all(part.isdigit() for part in parts):
        return timedelta()
    hours, minutes, seconds = (int(part) for part in parts)
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)
