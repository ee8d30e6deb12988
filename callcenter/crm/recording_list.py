"""Recordings found: by what is asked and by what the asker may hear."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select, tuple_
from sqlalchemy.orm import Session

from callcenter.crm.models.calls import CallRow, QueueVisitRow, RecordingRow, SegmentRow
from callcenter.crm.models.people import User
from callcenter.crm.models.transcripts import Transcript
from callcenter.crm.rights import Actor
from callcenter.crm.visible import narrow

PageKey: TypeAlias = tuple[datetime | None, UUID]
ANY_FAULT = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """None and ``""``: whatever. ``began`` and ``before`` bound when the recording began; ``fault`` is a code, or
    ``any``."""

    began: datetime | None = None
    before: datetime | None = None
    agent: UUID | None = None
    queue: str = ""
    pbx: str = ""
    direction: str = ""
    transcript: bool | None = None
    fault: str = ""
    least_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A recording with what is told of its call: who talked, the last queue, and how far its text is."""

    recording: RecordingRow
    call: CallRow
    agents: Sequence[str]
    queue: str
    transcript: str


def page(session: Session, wanted: Filter, actor: Actor, limit: int, after: PageKey | None) -> list[Found]:
    """The newest first, one more than asked for where there are more."""
    found = narrow(select(RecordingRow, CallRow), actor, RecordingRow).join(CallRow, CallRow.id == RecordingRow.call_id)
    found = found.where(*_conditions(wanted))
    if after:
        found = found.where(tuple_(RecordingRow.started_at, RecordingRow.id) < after)
    order = RecordingRow.started_at.desc(), RecordingRow.id.desc()
    rows = session.execute(found.order_by(*order).limit(limit + 1)).all()
    calls = [call.id for _, call in rows]
    agents, queues = _agents(session, calls), _queues(session, calls)
    texts = _transcripts(session, [recording.id for recording, _ in rows])
    return [
        Found(
            recording=recording,
            call=call,
            agents=agents[call.id],
            queue=queues.get(call.id, ""),
            transcript=texts.get(recording.id, "none"),
        )
        for recording, call in rows
    ]


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.began:
        found.append(RecordingRow.started_at >= wanted.began)
    if wanted.before:
        found.append(RecordingRow.started_at < wanted.before)
    if wanted.pbx:
        found.append(RecordingRow.pbx == wanted.pbx)
    if wanted.direction:
        found.append(CallRow.direction == wanted.direction)
    if wanted.least_s:
        found.append(RecordingRow.duration_s >= wanted.least_s)
    if wanted.fault:
        found.append(RecordingRow.error != "" if wanted.fault == ANY_FAULT else RecordingRow.error == wanted.fault)
    return found + _of_call(wanted)


def _of_call(wanted: Filter) -> list[ColumnElement[bool]]:
    """What stands in other tables."""
    found: list[ColumnElement[bool]] = []
    if wanted.agent:
        talked = SegmentRow.agent_id == wanted.agent, SegmentRow.answered_at.is_not(None)
        found.append(exists().where(SegmentRow.call_id == RecordingRow.call_id, *talked))
    if wanted.queue:
        visited = QueueVisitRow.call_id == RecordingRow.call_id, QueueVisitRow.queue == wanted.queue
        found.append(exists().where(*visited))
    if wanted.transcript is not None:
        text = exists().where(Transcript.recording_id == RecordingRow.id, Transcript.state == "done")
        found.append(text if wanted.transcript else ~text)
    return found


def _agents(session: Session, calls: Sequence[UUID]) -> dict[UUID, list[str]]:
    """Who talked in each, once, in order."""
    rows = session.execute(
        select(SegmentRow.call_id, User.display_name, User.username)
        .join(User, User.id == SegmentRow.agent_id)
        .where(SegmentRow.call_id.in_(calls), SegmentRow.answered_at.is_not(None))
        .order_by(SegmentRow.call_id, SegmentRow.seq)
    )
    found: dict[UUID, dict[str, None]] = defaultdict(dict)
    for call, name, username in rows:
        found[call][name or username] = None
    return defaultdict(list, {call: list(names) for call, names in found.items()})


def _queues(session: Session, calls: Sequence[UUID]) -> dict[UUID, str]:
    """The last of each."""
    visits = select(QueueVisitRow.call_id, QueueVisitRow.queue).where(QueueVisitRow.call_id.in_(calls))
    rows = session.execute(visits.order_by(QueueVisitRow.call_id, QueueVisitRow.seq))
    return {call: str(queue) for call, queue in rows}


def _transcripts(session: Session, recordings: Sequence[UUID]) -> dict[UUID, str]:
    rows = session.execute(
        select(Transcript.recording_id, Transcript.state).where(Transcript.recording_id.in_(recordings))
    )
    return {recording: str(state) for recording, state in rows}
