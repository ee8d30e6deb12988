"""Calls as rows: written from the difference of two values, read back into one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, insert, or_, select, update
from sqlalchemy.orm import Session

from callcenter.call import UNSETTLED, Call, Offer, OutcomeState, QueueVisit, Result, Role, Segment
from callcenter.crm.identify import Identified
from callcenter.crm.models.calls import CallCandidate, CallRow, OfferRow, QueueVisitRow, SegmentRow
from callcenter.crm.models.customers import Customer
from callcenter.crm.models.outcomes import OutcomeRow
from callcenter.crm.upsert import update_row, upsert
from callcenter.events import CallKey, Direction, OfferResult, QueueResult, Via
from callcenter.roster import Device

_FIND = select(CallRow.id).where(CallRow.pbx == bindparam("pbx"), CallRow.uniqueid == bindparam("uniqueid"))
_INSERT_CANDIDATE = insert(CallCandidate.__table__)  # type: ignore[arg-type]
_COUNT = (
    update(Customer.__table__)  # type: ignore[arg-type]
    .where(Customer.id == bindparam("customer"))
    .values(calls=Customer.calls + 1, last_contact_at=bindparam("started_at"))
)


def insert_call(session: Session, call: Call, who: Identified) -> Call:
    """The first row of a call, linked to its customer; the call with its public id."""
    customer = who.card.id if who.card else None
    values = _call_values(replace(call, customer=customer)) | {
        "direction": call.direction,
        "number_raw": call.number_raw,
        "number_id": who.number_id,
        "withheld": call.withheld,
        "name": call.name,
        "did": call.did,
        "trunk": call.trunk,
        "region": call.region,
        "started_at": call.started_at,
    }
    call_id = upsert(session, CallRow, {"pbx": call.key.pbx, "uniqueid": call.key.uniqueid}, values)
    if who.candidates:
        session.connection().execute(_INSERT_CANDIDATE, _candidates(call_id, who))
    if customer:
        _count_contact(session, customer, call)
    return replace(call, id=call_id, customer=customer)


def update_call(session: Session, before: Call, after: Call) -> Call:
    """Writes what changed between the two; the call with the ids of rows that are new."""
    values = _call_values(after)
    if values != _call_values(before):
        update_row(session, CallRow, _id(after), values)
    if after.customer and after.customer != before.customer:
        _count_contact(session, after.customer, after)
    for seq, visit in enumerate(after.queues):
        if before.queues[seq : seq + 1] != (visit,):
            upsert(session, QueueVisitRow, {"call_id": after.id, "seq": seq}, _visit_values(visit))
    return replace(after, segments=tuple(_write_segment(session, before, after, s) for s in after.segments))


def settle(session: Session, segment: UUID, values: dict[str, Any]) -> None:
    """Keeps how a debt was settled (state, code_id, comment, by_id, at) and lets the draft go."""
    upsert(session, OutcomeRow, {"segment_id": segment}, values)
    session.execute(update(SegmentRow).where(SegmentRow.id == segment).values(draft_outcome="", draft_comment=""))


def unsettled(session: Session) -> list[Call]:
    """Every call that is still going on or still owed for."""
    owed = select(SegmentRow.call_id).where(SegmentRow.outcome_state.in_(UNSETTLED))
    rows = session.scalars(select(CallRow).where(or_(CallRow.ended_at.is_(None), CallRow.id.in_(owed))))
    return [_read(session, row) for row in rows.all()]


def load(session: Session, key: CallKey) -> Call | None:
    """A call by its natural key."""
    found = session.connection().scalar(_FIND, {"pbx": key.pbx, "uniqueid": key.uniqueid})
    return _read(session, session.get_one(CallRow, found)) if found else None


def _candidates(call_id: UUID, who: Identified) -> list[dict[str, Any]]:
    return [
        {"call_id": call_id, "customer_id": c.card.id, "position": at, "match": c.match, "reason": c.reason}
        for at, c in enumerate(who.candidates)
    ]


def _id(call: Call) -> UUID:
    if call.id is None:
        raise AssertionError(f"call {call.key} was never inserted")
    return call.id


def _call_values(call: Call) -> dict[str, Any]:
    return {
        "state": call.state,
        "result": call.result,
        "customer_id": call.customer,
        "answered_at": call.answered_at,
        "ended_at": call.ended_at,
        "cause": call.cause,
        "note": call.note,
    }


def _visit_values(visit: QueueVisit) -> dict[str, Any]:
    return {"queue": visit.queue, "joined_at": visit.joined_at, "left_at": visit.left_at, "result": visit.result}


def _segment_values(segment: Segment) -> dict[str, Any]:
    return {
        "agent_id": segment.agent,
        "extension": segment.extension,
        "device": segment.device.name,
        "leg": segment.leg,
        "role": segment.role,
        "via": segment.via,
        "queue": segment.queue,
        "answered_at": segment.answered_at,
        "ended_at": segment.ended_at,
        "talking": segment.talking,
        "hold_s": segment.hold_s,
        "talk_s": segment.talk_s,
        "leg_ended": segment.leg_ended,
        "outcome_state": segment.outcome_state,
    }


def _write_segment(session: Session, before: Call, after: Call, segment: Segment) -> Segment:
    old = before.segments[segment.seq] if segment.seq < len(before.segments) else None
    if old == segment:
        return segment
    natural = {"call_id": after.id, "seq": segment.seq}
    segment_id = upsert(session, SegmentRow, natural, _segment_values(segment))
    known = old.offers if old else ()
    for seq, offer in enumerate(segment.offers):
        if known[seq : seq + 1] != (offer,):
            upsert(session, OfferRow, {"segment_id": segment_id, "seq": seq}, _offer_values(offer))
    return replace(segment, id=segment_id)


def _offer_values(offer: Offer) -> dict[str, Any]:
    return {
        "leg": offer.leg,
        "device": offer.device.name,
        "offered_at": offer.offered_at,
        "ended_at": offer.ended_at,
        "result": offer.result,
    }


def _count_contact(session: Session, customer: UUID, call: Call) -> None:
    session.connection().execute(_COUNT, {"customer": customer, "started_at": call.started_at})


def _read(session: Session, row: CallRow) -> Call:
    segments = session.scalars(select(SegmentRow).where(SegmentRow.call_id == row.id).order_by(SegmentRow.seq))
    visits = session.scalars(select(QueueVisitRow).where(QueueVisitRow.call_id == row.id).order_by(QueueVisitRow.seq))
    return Call(
        key=CallKey(pbx=row.pbx, uniqueid=row.uniqueid),
        direction=Direction(row.direction),
        number_raw=row.number_raw,
        name=row.name,
        did=row.did,
        trunk=row.trunk,
        region=row.region,
        started_at=row.started_at,
        id=row.id,
        customer=row.customer_id,
        answered_at=row.answered_at,
        ended_at=row.ended_at,
        result=Result(row.result) if row.result else None,
        cause=row.cause,
        note=row.note,
        queues=tuple(_read_visit(v) for v in visits.all()),
        segments=tuple(_read_segment(session, row.pbx, s) for s in segments.all()),
    )


def _read_visit(row: QueueVisitRow) -> QueueVisit:
    result = QueueResult(row.result) if row.result else None
    return QueueVisit(queue=row.queue, joined_at=row.joined_at, left_at=row.left_at, result=result)


def _read_segment(session: Session, pbx: str, row: SegmentRow) -> Segment:
    offers = session.scalars(select(OfferRow).where(OfferRow.segment_id == row.id).order_by(OfferRow.seq)).all()
    outcome = session.scalars(select(OutcomeRow.code_id).where(OutcomeRow.segment_id == row.id)).first()
    return Segment(
        seq=row.seq,
        id=row.id,
        agent=row.agent_id,
        extension=row.extension,
        device=Device(pbx=pbx, name=row.device),
        leg=row.leg,
        role=Role(row.role),
        via=Via(row.via),
        queue=row.queue,
        offers=tuple(_read_offer(pbx, o) for o in offers),
        answered_at=row.answered_at,
        ended_at=row.ended_at,
        talking=row.talking,
        hold_s=row.hold_s,
        leg_ended=row.leg_ended,
        outcome_state=OutcomeState(row.outcome_state),
        outcome=outcome,
    )


def _read_offer(pbx: str, row: OfferRow) -> Offer:
    return Offer(
        leg=row.leg,
        device=Device(pbx=pbx, name=row.device),
        offered_at=row.offered_at,
        ended_at=row.ended_at,
        result=OfferResult(row.result) if row.result else None,
    )
