"""Counts answered calls against recordings, and files against calls: every night, and whenever somebody asks.

A file that no call knows, but whose name tells of a call without a recording, is given to that call.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from math import nan
from typing import Any, Final
from uuid import UUID

from prometheus_client import Gauge
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from callcenter import jobs
from callcenter.clock import Clock
from callcenter.config import Recordings
from callcenter.contain import contained
from callcenter.crm import tallies, tally_policy, zones
from callcenter.crm.absence import Absence, Fate
from callcenter.crm.models.calls import CallRow, RecordingRow, SegmentRow
from callcenter.crm.models.tallies import TallyRow
from callcenter.crm.tallies import Span
from callcenter.crm.upsert import upsert
from callcenter.db import Database
from callcenter.errors import CallcenterError
from callcenter.log import logger
from callcenter.recording.captured import KIND
from callcenter.recording.files import NotARecording, inspect, locate
from callcenter.recording.strays import Found, Stray, walk

log = logger(__name__)
_LOOK_SECONDS: Final = 60.0
_FRESH: Final = timedelta(minutes=5)
"""A file that was written to within it may be in the making."""
calls_gauge = Gauge(
    "callcenter_recordings_tally_calls", "Answered calls at the last count, by what they have", ["fate"]
)
strays_gauge = Gauge("callcenter_recordings_tally_strays", "Files without a call at the last count")
explained_gauge = Gauge(
    "callcenter_recordings_tally_explained_ratio", "Answered calls with a recording or a reason, of all, at that count"
)
explained_gauge.set(nan)
finished_gauge = Gauge("callcenter_recordings_tally_finished_timestamp_seconds", "When the last count was finished")


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The PBXs, and where the recordings of each are."""

    names: tuple[str, ...]
    of: Callable[[str], Recordings]


class Tally:
    """``run`` for ever; ``ask`` for a count at once. ``look`` is one look at the clock, for whoever moves it."""

    def __init__(self, db: Database, clock: Clock, places: Places) -> None:
        self._db = db
        self._clock = clock
        self._places = places
        self._since = clock.now()
        self._asked: UUID | None = None
        self._wake = asyncio.Event()
        self.counting = False

    async def run(self) -> None:
        with contained("tally"):
            if done := await self._db.read(lambda s: tallies.last(s, whole=True)):
                _publish(done)
        while True:
            with contained("tally"):
                await self.look()
            try:
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()

    def ask(self, by: UUID) -> None:
        """One soon; asked for twice, it is one."""
        self._asked, self.counting = by, True
        self._wake.set()

    async def look(self) -> bool:
        """Makes the count that was asked for or is due; whether there was one."""
        by, self._asked = self._asked, None
        if by is None and not await self._db.read(self._due):
            self.counting = False
            return False
        await self.count(by=by, night=by is None)
        return True

    async def count(self, *, by: UUID | None = None, night: bool = False) -> TallyRow:
        """Of the last day; by night, of all since the night before."""
        self.counting = True
        try:
            now = self._clock.now()
            row = await self._db.write(lambda s: tallies.begin(s, now, by=by, night=night))
            span = Span(since=row.from_at, until=row.to_at)
            counts: Counter[str] = Counter()
            for pbx in self._places.names:
                counts += await self._strays(row.id, pbx, span)
                counts += await self._calls(row.id, pbx, span)
            await self._again(row.id)
            told = {name: counts[name] for name in (*Fate, "strays", "linked")}
            done = await self._db.write(lambda s: tallies.finish(s, row.id, told, self._clock.now()))
        finally:
            self.counting = False
        _publish(done)
        log.info("recordings_counted", answered=done.answered, **told)
        return done

    def _due(self, session: Session) -> bool:
        due = tally_policy.read(session).due(self._clock.now(), zones.read(session))
        before = tallies.last(session, night=True)
        return self._since < due if before is None else before.started_at < due or before.finished_at is None

    async def _calls(self, tally: UUID, pbx: str, span: Span) -> Counter[str]:
        counts: Counter[str] = Counter()
        after: tallies.PageKey | None = None
        while rows := await self._db.read(partial(tallies.some_calls, pbx=pbx, span=span, after=after)):
            counts += await self._db.write(partial(tallies.count, tally=tally, rows=rows, now=self._clock.now()))
            after = (rows[-1].ended_at, rows[-1].id)
        return counts

    async def _strays(self, tally: UUID, pbx: str, span: Span) -> Counter[str]:
        """The files of the time that no call knows; first, so that a call that is given one has it."""
        counts: Counter[str] = Counter()
        where = self._places.of(pbx)
        found = walk(where, span.since, span.until - _FRESH)
        while some := await asyncio.to_thread(_some, found, pbx):
            paths = [one.path for one in some]
            new = await self._db.read(partial(tallies.unknown, pbx=pbx, paths=paths))
            for one in some:
                if one.path in new:
                    counts[await self._stray(tally, pbx, one)] += 1
        return counts

    async def _stray(self, tally: UUID, pbx: str, one: Found) -> str:
        """``linked`` or ``strays``."""
        try:
            wave = await asyncio.to_thread(inspect, one.place)
            began_at, fault = one.written_at - timedelta(seconds=wave.duration_s), ""
        except (NotARecording, OSError) as wrong:
            began_at, fault = one.written_at, wrong.fault if isinstance(wrong, NotARecording) else Stray.UNREADABLE

        def write(session: Session) -> str:
            call = _whose(session, pbx, one.ids)
            if call and call.ended_at is None:
                return "open"
            reason = _given(session, call, one, began_at, self._clock.now()) if call else Stray.NO_CALL
            if not reason:
                return "linked"
            values = {"thing": one.path, "reason": fault or reason, "at": one.written_at, "size": one.size}
            tallies.note_stray(session, tally, pbx, values)
            return "strays"

        return await self._db.write(write)

    async def _again(self, tally: UUID) -> None:
        """What earlier counts found, and has been mended since."""
        now, after = self._clock.now(), None
        while after := await self._db.write(partial(tallies.look_again, tally=tally, now=now, after=after)):
            pass
        while rows := await self._db.read(partial(tallies.strays_before, tally=tally, after=after)):
            after = rows[-1].id
            gone = [row.id for row in rows if not await asyncio.to_thread(self._there, row.pbx, row.thing)]
            for pbx in {row.pbx for row in rows}:
                mine = [row for row in rows if row.pbx == pbx]
                new = await self._db.read(partial(tallies.unknown, pbx=pbx, paths=[row.thing for row in mine]))
                gone += [row.id for row in mine if row.thing not in new]
            await self._db.write(partial(tallies.drop, findings=gone))

    def _there(self, pbx: str, path: str) -> bool:
        try:
            return locate(path, self._places.of(pbx)).exists()
        except (CallcenterError, OSError):
            return True


