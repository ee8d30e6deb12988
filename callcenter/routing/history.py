"""What of today's calls the figures need after a restart: read once, from then on they count along."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.call import OutcomeState, QueueVisit, Role
from callcenter.counting import Visit, finished
from callcenter.crm.models.calls import CallRow, OfferRow, QueueVisitRow, SegmentRow
from callcenter.events import OfferResult, QueueResult
from callcenter.rehearsal import MARK
from callcenter.routing.missed import Ring
from callcenter.routing.unowned import SHOWN_AT_MOST, SHOWN_FOR, Unowned, display

VisitKey: TypeAlias = tuple[UUID, int]
"""The call, and which of its visits."""


def visits(session: Session, since: datetime) -> dict[VisitKey, Visit]:
    """Queue visits that ended since then."""
    rows = session.execute(
        select(QueueVisitRow, CallRow.pbx, CallRow.answered_at)
        .join(CallRow, CallRow.id == QueueVisitRow.call_id)
        .where(QueueVisitRow.left_at >= since, CallRow.uniqueid.not_like(f"{MARK}%"))
    )
    found = ((row, finished(pbx, _visit(row), answered_at)) for row, pbx, answered_at in rows)
    return {(row.call_id, row.seq): visit for row, visit in found if visit}


def _visit(row: QueueVisitRow) -> QueueVisit:
    result = QueueResult(row.result) if row.result else None
    return QueueVisit(queue=row.queue, joined_at=row.joined_at, left_at=row.left_at, result=result)


def rings(session: Session, since: datetime) -> list[Ring]:
    """Rings of agents that ended since then in an answer or by being let pass, in order."""
    results = (OfferResult.ANSWERED, OfferResult.NO_ANSWER)
    rows = session.execute(
        select(SegmentRow.id, SegmentRow.agent_id, OfferRow.ended_at, OfferRow.result)
        .join(SegmentRow, SegmentRow.id == OfferRow.segment_id)
        .join(CallRow, CallRow.id == SegmentRow.call_id)
        .where(OfferRow.ended_at >= since, OfferRow.result.in_(results), CallRow.uniqueid.not_like(f"{MARK}%"))
        .where(SegmentRow.agent_id.is_not(None), SegmentRow.queue != "")
        .order_by(OfferRow.ended_at, OfferRow.id)
    )
    return _rings((segment, agent, at, result) for segment, agent, at, result in rows)


def _rings(rows: Iterator[tuple[UUID, UUID | None, datetime | None, str | None]]) -> list[Ring]:
    """Several phones of one agent that stop ringing for one call at once are one ring, over with the last of them."""
    found: list[Ring] = []
    for segment, agent, at, result in rows:
        if agent is None or at is None:
            continue
        last = found[-1] if found else None
        if last and last.segment == segment and (at - last.at).total_seconds() < 1.0:
            found[-1] = replace(last, at=at)
        else:
            found.append(Ring(agent=agent, at=at, answered=result == OfferResult.ANSWERED, segment=segment))
    return found


def unowned(session: Session, now: datetime) -> list[Unowned]:
    """Answered talks of the last day that are nobody's."""
    rows = session.execute(
        select(SegmentRow, CallRow)
        .join(CallRow, CallRow.id == SegmentRow.call_id)
        .where(CallRow.started_at > now - SHOWN_FOR, SegmentRow.agent_id.is_(None), SegmentRow.answered_at.is_not(None))
        .where(SegmentRow.outcome_state == OutcomeState.NONE, SegmentRow.role == Role.OWNER)
        .where(CallRow.uniqueid.not_like(f"{MARK}%"))
        .order_by(SegmentRow.answered_at.desc())
        .limit(SHOWN_AT_MOST)
    )
    return [_unowned(segment, call) for segment, call in rows]


def _unowned(row: SegmentRow, call: CallRow) -> Unowned:
    return Unowned(
        segment_id=row.id,
        call_id=call.id,
        pbx=call.pbx,
        device=row.device,
        number=display(call.number_read or call.number_raw, call.region),
        queue=row.queue,
        answered_at=row.answered_at or call.started_at,
        ended_at=row.ended_at if row.leg_ended or call.ended_at else None,
    )
