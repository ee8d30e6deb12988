"""Counts of recordings against calls as rows: begun, added to, finished, and what they found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, or_, select, tuple_
from sqlalchemy.orm import Session

from callcenter.crm import unrecorded
from callcenter.crm.absence import Fate, fate
from callcenter.crm.models.calls import CallRow, QueueVisitRow, RecordingRow
from callcenter.crm.models.tallies import FindingRow, TallyRow
from callcenter.crm.rights import Actor
from callcenter.crm.upsert import upsert
from callcenter.crm.visible import listed_calls

BATCH: Final = 200
STRAY: Final = "stray"
"""The fate of a file without a call."""
KEPT: Final = timedelta(days=90)
_LONGEST: Final = timedelta(days=7)
_USUAL: Final = timedelta(days=1)
PageKey = tuple[datetime | None, UUID]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """None and ``""``: whatever. ``began`` and ``before`` bound ``at``."""

    began: datetime | None = None
    before: datetime | None = None
    queue: str = ""
    pbx: str = ""
    fate: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The calls that ended within it."""

    since: datetime
    until: datetime


def last(session: Session, *, night: bool = False, whole: bool = False) -> TallyRow | None:
    """The newest; of those made by night, or of those that came to their end."""
    found = select(TallyRow).order_by(TallyRow.started_at.desc(), TallyRow.id.desc()).limit(1)
    if night:
        found = found.where(TallyRow.night)
    if whole:
        found = found.where(TallyRow.finished_at.is_not(None))
    return session.scalars(found).first()


def begin(session: Session, now: datetime, *, by: UUID | None, night: bool) -> TallyRow:
    """A count of the last day; by night, of all since the night before. One that was cut off is made anew."""
    before = last(session, night=True, whole=True)
    since = min(now - _USUAL, max(before.to_at, now - _LONGEST)) if night and before else now - _USUAL
    row = last(session, night=True) if night else None
    if row is None or row.finished_at:
        row = TallyRow(by_id=by, night=night)
        session.add(row)
    row.from_at, row.to_at, row.started_at = since, now, now
    session.flush()
    return row


def some_calls(session: Session, pbx: str, span: Span, after: PageKey | None) -> list[CallRow]:
    """A batch of a PBX's answered calls, in the order in which they ended."""
    found = select(CallRow).where(CallRow.pbx == pbx, CallRow.ended_at >= span.since, CallRow.ended_at < span.until)
    if after:
        found = found.where(tuple_(CallRow.ended_at, CallRow.id) > after)
    rows = session.scalars(found.order_by(CallRow.ended_at, CallRow.id).limit(BATCH))
    return list(rows)


def count(session: Session, tally: UUID, rows: Sequence[CallRow], now: datetime) -> Counter[str]:
    """Writes down which of these calls have no sound; how many met which fate."""
    wanted = [row for row in rows if unrecorded.expected(row)]
    why = unrecorded.reasons(session, wanted, now)
    queues = _queues(session, list(why))
    for row in wanted:
        if reason := why.get(row.id):
            told = {"call_id": row.id, "queue": queues.get(row.id, ""), "reason": reason, "at": row.started_at}
            told |= {"tally_id": tally, "fate": fate(reason)}
            upsert(session, FindingRow, {"pbx": row.pbx, "thing": str(row.id)}, told)
    return Counter(fate(why.get(row.id, "")) for row in wanted)


def look_again(session: Session, tally: UUID, now: datetime, after: UUID | None) -> UUID | None:
    """Of what earlier counts found a batch: what was mended goes, what turned out worse says so. Where to go on."""
    found = select(FindingRow).where(FindingRow.tally_id != tally, FindingRow.call_id.is_not(None))
    if after:
        found = found.where(FindingRow.id > after)
    rows = session.scalars(found.order_by(FindingRow.id).limit(BATCH)).all()
    calls = session.scalars(select(CallRow).where(CallRow.id.in_([row.call_id for row in rows]))).all()
    why = unrecorded.reasons(session, calls, now)
    for row in rows:
        reason = why.get(row.call_id) if row.call_id else None
        if reason is None:
            session.delete(row)
        elif row.fate in (Fate.DELAYED, Fate.UNEXPLAINED):
            row.reason, row.fate = reason, fate(reason)
    return rows[-1].id if len(rows) == BATCH else None


