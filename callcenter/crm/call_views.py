"""Calls as the API answers them; a page of them costs the same few queries as one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, select
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
from callcenter.crm.upsert import table_of
from callcenter.events import QueueResult, Via
from callcenter.filling import CONCLUDED
from callcenter.rehearsal import is_customer
from callcenter.statement import Statement

R = TypeVar("R")
_OF_SEGMENT: Final = (
    *("id", "call_id", "seq", "extension", "device", "role", "via", "queue", "answered_at", "ended_at", "talk_s"),
    *("hold_s", "handed_to", "outcome_state"),
)
_SEGMENTS: Final = (
    select(*(table_of(SegmentRow).c[name] for name in _OF_SEGMENT))
    .add_columns(User.id.label("agent"), User.username, User.display_name, OutcomeCode.code)
    .add_columns(OutcomeRow.comment, OutcomeRow.by_id, OutcomeRow.at)
    .select_from(SegmentRow)
    .outerjoin(User, User.id == SegmentRow.agent_id)
    .outerjoin(OutcomeRow, OutcomeRow.segment_id == SegmentRow.id)
    .outerjoin(OutcomeCode, OutcomeCode.id == OutcomeRow.code_id)
)
_segment_of: Final = Statement(lambda _: _SEGMENTS.where(SegmentRow.id == bindparam("segment")))
_offers_of: Final = Statement(
    lambda _: select(table_of(OfferRow)).where(OfferRow.segment_id == bindparam("segment")).order_by(OfferRow.seq)
)


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
    """One agent's part in a call: what everybody who has logged an outcome is answered."""
    (row,) = _segment_of(session, {"segment": segment_id})
    extras = outcomes.extras(session, [segment_id]) if row.code else {}
    return _segment(row, extras.get(segment_id, []), _offers_of(session, {"segment": segment_id}))


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
    rows = session.execute(_SEGMENTS.where(wanted).order_by(SegmentRow.call_id, SegmentRow.seq)).all()
    ids = [row.id for row in rows]
    offers = _by(session, OfferRow, OfferRow.segment_id.in_(ids), "segment_id", OfferRow.seq)
    extras = outcomes.extras(session, ids)
    found: dict[UUID, list[SegmentAnswer]] = defaultdict(list)
    for row in rows:
        found[row.call_id].append(_segment(row, extras.get(row.id, []), offers[row.id]))
    return found


def _segment(row: Any, extras: list[str], offers: Sequence[Any]) -> SegmentAnswer:
    """Of a row of ``_SEGMENTS`` and its offers'."""
    agent = None
    if row.agent:
        names = {"username": row.username, "display_name": row.display_name}
        agent = AgentAnswer(id=row.agent, extension=row.extension, **names)
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
        outcome=row.code,
        outcome_extras=extras,
        outcome_comment=row.comment or "",
        outcome_by=row.by_id,
        outcome_at=row.at,
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
