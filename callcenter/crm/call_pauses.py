"""Pauses of a call's recordings as rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.call import Call, Pause
from callcenter.crm import audit
from callcenter.crm.models.calls import PauseRow
from callcenter.crm.upsert import upsert
from callcenter.recording_events import PauseEnd


def save(session: Session, before: Call | None, after: Call) -> None:
    """Writes those that are new or differ."""
    known = before.pauses if before else ()
    for seq, pause in enumerate(after.pauses):
        if known[seq : seq + 1] != (pause,):
            values: dict[str, Any] = {"from_at": pause.from_at, "until": pause.until, "to_at": pause.to_at}
            values |= {"by_id": pause.by, "ended": pause.ended or ""}
            upsert(session, PauseRow, {"call_id": after.id, "seq": seq}, values)


def note_end(session: Session, before: Call | None, after: Call, now: datetime) -> None:
    """Puts on the trail what ended by itself; what an agent ended is noted with his name where he asks for it."""
    if before is None or before.pause is None or after.pause:
        return
    pause = after.pauses[-1]
    if pause.to_at and pause.ended in (PauseEnd.TIME, PauseEnd.CALL):
        seconds = round((pause.to_at - pause.from_at).total_seconds())
        thing = ("call", str(after.id))
        audit.record(session, None, "resume_recording", thing, now, how=str(pause.ended), seconds=seconds)


def load(session: Session, call: UUID) -> tuple[Pause, ...]:
    """All of a call, in order."""
    rows = session.scalars(select(PauseRow).where(PauseRow.call_id == call).order_by(PauseRow.seq))
    return tuple(
        Pause(
            from_at=row.from_at,
            until=row.until,
            by=row.by_id,
            to_at=row.to_at,
            ended=PauseEnd(row.ended) if row.ended else None,
        )
        for row in rows
    )
