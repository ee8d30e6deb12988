"""Call detail records as calls: what is left where no channel events were kept. Pure.

A record is one leg. It knows neither hold, nor who rang without a record, nor who hung up; an outgoing call bears the
Uniqueid of the phone that dialled, not the customer's, so it is matched by that leg.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from callcenter.ami.backfill.rows import CdrRow
from callcenter.events import (
    Arrived,
    CallKey,
    Direction,
    Ended,
    Filled,
    Gap,
    Joined,
    Left,
    LegEnded,
    Offered,
    OfferEnded,
    OfferResult,
    PastEvent,
    QueueJoined,
    QueueLeft,
    QueueResult,
    Via,
)
from callcenter.pbxmap import Kind, PbxMap, peer
from callcenter.recording_events import RecordingStarted
from callcenter.roster import Device

_SETTLED: Final = timedelta(hours=6)
_LOOK_EVERY: Final = 500
_DATED: Final = re.compile(r"-(\d{4})(\d{2})(\d{2})-\d{6}-")
_RESULTS: Final = {"BUSY": OfferResult.REJECTED, "FAILED": OfferResult.UNREACHABLE}


class Records:
    """Records of one PBX in, whole calls out. A family's records are written as its legs end, within hours."""

    def __init__(self, map: PbxMap, spool: str, gap: Gap, since: datetime) -> None:
        self._map = map
        self._spool = spool.rstrip("/")
        self._gap = gap
        self._since = since
        self._families: dict[str, list[CdrRow]] = {}
        self._fed = 0

    def feed(self, row: CdrRow) -> Iterator[Filled]:
        """What is told by then."""
        self._families.setdefault(row.linkedid, []).append(row)
        self._fed += 1
        if self._fed % _LOOK_EVERY == 0:
            old = [key for key, rows in self._families.items() if row.ended_at - rows[-1].ended_at > _SETTLED]
            for key in old:
                yield from self._told(self._families.pop(key))

    def end(self) -> Iterator[Filled]:
        """The rest."""
        for rows in self._families.values():
            yield from self._told(rows)
        self._families.clear()

    def _told(self, rows: Sequence[CdrRow]) -> Iterator[Filled]:
        rows = sorted(rows, key=lambda row: (row.at, row.ended_at))
        customers = dict.fromkeys(row.uniqueid for row in rows if self._kind(row.channel) is Kind.TRUNK)
        for uniqueid in customers:
            own = [row for row in rows if row.uniqueid == uniqueid or self._kind(row.channel) is Kind.LOCAL]
            yield from self._recent(self._inbound(uniqueid, own))
        if not customers:
            dialled = [row for row in rows if self._kind(row.channel) is Kind.DEVICE]
            for row in dialled:
                if self._kind(row.to_channel) is Kind.TRUNK:
                    yield from self._recent(self._outbound(row))

    def _recent(self, told: Filled) -> Iterator[Filled]:
        if told.at >= self._since:
            yield told

    def _kind(self, channel: str) -> Kind:
        return self._map.kind(channel) if channel else Kind.UNCLASSIFIED

    def _inbound(self, uniqueid: str, rows: Sequence[CdrRow]) -> Filled:
        key = CallKey(pbx=self._map.pbx, uniqueid=uniqueid)
        first = next(row for row in rows if row.uniqueid == uniqueid)
        events: list[PastEvent] = [self._arrived(key, first, Direction.INBOUND, first.channel, first.source)]
        legs = [row for row in rows if self._kind(row.to_channel) is Kind.DEVICE]
        waited = [row for row in rows if row.app.lower() == "queue"]
        for queue in dict.fromkeys(_queue(row) for row in waited):
            events += _visit(key, queue, [row for row in waited if _queue(row) == queue])
        for leg in legs:
            others = [row for row in legs if row is not leg and row.answered_at and self._answered(row)]
            events += self._leg(key, leg, elsewhere=any(leg.at <= o.ended_at and leg.ended_at >= o.at for o in others))
        return self._story(key, events, rows)

    def _outbound(self, row: CdrRow) -> Filled:
        key = CallKey(pbx=self._map.pbx, uniqueid=row.uniqueid)
        events: list[PastEvent] = [self._arrived(key, row, Direction.OUTBOUND, row.to_channel, row.dialled)]
        if self._answered(row):
            events += _talk(_stamp(key, row), row, self._device(row.channel), row.uniqueid, Via.OUTBOUND)
        return self._story(key, events, [row])

    def _arrived(self, key: CallKey, row: CdrRow, direction: Direction, trunk: str, number: str) -> Arrived:
        inbound = direction is Direction.INBOUND
        read = self._map.arrived(trunk, number) if inbound else self._map.dialled(trunk, number)
        return Arrived(
            **_stamp(key, row),
            direction=direction,
            number_raw=number or "<unknown>",
            name=row.name if inbound else "",
            did=row.dialled if inbound else "",
            trunk=peer(trunk),
            region=self._map.region_of(trunk),
            number_read="" if read == number else read,
        )

    def _leg(self, key: CallKey, row: CdrRow, *, elsewhere: bool) -> Iterable[PastEvent]:
        stamp, device, leg = _stamp(key, row), self._device(row.to_channel), row.to_channel
        queue = _queue(row) if row.app.lower() == "queue" else ""
        via = Via.QUEUE if queue else Via.DIRECT
        yield Offered(**stamp, leg=leg, device=device, via=via, queue=queue)
        if self._answered(row):
            yield from _talk(stamp, row, device, leg, via)
            return
        result = _RESULTS.get(row.disposition, OfferResult.NO_ANSWER)
        result = OfferResult.ANSWERED_ELSEWHERE if elsewhere else result
        yield OfferEnded(**_later(stamp, row.ended_at), leg=leg, device=device, result=result)

    def _answered(self, row: CdrRow) -> bool:
        return row.disposition == "ANSWERED" and row.answered_at is not None

    def _device(self, channel: str) -> Device:
        return Device(pbx=self._map.pbx, name=peer(channel))

    def _story(self, key: CallKey, events: list[PastEvent], rows: Sequence[CdrRow]) -> Filled:
        for row in rows:
            if row.recording:
                events.append(RecordingStarted(**_stamp(key, row), path=self._path(row.recording)))
        last = max(row.ended_at for row in rows)
        stamp = _later(_stamp(key, rows[0]), last)
        events.append(Ended(**stamp, cause=_CAUSES.get(rows[-1].disposition, 16), by_customer=True))
        order = sorted(events[1:], key=lambda event: event.at)
        return Filled(**stamp, events=(events[0], *order), gap=self._gap)

    def _path(self, file: str) -> str:
        if file.startswith("/"):
            return file
        dated = _DATED.search(file)
        return "/".join((self._spool, *(dated.groups() if dated else ()), file))


