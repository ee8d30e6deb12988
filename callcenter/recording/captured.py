"""What the rows say of a recording that is picked up, and what becomes of it there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter import jobs
from callcenter.crm import sounds
from callcenter.crm.models.calls import CallRow, RecordingRow
from callcenter.crm.privacy import policies
from callcenter.crm.privacy.rules import Verdict
from callcenter.crm.upsert import update_row
from callcenter.recording import renditions
from callcenter.recording.files import FileFault

KIND: Final = "store_recording"
LISTEN: Final = "transcribe"
SETTLED: Final = frozenset({"stored", "refused", "erased"})
_FORGOTTEN_AFTER: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A recording, when its call ended, whether it may be kept, and the digests of what is stored of the call."""

    row: RecordingRow
    ended_at: datetime | None
    verdict: Verdict
    beside: frozenset[str]


def case(session: Session, recording: UUID) -> Case:
    row = session.get_one(RecordingRow, recording)
    call = session.get_one(CallRow, row.call_id)
    verdict = policies.judge(session, row)
    return Case(row=row, ended_at=call.ended_at, verdict=verdict, beside=_beside(session, row))


def settle(session: Session, recording: UUID, values: Mapping[str, Any]) -> str:
    """What became of it, and the state it has now: another one where it was erased meanwhile, or where another file of
    its call was stored with the same sound. On a call that is kept stands what its caller was told."""
    call_id = session.scalars(select(RecordingRow.call_id).where(RecordingRow.id == recording)).one()
    call = session.get_one(CallRow, call_id, with_for_update=True)
    row = session.get_one(RecordingRow, recording)
    if row.state in SETTLED:
        _take_back(session, values)
        return row.state
    if values.get("sha256") in _beside(session, row):
        _take_back(session, values)
        values = {"state": "refused", "error": FileFault.DUPLICATE}
    update_row(session, RecordingRow, recording, values)
    if values["state"] == "stored":
        jobs.enqueue(session, LISTEN, {"recording": str(recording)}, at=values["stored_at"])
        renditions.ask_to_pack(session, recording, values["stored_at"])
        policies.note_notices(session, call)
    return str(values["state"])


def _take_back(session: Session, values: Mapping[str, Any]) -> None:
    """What was put into the store is not kept."""
    if "store_key" in values:
        sounds.drop(session, [values["store_key"]], values["stored_at"])


def forgotten(session: Session, now: datetime) -> int:
    """Hands over recordings whose calls ended while nobody listened; how many."""
    over = session.scalars(
        select(RecordingRow)
        .join(CallRow, CallRow.id == RecordingRow.call_id)
        .where(RecordingRow.state == "recording", RecordingRow.started_at < now - _FORGOTTEN_AFTER)
        .where(CallRow.ended_at.is_not(None))
    ).all()
    for row in over:
        row.state = "waiting"
        jobs.enqueue(session, KIND, {"recording": str(row.id)}, at=now)
    return len(over)


def _beside(session: Session, row: RecordingRow) -> frozenset[str]:
    """Digests of other recordings of the call that are stored."""
    others = select(RecordingRow.sha256).where(
        RecordingRow.call_id == row.call_id, RecordingRow.id != row.id, RecordingRow.state == "stored"
    )
    return frozenset(session.scalars(others))
