"""Why answered calls have no sound, by what the rows say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from callcenter.crm.absence import Facts, explain
from callcenter.crm.models.calls import CallRow, GapRow, PauseRow, RecordingRow, SegmentRow
from callcenter.crm.privacy import judging
from callcenter.ids import minted_at
from callcenter.jobs import Job
from callcenter.recording_events import PauseEnd
from callcenter.rehearsal import is_customer
from callcenter.tables import UtcDateTime

_untouched: Final = select(Job.id).where(
    Job.kind == "store_recording",
    Job.done_at.is_(None),
    Job.attempts == 0,
    Job.run_at < bindparam("now", type_=UtcDateTime()),
)


def expected(row: CallRow) -> bool:
    """Whether there must be a recording or a reason: somebody talked with a customer, and the call is over."""
    return row.answered_at is not None and row.ended_at is not None and not is_customer(row.uniqueid)


def reasons(session: Session, rows: Sequence[CallRow], now: datetime) -> dict[UUID, str]:
    """Why, by call; of those that are expected to have sound and have none."""
    wanted = [row for row in rows if expected(row)]
    files = _by_call(session, wanted, RecordingRow.call_id, RecordingRow.id, RecordingRow.state, RecordingRow.error)
    without = [row for row in wanted if all(state != "stored" for _, state, _ in files[row.id])]
    if not without:
        return {}
    lacks = judging.lacks_of(session, without)
    gaps = _by_call(session, without, GapRow.call_id, GapRow.from_at)
    pauses = _by_call(
        session, without, PauseRow.call_id, PauseRow.from_at, PauseRow.to_at, PauseRow.until, PauseRow.ended
    )
    talks = _by_call(session, without, SegmentRow.call_id, SegmentRow.answered_at, SegmentRow.ended_at)
    backlog = session.scalar(_untouched, {"now": now}) is not None
    found = {
        row.id: explain(
            Facts(
                over=now - max([row.ended_at or now, *(minted_at(file) for file, *_ in files[row.id])]),
                files=tuple((state, error) for _, state, error in files[row.id]),
                lack=lacks.get(row.id, ""),
                outage=bool(gaps[row.id]),
                paused=_paused(row, talks, pauses),
                backlog=backlog,
            )
        )
        for row in without
    }
    return {call: why for call, why in found.items() if why}


def _paused(
    row: CallRow,
    talks: Mapping[UUID, Sequence[tuple[datetime | None, datetime | None]]],
    pauses: Mapping[UUID, Sequence[tuple[datetime, datetime | None, datetime, str]]],
) -> bool:
    """Whether one pause covers every talk of the call."""
    spans = [(begun, over or row.ended_at) for begun, over in talks[row.id] if begun]
    still = [(begun, to or until) for begun, to, until, ended in pauses[row.id] if ended != PauseEnd.FAILED]
    return bool(spans) and all(
        any(begun <= answered and over and until >= over for begun, until in still) for answered, over in spans
    )


def _by_call(session: Session, rows: Sequence[CallRow], call: Any, *columns: Any) -> dict[UUID, list[Any]]:
    """The columns of whatever hangs on these calls, ``call`` being the one that names them."""
    told: dict[UUID, list[Any]] = defaultdict(list)
    for key, *values in session.execute(select(call, *columns).where(call.in_([row.id for row in rows]))):
        told[key].append(tuple(values))
    return told
