"""Looks at what a PBX recorded of calls that nobody answered: many at once, for most hold nothing.

That a file is without sound is certain only when nobody has written to it for a while. One that holds a sound all the
same (a message, a PBX that records what rings) is handed over like any other. What is forgotten here, because the
service ended meanwhile, is handed over by the capture's sweep.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from callcenter.call import Changed
from callcenter.clock import Clock
from callcenter.config import Received, Recordings
from callcenter.contain import contained
from callcenter.crm.follow_up import hand_over
from callcenter.crm.models.calls import RecordingRow
from callcenter.db import Database
from callcenter.errors import CallcenterError
from callcenter.recording.files import FileFault, NotARecording, inspect, spool_of, still_for, within

_CERTAIN_AFTER: Final = timedelta(seconds=6)
_STILL: Final = timedelta(seconds=5)
_LOOK_SECONDS: Final = 5.0
_AT_ONCE: Final = 500
_PENDING: Final = 20_000
_UNSEEN: Final = {"synchronize_session": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    """A recording that nobody has handed over."""

    id: UUID
    call: UUID
    pbx: str
    path: str


class Unanswered:
    """Subscriber of the bus; ``run`` for ever. ``spools`` says where each PBX's recordings are."""

    def __init__(self, db: Database, clock: Clock, spools: Callable[[str], Recordings]) -> None:
        self._db = db
        self._clock = clock
        self._spools = spools
        self._over: dict[UUID, datetime] = {}
        self._stirred = asyncio.Event()

    async def changed(self, change: Changed) -> None:
        call = change.after
        if call.id and call.ended_at and call.recordings and not call.answered_at and len(self._over) < _PENDING:
            self._over.setdefault(call.id, call.ended_at)
            self._stirred.set()

    async def run(self) -> None:
        while True:
            await self._stirred.wait()
            await asyncio.sleep(_LOOK_SECONDS)
            with contained("unanswered"):
                await self.look()

    async def look(self) -> None:
        """One look at those that ended long enough ago. Raises Unavailable: they are looked at again."""
        now = self._clock.now()
        due = [call for call, ended_at in self._over.items() if now - ended_at > _CERTAIN_AFTER][:_AT_ONCE]
        if due:
            found = await self._db.read(lambda session: _written(session, due))
            silent = await asyncio.to_thread(self._silent, found, now)
            await self._db.write(lambda session: _settle(session, found, silent, now), hardened=False)
        for call in due:
            del self._over[call]
        if not self._over:
            self._stirred.clear()

    def _silent(self, found: Sequence[_Written], now: datetime) -> frozenset[UUID]:
        """What was sent here is settled by whoever stores it, and what else there is to say of a file, said there."""
        silent: set[UUID] = set()
        for pbx in {one.pbx for one in found}:
            place = self._spools(pbx)
            if not isinstance(place, Received):
                silent |= _silent_in(place, [one for one in found if one.pbx == pbx], now)
        return frozenset(silent)


def _silent_in(place: Recordings, found: Sequence[_Written], now: datetime) -> set[UUID]:
    try:
        spool = spool_of(place)
    except CallcenterError:
        return set()
    return {one.id for one in found if _is_silent(spool, one.path, place.pbx_spool, now)}


def _is_silent(spool: Path, path: str, pbx_spool: str, now: datetime) -> bool:
    try:
        file = within(spool, path, pbx_spool)
        return _empty(file) and still_for(file, now) > _STILL
    except (CallcenterError, OSError):
        return False


def _empty(file: Path) -> bool:
    try:
        inspect(file)
    except NotARecording as wrong:
        return wrong.fault is FileFault.EMPTY
    return False


def _written(session: Session, calls: Sequence[UUID]) -> list[_Written]:
    wanted = select(RecordingRow.id, RecordingRow.call_id, RecordingRow.pbx, RecordingRow.path)
    rows = session.execute(wanted.where(RecordingRow.call_id.in_(calls), RecordingRow.state == "recording"))
    return [_Written(id=row.id, call=row.call_id, pbx=row.pbx, path=row.path) for row in rows]


def _settle(session: Session, found: Sequence[_Written], silent: frozenset[UUID], now: datetime) -> None:
    """Only what nobody has handed over meanwhile."""
    empty = update(RecordingRow).where(RecordingRow.id.in_(silent), RecordingRow.state == "recording")
    session.execute(empty.values(state="empty", error=FileFault.EMPTY), execution_options=_UNSEEN)
    for call in {one.call for one in found if one.id not in silent}:
        hand_over(session, call, now)