def _some(found: Iterator[Found], pbx: str) -> list[Found]:
    """The next of them; without a folder that can be read there are none, which the status page tells."""
    try:
        return list(islice(found, tallies.BATCH))
    except OSError as wrong:
        log.warning("recordings_not_listed", pbx=pbx, error=str(wrong))
        return []


def _whose(session: Session, pbx: str, ids: Sequence[str]) -> CallRow | None:
    """The call of a channel."""
    by_leg = select(SegmentRow.call_id).where(SegmentRow.leg.in_(ids))
    found = select(CallRow).where(CallRow.pbx == pbx, or_(CallRow.uniqueid.in_(ids), CallRow.id.in_(by_leg)))
    return session.scalars(found.limit(1)).first()


def _given(session: Session, call: CallRow, one: Found, began_at: datetime, now: datetime) -> str:
    """Gives the file to its call; "" where that was done, else why not. Whether it may be kept is decided when it is
    stored."""
    if session.scalar(select(RecordingRow.id).where(RecordingRow.call_id == call.id).limit(1)):
        return Stray.SECOND
    values: dict[str, Any] = {"call_id": call.id, "state": "waiting", "error": Absence.LATE}
    values["started_at"] = max(began_at, call.started_at)
    recording = upsert(session, RecordingRow, {"pbx": call.pbx, "path": one.path}, values)
    jobs.enqueue(session, KIND, {"recording": str(recording)}, at=now)
    return ""


def explained(row: TallyRow) -> float:
    """The share of the answered calls that have a recording or a reason."""
    return 1 - row.unexplained / row.answered if row.answered else 1.0


def _publish(row: TallyRow) -> None:
    for one in Fate:
        calls_gauge.labels(fate=one).set(getattr(row, one))
    strays_gauge.set(row.strays)
    explained_gauge.set(explained(row))
    if row.finished_at:
        finished_gauge.set(row.finished_at.timestamp())