_CAUSES: Final = {"BUSY": 17, "FAILED": 1}


def _stamp(key: CallKey, row: CdrRow) -> dict[str, Any]:
    return {"call": key, "at": row.at, "mono": row.at.timestamp()}


def _later(stamp: dict[str, Any], at: datetime) -> dict[str, Any]:
    return stamp | {"at": at, "mono": at.timestamp()}


def _queue(row: CdrRow) -> str:
    return row.data.replace("|", ",").partition(",")[0].strip()


def _visit(key: CallKey, queue: str, rows: Sequence[CdrRow]) -> Iterable[PastEvent]:
    """Each leg's record says since when its caller waited: all of them tell of one visit."""
    talks = [row.answered_at for row in rows if row.disposition == "ANSWERED" and row.to_channel and row.answered_at]
    stamp = _stamp(key, rows[0])
    yield QueueJoined(**stamp, queue=queue)
    left = min(talks) if talks else max(row.ended_at for row in rows)
    result = QueueResult.ANSWERED if talks else QueueResult.ABANDONED
    yield QueueLeft(**_later(stamp, left), queue=queue, result=result)


def _talk(stamp: dict[str, Any], row: CdrRow, device: Device, leg: str, via: Via) -> Iterable[PastEvent]:
    start, end = _later(stamp, row.answered_at or row.at), _later(stamp, row.ended_at)
    yield Joined(**start, leg=leg, device=device, via=via)
    yield Left(**end, leg=leg, device=device)
    yield LegEnded(**end, leg=leg, device=device)
