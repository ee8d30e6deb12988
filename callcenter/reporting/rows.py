"""What is counted, read from the rows: only the columns that count, none of them a customer's.

Read call by call in small pages, so that a report on a year lets a phone that rings meanwhile go first.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import Select, and_, case, or_, select
from sqlalchemy.orm import Session

from callcenter.call import QueueVisit
from callcenter.counting import Talk, Visit, finished
from callcenter.crm import visible
from callcenter.crm.models.calls import CallRow, QueueVisitRow, SegmentRow
from callcenter.crm.models.outcomes import Deferral, OutcomeCode, OutcomeExtra, OutcomeRow
from callcenter.crm.models.people import User
from callcenter.crm.rights import Actor
from callcenter.crm.wrapups import DONE_AT
from callcenter.db import Database
from callcenter.events import Direction, QueueResult
from callcenter.filling import CONCLUDED
from callcenter.rehearsal import MARK
from callcenter.reporting.wanted import Wanted

T = TypeVar("T")
S = TypeVar("S", bound="Select[*tuple[Any, ...]]")
_AT_ONCE: Final = 300
_LONGEST_CALL: Final = timedelta(days=2)
_REAL: Final = CallRow.uniqueid.not_like(f"{MARK}%")
"""Test calls count in no figure."""


async def every(
    db: Database, wanted: Wanted, read: Callable[[Session, Sequence[UUID]], list[T]]
) -> AsyncIterator[list[T]]:
    """What ``read`` finds of the calls that can matter, page after page."""
    after: tuple[datetime, UUID] | None = None
    while True:
        at = after

        def page(session: Session, at: tuple[datetime, UUID] | None = at) -> tuple[Any, list[T]]:
            rows = session.execute(_calls(wanted, at)).all()
            return (tuple(rows[-1]) if rows else None), read(session, [row.id for row in rows])

        after, found = await db.study(page)
        yield found
        if after is None:
            return


def _calls(wanted: Wanted, after: tuple[datetime, UUID] | None) -> Select[datetime, UUID]:
    span = wanted.span
    found = (
        select(CallRow.started_at, CallRow.id)
        .where(CallRow.started_at >= span.start - _LONGEST_CALL, CallRow.started_at < span.end, _REAL)
        .order_by(CallRow.started_at, CallRow.id)
        .limit(_AT_ONCE)
    )
    if wanted.pbx:
        found = found.where(CallRow.pbx == wanted.pbx)
    if after:
        at, call = after
        found = found.where(or_(CallRow.started_at > at, and_(CallRow.started_at == at, CallRow.id > call)))
    return found


def visits(session: Session, calls: Sequence[UUID], wanted: Wanted) -> list[Visit]:
    """Queue visits of these calls that ended in the time."""
    found = (
        select(
            CallRow.pbx,
            CallRow.answered_at,
            QueueVisitRow.queue,
            QueueVisitRow.joined_at,
            QueueVisitRow.left_at,
            QueueVisitRow.result,
        )
        .join(CallRow, CallRow.id == QueueVisitRow.call_id)
        .where(QueueVisitRow.call_id.in_(calls))
        .where(QueueVisitRow.left_at >= wanted.span.start, QueueVisitRow.left_at < wanted.span.end)
    )
    if wanted.queue:
        found = found.where(QueueVisitRow.queue == wanted.queue)
    over = (
        finished(pbx, QueueVisit(queue=queue, joined_at=joined_at, left_at=left_at, result=_known(result)), answered_at)
        for pbx, answered_at, queue, joined_at, left_at, result in session.execute(found)
    )
    return [visit for visit in over if visit]


def _known(result: str | None) -> QueueResult | None:
    return QueueResult(result) if result else None


def talks(session: Session, calls: Sequence[UUID], wanted: Wanted, actor: Actor) -> list[Talk]:
    """Talks in these calls that ended in the time, of the colleagues whose floor the actor may see."""
    found = (
        select(
            SegmentRow.agent_id,
            SegmentRow.call_id,
            CallRow.direction,
            SegmentRow.talk_s,
            SegmentRow.hold_s,
            SegmentRow.ended_at,
            SegmentRow.handed_to,
            case((CallRow.note.not_in(CONCLUDED), DONE_AT)),
        )
        .join(CallRow, CallRow.id == SegmentRow.call_id)
        .join(User, User.id == SegmentRow.agent_id)
        .outerjoin(OutcomeRow, OutcomeRow.segment_id == SegmentRow.id)
        .outerjoin(Deferral, Deferral.segment_id == SegmentRow.id)
        .where(SegmentRow.call_id.in_(calls), *_talked(wanted), visible.people(actor))
    )
    return [
        Talk(
            call=call,
            agent=agent,
            outbound=direction == Direction.OUTBOUND,
            talk_s=talk_s,
            hold_s=hold_s,
            ended_at=ended_at,
            handed_over=to != "",
            settled_at=at,
        )
        for agent, call, direction, talk_s, hold_s, ended_at, to, at in session.execute(_of_parts(found, wanted))
        if agent and ended_at
    ]


def outcomes(session: Session, calls: Sequence[UUID], wanted: Wanted, actor: Actor) -> list[tuple[str, str, bool]]:
    """How these were settled: the state, the code or "", and whether it stood beside the primary one."""
    found = (
        select(OutcomeRow.state, OutcomeCode.code)
        .join(SegmentRow, SegmentRow.id == OutcomeRow.segment_id)
        .join(CallRow, CallRow.id == SegmentRow.call_id)
        .join(User, User.id == SegmentRow.agent_id)
        .outerjoin(OutcomeCode, OutcomeCode.id == OutcomeRow.code_id)
        .where(SegmentRow.call_id.in_(calls), *_talked(wanted), visible.people(actor))
    )
    beside = (
        select(OutcomeRow.state, OutcomeCode.code)
        .join(SegmentRow, SegmentRow.id == OutcomeRow.segment_id)
        .join(CallRow, CallRow.id == SegmentRow.call_id)
        .join(User, User.id == SegmentRow.agent_id)
        .join(OutcomeExtra, OutcomeExtra.segment_id == SegmentRow.id)
        .join(OutcomeCode, OutcomeCode.id == OutcomeExtra.code_id)
        .where(SegmentRow.call_id.in_(calls), *_talked(wanted), visible.people(actor))
    )
    primary = [(state, code or "", False) for state, code in session.execute(_of_parts(found, wanted))]
    return primary + [(state, code, True) for state, code in session.execute(_of_parts(beside, wanted))]


def _talked(wanted: Wanted) -> tuple[Any, ...]:
    ended = and_(SegmentRow.ended_at >= wanted.span.start, SegmentRow.ended_at < wanted.span.end)
    return ended, SegmentRow.answered_at.is_not(None)


def _of_parts(found: S, wanted: Wanted) -> S:
    if wanted.queue:
        found = found.where(SegmentRow.queue == wanted.queue)
    return found.where(SegmentRow.agent_id == wanted.agent) if wanted.agent else found
