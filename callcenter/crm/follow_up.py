"""The rows beside a call's own that an event brings: recordings, how debts were settled, tasks."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, update
from sqlalchemy.orm import Session

from callcenter import jobs
from callcenter.call import Call, OutcomeState
from callcenter.crm import callbacks, calls, deferrals, outcome_effects, tasks
from callcenter.crm.models.calls import RecordingRow
from callcenter.crm.upsert import table_of, upsert
from callcenter.decision_events import OutcomeDeferred, OutcomeLogged, OutcomeWaived
from callcenter.events import CallEvent, Ended, Filled
from callcenter.recording_events import RecordingStarted
from callcenter.statement import Statement

_hand_over: Final = Statement(
    lambda _: (
        update(table_of(RecordingRow))
        .where(RecordingRow.call_id == bindparam("call"), RecordingRow.state == "recording")
        .values(state="waiting")
        .returning(RecordingRow.id)
    )
)


def hand_over(session: Session, call: UUID, now: datetime) -> None:
    """What was recorded of a call is whole and may be stored. Where nobody talked there most likely is no sound: those
    are looked at together first."""
    for row in _hand_over(session, {"call": call}):
        jobs.enqueue(session, "store_recording", {"recording": str(row.id)}, at=now)


def follow_up(session: Session, call: Call, event: CallEvent, now: datetime) -> list[UUID]:
    """The rows beside the call's own: recordings, how debts were settled, tasks; those of the last that changed."""
    _keep(session, call, event, now)
    if call.test:
        return []
    if isinstance(event, Filled):
        return _caught_up(session, call, event, now) if event.recent else []
    if isinstance(event, OutcomeLogged) and event.promise:
        return [tasks.promise(session, call, event, now)]
    return callbacks.follow(session, call, event, now)


def _caught_up(session: Session, call: Call, event: Filled, now: datetime) -> list[UUID]:
    """What was missed, talked and dialled while nobody listened; who only seemed to be missed is no longer."""
    changed = callbacks.refuted(session, call, now)
    for past in event.events:
        changed += callbacks.follow(session, call, past, now)
    return changed


def ruled(session: Session, before: Call | None, after: Call, event: CallEvent) -> None:
    """Keeps what a rule, and no person, made of a debt with this event."""
    was = {s.seq: s.outcome_state for s in before.segments} if before else {}
    for segment in after.segments:
        state = segment.outcome_state
        by_rule = state is OutcomeState.AUTOMATIC or (state is OutcomeState.WAIVED and not _said(event))
        if segment.id and by_rule and was.get(segment.seq) is not state:
            settled = {"state": state, "code_id": segment.outcome, "comment": "", "by_id": None, "at": event.at}
            calls.settle(session, segment.id, settled)


def _said(event: CallEvent) -> bool:
    return isinstance(event, OutcomeWaived)


def _keep(session: Session, call: Call, event: CallEvent, now: datetime) -> None:
    match event:
        case RecordingStarted(path=path):
            natural = {"pbx": call.key.pbx, "path": path}
            upsert(session, RecordingRow, natural, {"call_id": call.id, "state": "recording", "started_at": event.at})
        case Filled(events=events):
            for past in events:
                _keep(session, call, past, now)
        case Ended() if call.recordings and call.answered_at and call.id:
            hand_over(session, call.id, now)
        case OutcomeLogged(outcome=code, by=by, comment=comment, extras=extras):
            settled = {"state": "logged", "code_id": code, "comment": comment, "by_id": by, "at": event.at}
            outcome_effects.withdraw(session, call, _id_of(call, event.segment))
            calls.settle(session, _id_of(call, event.segment), settled, extras)
            if not call.test:
                outcome_effects.carry_out(session, call, event, now)
        case OutcomeDeferred(segment=seq) if agent := call.segments[seq].agent:
            deferrals.keep(session, _id_of(call, seq), agent, event)
        case OutcomeWaived(by=by, reason=reason):
            settled = {"state": "waived", "code_id": None, "comment": reason, "by_id": by, "at": event.at}
            calls.settle(session, _id_of(call, event.segment), settled)
        case _:
            return


def _id_of(call: Call, seq: int) -> Any:
    return call.segments[seq].id
