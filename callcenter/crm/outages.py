"""Outages as rows: they are the list of what has yet to be read, which a restart does not shorten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, tuple_
from sqlalchemy.orm import Session

from callcenter.crm.models.calls import CallRow, GapRow
from callcenter.crm.models.outages import OutageRow
from callcenter.crm.upsert import upsert
from callcenter.errors import NotFound
from callcenter.events import Gap, GapCause
from callcenter.pbx_events import Outage

NOT_SET: Final = "history_not_set"
MISSING: Final = "history_missing"
"""Nothing is written there: also the case of a PBX that has had no call yet."""
_AGAIN: Final = timedelta(seconds=30)
"""Databases are written to a little later than calls end, so what was read at once is read once more."""
_FRESH: Final = timedelta(minutes=2)
_WAITS: Final = tuple(timedelta(seconds=seconds) for seconds in (5, 15, 60, 300, 900, 3600))
_PATIENCE: Final = timedelta(days=3)
_KEPT: Final = timedelta(days=400)


class OutageState(StrEnum):
    """``NOT_SET``: nobody said where the PBX writes its calls down. ``GIVEN_UP``: it could not be read for days."""

    WAITING = "waiting"
    FILLED = "filled"
    NOT_SET = "not_set"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """An outage that is to be read now."""

    id: UUID
    pbx: str
    gap: Gap
    begun: datetime
    booted_at: datetime | None


def keep(session: Session, told: Outage, now: datetime) -> None:
    """Writes down that nobody listened, and forgets what was long ago."""
    session.execute(delete(OutageRow).where(OutageRow.to_at < told.at - _KEPT))
    state = OutageState.NOT_SET if told.code == NOT_SET else OutageState.WAITING if told.code else OutageState.FILLED
    values = {
        "cause": told.gap.cause,
        "begun_at": told.begun,
        "booted_at": told.booted_at,
        "state": state,
        "code": told.code,
        "remedy": told.remedy,
        "tries": 0,
        "read_at": now if state is OutageState.FILLED else None,
        "next_at": {OutageState.NOT_SET: None, OutageState.WAITING: now}.get(state, now + _AGAIN),
    }
    upsert(session, OutageRow, {"pbx": told.pbx, "from_at": told.gap.from_at, "to_at": told.gap.to_at}, values)


def due(session: Session, now: datetime) -> Due | None:
    """What is to be read first, None: nothing yet."""
    wanted = select(OutageRow).where(OutageRow.next_at <= now).order_by(OutageRow.next_at).limit(1)
    row = session.scalars(wanted).first()
    if row is None:
        return None
    gap = Gap(from_at=row.from_at, to_at=row.to_at, cause=GapCause(row.cause), filled_from="")
    return Due(id=row.id, pbx=row.pbx, gap=gap, begun=row.begun_at, booted_at=row.booted_at)


def next_at(session: Session) -> datetime | None:
    """When something is to be read, None: nothing waits."""
    return session.scalar(select(func.min(OutageRow.next_at)))


def read(session: Session, outage: UUID, now: datetime) -> None:
    """All of it was read and is in the record."""
    row = session.get_one(OutageRow, outage)
    fresh = row.read_at is None and now - row.to_at < _FRESH
    row.state, row.code, row.remedy, row.tries = OutageState.FILLED, "", "", 0
    row.read_at, row.next_at = now, now + _AGAIN if fresh else None


def failed(session: Session, outage: UUID, why: tuple[str, str], now: datetime) -> None:
    """It could not be read: ``why`` are code and remedy. It is tried again with growing pauses, for days."""
    row = session.get_one(OutageRow, outage)
    row.code, row.remedy = why
    row.next_at = now + _WAITS[min(row.tries, len(_WAITS) - 1)]
    row.tries += 1
    if row.code == NOT_SET:
        row.state, row.next_at = OutageState.NOT_SET, None
    elif now - row.to_at > _PATIENCE:
        row.state, row.next_at = OutageState.GIVEN_UP, None
    elif row.state != OutageState.FILLED:
        row.state = OutageState.WAITING


def again(session: Session, outage: UUID, now: datetime) -> str:
    """Somebody wants it read now; the name of the PBX. Raises NotFound."""
    row = session.get(OutageRow, outage)
    if row is None:
        raise NotFound("there is no such outage")
    row.next_at, row.tries = now, 0
    return row.pbx


def failing(session: Session, pbx: str) -> tuple[str, str] | None:
    """Code and remedy of the newest outage of a PBX that could not be read, None where all were."""
    wanted = OutageRow.pbx == pbx, OutageRow.code.not_in(("", NOT_SET, MISSING))
    row = session.scalars(select(OutageRow).where(*wanted).order_by(OutageRow.to_at.desc()).limit(1)).first()
    return (row.code, row.remedy) if row and row.next_at else None


def page(
    session: Session, pbx: str, limit: int, after: tuple[datetime | None, UUID] | None
) -> tuple[Sequence[OutageRow], dict[UUID, int]]:
    """One more than ``limit`` of a PBX's outages, the newest first, and how many calls each was found to hold."""
    wanted: list[ColumnElement[bool]] = [OutageRow.pbx == pbx]
    if after and after[0]:
        wanted.append(tuple_(OutageRow.to_at, OutageRow.id) < after)
    order = OutageRow.to_at.desc(), OutageRow.id.desc()
    rows = session.scalars(select(OutageRow).where(*wanted).order_by(*order).limit(limit + 1)).all()
    same = select(GapRow.from_at, GapRow.to_at, func.count()).join(CallRow, CallRow.id == GapRow.call_id)
    same = same.where(GapRow.from_at.in_([row.from_at for row in rows]), CallRow.pbx == pbx)
    counted = {(f, t): n for f, t, n in session.execute(same.group_by(GapRow.from_at, GapRow.to_at))}
    return rows, {row.id: counted.get((row.from_at, row.to_at), 0) for row in rows}
