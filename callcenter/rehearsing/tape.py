"""The recording of a test call, from the PBX's spool into the store: watched, for as long as one may wait for it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.crm.models.calls import RecordingRow
from callcenter.routing.outside import Outside

_WAIT_SECONDS: Final = 20.0
_TICK_SECONDS: Final = 0.25
_LOST: Final = frozenset({"missing", "empty", "erased"})
_ILL: Final = frozenset({"spool_not_set", "spool_unreadable", "store_unavailable"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Tape:
    """``code`` says why it is not ``stored``, ``remedy`` what to do where another part knows it better; ``lack`` is the
    rule that forbids it."""

    stored: bool
    path: str
    code: str = ""
    remedy: str = ""
    lack: str = ""


async def followed(out: Outside, call: UUID) -> Tape:
    """What became of it; after a while it is late, whatever may still come."""
    until = out.clock.monotonic() + _WAIT_SECONDS
    while True:
        state, path, error = await out.db.read(lambda s: _row(s, call))
        part = out.health.parts.get("recordings")
        if state == "stored":
            return Tape(stored=True, path=path)
        if state == "refused":
            return Tape(stored=False, path=path, code="recording_refused", lack=error)
        if part and not part.ok and part.code in _ILL:
            return Tape(stored=False, path=path, code=part.code, remedy=part.remedy)
        if state in _LOST or out.clock.monotonic() > until:
            return Tape(stored=False, path=path, code="recording_late")
        await asyncio.sleep(_TICK_SECONDS)


def _row(session: Session, call: UUID) -> tuple[str, str, str]:
    """StepState, path on the PBX, and what went wrong."""
    wanted = select(RecordingRow).where(RecordingRow.call_id == call).order_by(RecordingRow.started_at).limit(1)
    row = session.scalars(wanted).first()
    return (row.state, row.path, row.error or "") if row else ("", "", "")
