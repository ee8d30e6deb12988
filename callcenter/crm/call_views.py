"""Calls as the API answers them; a page of them costs the same few queries as one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from callcenter.call import OutcomeState, Role
from callcenter.card import Match
from callcenter.crm import consent_views, maps, outcomes, pause_views, queues
from callcenter.crm.call_answers import (
    AgentAnswer,
    CallAnswer,
    CandidateAnswer,
    GapAnswer,
    OfferAnswer,
    QueueVisitAnswer,
    RecordingAnswer,
    SegmentAnswer,
)
from callcenter.crm.card_views import briefs_of, display
from callcenter.crm.models.calls import (
    CallCandidate,
    CallRow,
    GapRow,
    OfferRow,
    QueueVisitRow,
    RecordingRow,
    SegmentRow,
)
from callcenter.crm.models.customers import PhoneNumber
from callcenter.crm.models.outcomes import OutcomeCode, OutcomeRow
from callcenter.crm.models.people import User
from callcenter.crm.models.transcripts import Transcript
from callcenter.crm.rights import Actor
from callcenter.events import QueueResult, Via
from callcenter.filling import CONCLUDED
from callcenter.rehearsal import is_customer

R = TypeVar("R")


def views(session: Session, rows: Sequence[CallRow], actor: Actor) -> list[CallAnswer]:
    """The calls with all that hangs on them, in the same order. Cards the actor may not see are left out."""
    if not rows:
        return []
    ids = [row.id for row in rows]
    guesses = _by(session, CallCandidate, CallCandidate.call_id.in_(ids), "call_id", CallCandidate.position)
    met = {g.customer_id for gs in guesses.values() for g in gs} | {r.customer_id for r in rows if r.customer_id}
    cards = briefs_of(session, sorted(met), actor)
    numbers = _numbers(session, rows)
    visits = _by(session, QueueVisitRow, QueueVisitRow.call_id.in_(ids), "call_id", QueueVisitRow.seq)
    recordings = _by(session, RecordingRow, RecordingRow.call_id.in_(ids), "call_id", RecordingRow.started_at)
    gaps = _by(session, GapRow, GapRow.call_id.in_(ids), "call_id", GapRow.seq)
    heard = _heard(session, [recording.id for found in recordings.values() for recording in found])
    segments, notices = _segments(session, SegmentRow.call_id.in_(ids)), consent_views.notices(session, ids)
    dids, named, pauses = maps.labels(session), queues.labels(session), pause_views.of_calls(session, ids)
    wishes = consent_views.wishes(session, ids)
    return [
        CallAnswer(
            **_plain(row, numbers.get(row.number_id) if row.number_id else None),
            customer=cards.get(row.customer_id) if row.customer_id else None,
            candidates=[
                CandidateAnswer(customer=cards[g.customer_id], match=Match(g.match), reason=g.reason)
                for g in guesses[row.id]
                if g.customer_id in cards
            ],
            did_label=dids.get((row.pbx, maps.did_key(row.did)), ""),
            queues=[_visit(visit, named.get((row.pbx, visit.queue), "")) for visit in visits[row.id]],
            segments=segments[row.id],
            recordings=[_recording(recording, heard) for recording in recordings[row.id]],
            notices=notices[row.id],
            gaps=[_gap(gap) for gap in gaps[row.id]],
            pauses=pauses[row.id],
            wishes=wishes[row.id],
        )
        for row in rows
    ]


def segment(session: Session, segment_id: UUID) -> SegmentAnswer:
    """One agent's part in a call."""
    found = _segments(session, SegmentRow.id == segment_id)
    return next(iter(found.values()))[0]


def _gap(row: GapRow) -> GapAnswer:
    told = {"from": row.from_at, "to": row.to_at, "cause": row.cause, "filled_from": row.filled_from}
    return GapAnswer.model_validate(told)


