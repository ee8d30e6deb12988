"""What the rows say of a recording that is picked up, and what becomes of it there."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter import jobs
from callcenter.crm import sounds
from callcenter.crm.models.calls import CallRow, RecordingRow
from callcenter.crm.privacy import judging
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What became of a recording, as the values its row takes."""

    recording: UUID
    values: Mapping[str, Any]


def cases(session: Session, recordings: Sequence[UUID]) -> list[Case]:
    """In that order. Raises LookupError where one is not there."""
    rows = {row.id: row for row in session.scalars(select(RecordingRow).where(RecordingRow.id.in_(recordings)))}
    calls = _calls(session, {row.call_id for row in rows.values()})
    verdicts = judging.judge(session, list(rows.values()), list(calls.values()))
    stored = _stored(session, calls)
    return [_case(rows[one], calls[rows[one].call_id], verdicts[one], stored) for one in recordings]


def _case(row: RecordingRow, call: CallRow, verdict: Verdict, stored: Mapping[UUID, Mapping[str, UUID]]) -> Case:
    beside = frozenset(sha256 for sha256, other in stored[call.id].items() if other != row.id)
    return Case(row=row, ended_at=call.ended_at, verdict=verdict, beside=beside)


def settle(session: Session, fates: Sequence[Fate]) -> list[str]:
    """What became of each, and the state it has now: another one where it was erased meanwhile, or where another file
    of its call was stored with the same sound. On a call that is kept stands what its caller was told."""
    ours = RecordingRow.id.in_([fate.recording for fate in fates])
    of = {row.id: row.call_id for row in session.execute(select(RecordingRow.id, RecordingRow.call_id).where(ours))}
    calls = _calls(session, set(of.values()), lock=True)
    wanted = select(RecordingRow.id, RecordingRow.state, RecordingRow.store_key).where(ours)
    there = {row.id: (row.state, row.store_key) for row in session.execute(wanted)}
    states = {row: state for row, (state, _) in there.items()}
    stored, kept = _stored(session, calls), {}
    for fate in fates:
        row, call, values = fate.recording, of[fate.recording], fate.values
        if states[row] in SETTLED:
            # Where the same job ran twice at once, what was put twice lies there once, and is named.
            if values.get("store_key") != there[row][1]:
                _take_back(session, values)
            continue
        if values.get("sha256") in stored[call]:
            _take_back(session, values)
            values = {"state": "refused", "error": FileFault.DUPLICATE}
        update_row(session, RecordingRow, row, values)
        states[row] = str(values["state"])
        if states[row] == "stored":
            stored[call][values["sha256"]] = row
            kept[row] = values["stored_at"]
    _follow(session, kept, [calls[call] for call in {of[row] for row in kept}])
    return [states[fate.recording] for fate in fates]


def _follow(session: Session, kept: Mapping[UUID, datetime], calls: Sequence[CallRow]) -> None:
    """They are heard and packed, and their callers were told."""
    if kept:
        heard = [jobs.Order(kind=LISTEN, args={"recording": str(one)}, at=at) for one, at in kept.items()]
        jobs.enqueue_all(session, [*heard, *renditions.to_pack(kept)])
        judging.note_notices(session, calls)


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


def _calls(session: Session, calls: Collection[UUID], *, lock: bool = False) -> dict[UUID, CallRow]:
    """In the order of their ids, so that of two who lock them neither waits for the other."""
    wanted = select(CallRow).where(CallRow.id.in_(calls)).order_by(CallRow.id)
    return {call.id: call for call in session.scalars(wanted.with_for_update() if lock else wanted)}


def _stored(session: Session, calls: Collection[UUID]) -> dict[UUID, dict[str, UUID]]:
    """The digests of what is stored of each call."""
    found: dict[UUID, dict[str, UUID]] = {call: {} for call in calls}
    wanted = select(RecordingRow.call_id, RecordingRow.sha256, RecordingRow.id)
    for call, sha256, recording in session.execute(
        wanted.where(RecordingRow.call_id.in_(calls), RecordingRow.state == "stored")
    ):
        found[call][sha256] = recording
    return found