def strays_before(session: Session, tally: UUID, after: UUID | None) -> list[FindingRow]:
    """Of the files that earlier counts found a batch."""
    found = select(FindingRow).where(FindingRow.tally_id != tally, FindingRow.call_id.is_(None))
    if after:
        found = found.where(FindingRow.id > after)
    return list(session.scalars(found.order_by(FindingRow.id).limit(BATCH)))


def drop(session: Session, findings: Collection[UUID]) -> None:
    session.execute(delete(FindingRow).where(FindingRow.id.in_(findings)))


def note_stray(session: Session, tally: UUID, pbx: str, values: Mapping[str, Any]) -> None:
    """A file without a call; ``values``: thing, reason, at and size."""
    natural = {"pbx": pbx, "thing": values["thing"]}
    told = {name: value for name, value in values.items() if name != "thing"}
    upsert(session, FindingRow, natural, {**told, "tally_id": tally, "fate": STRAY})


def unknown(session: Session, pbx: str, paths: Sequence[str]) -> set[str]:
    """Those of a PBX's files that belong to no recording."""
    known = select(RecordingRow.path).where(RecordingRow.pbx == pbx, RecordingRow.path.in_(paths))
    return set(paths) - set(session.scalars(known))


def finish(session: Session, tally: UUID, counts: Mapping[str, int], now: datetime) -> TallyRow:
    """``counts`` by column. What is older than anybody looks for goes."""
    row = session.get_one(TallyRow, tally)
    for name, value in counts.items():
        setattr(row, name, value)
    row.answered, row.finished_at = sum(counts.get(one, 0) for one in Fate), now
    session.execute(delete(FindingRow).where(FindingRow.at < now - KEPT))
    session.execute(
        delete(TallyRow).where(
            TallyRow.started_at < now - KEPT, ~select(FindingRow.id).where(FindingRow.tally_id == TallyRow.id).exists()
        )
    )
    return row


def page(session: Session, wanted: Filter, actor: Actor, limit: int, after: PageKey | None) -> list[FindingRow]:
    """The newest first, one more than asked for where there are more. Calls that are not the actor's business are left
    out."""
    found = select(FindingRow).outerjoin(CallRow, CallRow.id == FindingRow.call_id)
    found = found.where(or_(FindingRow.call_id.is_(None), listed_calls(actor)))
    same = {"queue": wanted.queue, "pbx": wanted.pbx, "fate": wanted.fate, "reason": wanted.reason}
    found = found.where(*(getattr(FindingRow, name) == value for name, value in same.items() if value))
    if wanted.began:
        found = found.where(FindingRow.at >= wanted.began)
    if wanted.before:
        found = found.where(FindingRow.at < wanted.before)
    if after:
        found = found.where(tuple_(FindingRow.at, FindingRow.id) < after)
    return list(session.scalars(found.order_by(FindingRow.at.desc(), FindingRow.id.desc()).limit(limit + 1)))


def by_reason(session: Session, tally: UUID, *wanted: ColumnElement[bool]) -> dict[str, int]:
    """How many things a count found, by reason."""
    told = select(FindingRow.reason, func.count()).where(FindingRow.tally_id == tally, *wanted)
    return {str(reason): number for reason, number in session.execute(told.group_by(FindingRow.reason))}


def lost_by_reason(session: Session, pbx: str) -> dict[str, int]:
    """What the last count that came to its end missed at a PBX."""
    if (done := last(session, whole=True)) is None:
        return {}
    return by_reason(session, done.id, FindingRow.pbx == pbx, FindingRow.fate.in_((Fate.LOST, Fate.UNEXPLAINED)))


def _queues(session: Session, calls: Sequence[UUID]) -> dict[UUID, str]:
    """The last queue of each."""
    visits = select(QueueVisitRow.call_id, QueueVisitRow.queue).where(QueueVisitRow.call_id.in_(calls))
    in_order = visits.order_by(QueueVisitRow.call_id, QueueVisitRow.seq)
    return {call: str(queue) for call, queue in session.execute(in_order)}