def _plain(row: CallRow, e164: str | None) -> dict[str, Any]:
    raw = "" if row.withheld else row.number_read or row.number_raw
    return {
        "id": row.id,
        "pbx": row.pbx,
        "uniqueid": row.uniqueid,
        "test": is_customer(row.uniqueid),
        "direction": row.direction,
        "state": row.state,
        "result": row.result,
        "number": e164 or raw,
        "number_raw": row.number_raw,
        "number_display": display(raw, e164) if raw else "",
        "withheld": row.withheld,
        "name": row.name,
        "did": row.did,
        "started_at": row.started_at,
        "answered_at": row.answered_at,
        "ended_at": row.ended_at,
        "end_unseen": row.note in CONCLUDED,
    }


def _visit(row: QueueVisitRow, label: str) -> QueueVisitAnswer:
    result = QueueResult(row.result) if row.result else None
    return QueueVisitAnswer(queue=row.queue, label=label, joined_at=row.joined_at, left_at=row.left_at, result=result)


def _numbers(session: Session, rows: Sequence[CallRow]) -> dict[UUID, str | None]:
    ids = {row.number_id for row in rows if row.number_id}
    found = session.execute(select(PhoneNumber.id, PhoneNumber.e164).where(PhoneNumber.id.in_(ids)))
    return {row.id: row.e164 for row in found}


def _segments(session: Session, wanted: ColumnElement[bool]) -> dict[UUID, list[SegmentAnswer]]:
    """By call."""
    rows = session.execute(
        select(SegmentRow, User, OutcomeRow, OutcomeCode.code)
        .outerjoin(User, User.id == SegmentRow.agent_id)
        .outerjoin(OutcomeRow, OutcomeRow.segment_id == SegmentRow.id)
        .outerjoin(OutcomeCode, OutcomeCode.id == OutcomeRow.code_id)
        .where(wanted)
        .order_by(SegmentRow.call_id, SegmentRow.seq)
    ).all()
    ids = [row.id for row, *_ in rows]
    offers = _by(session, OfferRow, OfferRow.segment_id.in_(ids), "segment_id", OfferRow.seq)
    extras = outcomes.extras(session, ids)
    found: dict[UUID, list[SegmentAnswer]] = defaultdict(list)
    for row, user, outcome, code in rows:
        found[row.call_id].append(_segment(row, user, (outcome, code, extras.get(row.id, [])), offers[row.id]))
    return found


def _segment(
    row: SegmentRow,
    user: User | None,
    settled: tuple[OutcomeRow | None, str | None, list[str]],
    offers: Sequence[OfferRow],
) -> SegmentAnswer:
    outcome, code, extras = settled
    agent = (
        AgentAnswer(id=user.id, username=user.username, display_name=user.display_name, extension=row.extension)
        if user
        else None
    )
    return SegmentAnswer(
        id=row.id,
        agent=agent,
        device=row.device,
        role=Role(row.role),
        via=Via(row.via),
        queue=row.queue,
        offers=[OfferAnswer.model_validate(offer) for offer in offers],
        answered_at=row.answered_at,
        ended_at=row.ended_at,
        talk_s=row.talk_s,
        hold_s=row.hold_s,
        handed_to=row.handed_to,
        outcome_state=OutcomeState(row.outcome_state),
        outcome=code,
        outcome_extras=extras,
        outcome_comment=outcome.comment if outcome else "",
        outcome_by=outcome.by_id if outcome else None,
        outcome_at=outcome.at if outcome else None,
    )


def _by(session: Session, kind: type[R], wanted: Any, key: str, order: Any) -> dict[UUID, list[R]]:
    found: dict[UUID, list[R]] = defaultdict(list)
    for row in session.scalars(select(kind).where(wanted).order_by(order)):
        found[getattr(row, key)].append(row)
    return found


def _heard(session: Session, recordings: Sequence[UUID]) -> dict[UUID, str]:
    rows = session.execute(
        select(Transcript.recording_id, Transcript.state).where(Transcript.recording_id.in_(recordings))
    )
    return {row.recording_id: row.state for row in rows}


def _recording(row: RecordingRow, heard: Mapping[UUID, str]) -> RecordingAnswer:
    answer = RecordingAnswer.model_validate(row)
    return answer.model_copy(update={"transcript_state": heard.get(row.id, "none")})
