"""Calls read back from their rows into the values that were written."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from callcenter.call import UNSETTLED, Call, Offer, OutcomeState, QueueVisit, Result, Role, Segment
from callcenter.crm import call_consent, call_pauses
from callcenter.crm.models.calls import (
    CallRow,
    GapRow,
    OfferRow,
    QueueVisitRow,
    RecordingRow,
    SegmentRow,
)
from callcenter.crm.models.outcomes import OutcomeRow
from callcenter.events import CallKey, Direction, Gap, GapCause, OfferResult, QueueResult, Via
from callcenter.roster import Device
from callcenter.statement import Statement

_find: Final = Statement(
    lambda _: select(CallRow.id).where(CallRow.pbx == bindparam("pbx"), CallRow.uniqueid == bindparam("uniqueid"))
)


def unsettled(session: Session) -> list[Call]:
    """Every call that is still going on or still owed for."""
    owed = select(SegmentRow.call_id).where(SegmentRow.outcome_state.in_(UNSETTLED))
    rows = session.scalars(select(CallRow).where(or_(CallRow.ended_at.is_(None), CallRow.id.in_(owed))))
    return [_read(session, row) for row in rows.all()]


def load(session: Session, key: CallKey) -> Call | None:
    """A call by its natural key."""
    found = _find(session, {"pbx": key.pbx, "uniqueid": key.uniqueid})
    return _read(session, session.get_one(CallRow, found[0].id)) if found else None


def _read(session: Session, row: CallRow) -> Call:
    segments = session.scalars(select(SegmentRow).where(SegmentRow.call_id == row.id).order_by(SegmentRow.seq))
    visits = session.scalars(select(QueueVisitRow).where(QueueVisitRow.call_id == row.id).order_by(QueueVisitRow.seq))
    paths = session.scalars(select(RecordingRow.path).where(RecordingRow.call_id == row.id).order_by(RecordingRow.id))
    return Call(
        key=CallKey(pbx=row.pbx, uniqueid=row.uniqueid),
        direction=Direction(row.direction),
        number_raw=row.number_raw,
        name=row.name,
        did=row.did,
        trunk=row.trunk,
        region=row.region,
        number_read=row.number_read,
        started_at=row.started_at,
        id=row.id,
        customer=row.customer_id,
        answered_at=row.answered_at,
        ended_at=row.ended_at,
        result=Result(row.result) if row.result else None,
        cause=row.cause,
        note=row.note,
        parked=row.parked,
        hung_up=row.hung_up,
        queues=tuple(_read_visit(v) for v in visits.all()),
        recordings=tuple(paths.all()),
        gaps=_gaps(session, row.id),
        pauses=call_pauses.load(session, row.id),
        wishes=call_consent.wishes(session, row.id),
        notices=call_consent.told(session, row.id),
        segments=tuple(_read_segment(session, row.pbx, s) for s in segments.all()),
    )


def _gaps(session: Session, call: UUID) -> tuple[Gap, ...]:
    """The times of a call in which nobody listened."""
    rows = session.scalars(select(GapRow).where(GapRow.call_id == call).order_by(GapRow.seq))
    return tuple(
        Gap(from_at=r.from_at, to_at=r.to_at, cause=GapCause(r.cause), filled_from=r.filled_from) for r in rows
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
        handed_to=row.handed_to,
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
