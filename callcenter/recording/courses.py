"""What the rows say of a recording's course: when in its call it was made, and what of it is silent on purpose."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter.crm.models.calls import CallRow, PauseRow, RecordingRow, SegmentRow
from callcenter.recording.course import Course, Piece, course, together
from callcenter.recording_events import PauseEnd


def of(session: Session, row: RecordingRow) -> Course:
    """Of a stored recording."""
    return _of(session, row, row.duration_s)


def of_call(session: Session, rows: Sequence[RecordingRow]) -> tuple[Piece, ...]:
    """Of the stored recordings of one call."""
    return together((row.id, of(session, row)) for row in rows if row.state == "stored")


def second(session: Session, row: RecordingRow, duration_s: float, at: datetime) -> float:
    """Of a recording that lasts so long, for a moment of its call."""
    return _of(session, row, duration_s).second(at)


def _of(session: Session, row: RecordingRow, duration_s: float) -> Course:
    """Whether its recorder waited for talks its length tells; where a later one began after so long, by what was said
    until then."""
    ended_at = session.scalar(select(CallRow.ended_at).where(CallRow.id == row.call_id))
    talks = session.execute(
        select(SegmentRow.answered_at, SegmentRow.ended_at).where(
            SegmentRow.call_id == row.call_id, SegmentRow.answered_at.is_not(None)
        )
    )
    later = select(func.min(RecordingRow.started_at)).where(
        RecordingRow.call_id == row.call_id,
        RecordingRow.started_at >= row.started_at + timedelta(seconds=duration_s),
        RecordingRow.id != row.id,
    )
    until = min((at for at in (ended_at, session.scalar(later)) if at), default=None)
    spans = ((begun, min(over or until, until)) for begun, over in talks if until and begun and begun < until)
    return course(row.started_at, duration_s, list(spans))


def paused(session: Session, row: RecordingRow) -> tuple[tuple[float, float], ...]:
    """From which to which second it keeps nothing, because an agent paused it."""
    pauses = session.scalars(
        select(PauseRow)
        .where(PauseRow.call_id == row.call_id, PauseRow.ended != PauseEnd.FAILED)
        .order_by(PauseRow.seq)
    ).all()
    if not pauses or row.state != "stored":
        return ()
    way = of(session, row)
    found = ((way.second(one.from_at), way.second(one.to_at or one.until)) for one in pauses)
    return tuple((begun, over) for begun, over in found if over > begun)
