"""What the rows say of a recording's course: when in its call it was made, and what of it is silent on purpose."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.crm.models.calls import CallRow, PauseRow, RecordingRow, SegmentRow
from callcenter.recording.course import Course, course
from callcenter.recording_events import PauseEnd


def of(session: Session, row: RecordingRow) -> Course:
    """Of a stored recording."""
    return _of(session, row, row.duration_s)


def second(session: Session, row: RecordingRow, duration_s: float, at: datetime) -> float:
    """Of a recording that lasts so long, for a moment of its call."""
    return _of(session, row, duration_s).second(at)


def _of(session: Session, row: RecordingRow, duration_s: float) -> Course:
    ended_at = session.scalar(select(CallRow.ended_at).where(CallRow.id == row.call_id))
    talks = session.execute(
        select(SegmentRow.answered_at, SegmentRow.ended_at).where(
            SegmentRow.call_id == row.call_id, SegmentRow.answered_at.is_not(None)
        )
    )
    spans = ((begun, over or ended_at) for begun, over in talks)
    return course(row.started_at, duration_s, [(begun, over) for begun, over in spans if begun and over])


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
