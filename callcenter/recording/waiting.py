"""What waits to be heard, and how long that takes at the pace of the recordings that were heard last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from callcenter.crm.models.calls import RecordingRow
from callcenter.crm.models.transcripts import Transcript
from callcenter.jobs import Job
from callcenter.recording.captured import LISTEN

_LAST: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Mean seconds of work for a recording, and for a second of its sound."""

    each_s: float
    rtf: float

    def wait_s(self, ahead: int, sound_s: float, processes: int) -> float:
        """Until a recording is heard that so many others are before."""
        return ahead * self.each_s / processes + sound_s * self.rtf


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """``oldest``: since when the first of them could be heard; ``ready_in_s`` None: none was heard yet."""

    waiting: int
    oldest: datetime | None
    ready_in_s: float | None


def pace(session: Session) -> Pace | None:
    """None where nothing was heard yet."""
    last = (
        select(Transcript.work_s, RecordingRow.duration_s)
        .join(RecordingRow, RecordingRow.id == Transcript.recording_id)
        .where(Transcript.state == "done", Transcript.work_s > 0)
        .order_by(Transcript.id.desc())
        .limit(_LAST)
    )
    heard = session.execute(last).all()
    work, sound = sum(row.work_s for row in heard), sum(row.duration_s for row in heard)
    return Pace(each_s=work / len(heard), rtf=work / sound) if heard and sound else None


def backlog(session: Session, now: datetime, processes: int) -> Waiting:
    """All that wait."""
    due = select(func.count(), func.min(Job.run_at)).where(_open(), Job.run_at < now)
    waiting, oldest = session.execute(due).one()
    known = pace(session)
    ready = known.wait_s(waiting, 0.0, processes) if known else None
    return Waiting(waiting=waiting, oldest=oldest, ready_in_s=ready)


def ready_in(session: Session, recording: UUID, processes: int) -> float | None:
    """Seconds until this one is heard; None where it does not wait, or nothing was heard yet. One that has to be tried
    again comes in its own time, so that this is the least."""
    mine = Job.args["recording"].as_string() == str(recording)
    at = session.scalar(select(Job.run_at).where(_open(), mine).limit(1))
    known = pace(session)
    if at is None or known is None:
        return None
    ahead = session.scalar(select(func.count()).where(_open(), Job.run_at < at)) or 0
    length = session.scalar(select(RecordingRow.duration_s).where(RecordingRow.id == recording)) or 0.0
    return known.wait_s(ahead, length, processes)


def _open() -> ColumnElement[bool]:
    return (Job.kind == LISTEN) & Job.done_at.is_(None)
