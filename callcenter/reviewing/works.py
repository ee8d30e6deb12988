"""What agents had to do with calls, read from the rows, agent by agent: a phone that rings meanwhile goes first."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from callcenter.call import OutcomeState, Role
from callcenter.crm.models.calls import CallRow, SegmentRow
from callcenter.crm.models.outcomes import Deferral, OutcomeCode, OutcomeRow
from callcenter.crm.models.reviews import Suspicion, SuspicionCall
from callcenter.crm.wrapups import DONE_AT
from callcenter.filling import CONCLUDED
from callcenter.rehearsal import MARK
from callcenter.reviewing.suspicion import Counted, End, OneCode, SuspicionKind, Work, left_by_agent


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """From a midnight to another, in UTC: a day or a week of the call center."""

    start: datetime
    end: datetime


def of_agent(session: Session, agent: UUID, day: Days) -> list[Work]:
    """His part in each call that he answered in the day and that is over, as far as somebody heard its end."""
    later = aliased(SegmentRow)
    went_on = exists().where(later.call_id == SegmentRow.call_id, later.agent_id != agent)
    went_on = went_on.where(later.answered_at > SegmentRow.answered_at, later.ended_at > SegmentRow.ended_at)
    wanted = (
        select(
            SegmentRow.id,
            SegmentRow.call_id,
            CallRow.pbx,
            SegmentRow.queue,
            SegmentRow.talk_s,
            SegmentRow.ended_at,
            CallRow.ended_at.label("call_ended_at"),
            CallRow.hung_up,
            or_(SegmentRow.handed_to != "", CallRow.parked != "", went_on).label("passed_on"),
            OutcomeRow.state,
            OutcomeCode.code,
            and_(OutcomeRow.by_id == agent, OutcomeRow.state == OutcomeState.LOGGED).label("own"),
            DONE_AT.label("done_at"),
        )
        .join(CallRow, CallRow.id == SegmentRow.call_id)
        .outerjoin(OutcomeRow, OutcomeRow.segment_id == SegmentRow.id)
        .outerjoin(OutcomeCode, OutcomeCode.id == OutcomeRow.code_id)
        .outerjoin(Deferral, Deferral.segment_id == SegmentRow.id)
        .where(*_his(agent, day), SegmentRow.ended_at.is_not(None), CallRow.ended_at.is_not(None))
        .order_by(SegmentRow.answered_at)
    )
    parts: dict[UUID, list[Any]] = defaultdict(list)
    for row in session.execute(wanted):
        parts[row.call_id].append(row)
    return [_work(his) for his in parts.values()]


def _work(parts: list[Any]) -> Work:
    """Several parts of one agent in a call are one talk with one outcome; its last part stands for it."""
    last = max(parts, key=lambda part: part.ended_at)
    settled = next((part for part in reversed(parts) if part.state), last)
    done = max((part.done_at for part in parts if part.done_at), default=None)
    end = End(
        hung_up=last.hung_up,
        passed_on=last.passed_on,
        part_ended_at=last.ended_at,
        call_ended_at=last.call_ended_at,
    )
    return Work(
        segment=settled.id,
        call=last.call_id,
        place=(last.pbx, last.queue),
        ended_at=last.ended_at,
        talk_s=sum(part.talk_s for part in parts),
        hung_up=left_by_agent(end),
        wrap_s=max(0.0, (done - last.ended_at).total_seconds()) if done else None,
        state=settled.state or OutcomeState.NONE,
        code=settled.code or "",
        own=bool(settled.own),
    )


def logged(session: Session, agent: UUID, week: Days) -> Counter[tuple[str, str, str]]:
    """How often he logged what himself, by PBX, queue and code, less what somebody has judged."""
    found = (
        select(CallRow.pbx, SegmentRow.queue, OutcomeCode.code, func.count())
        .where(*_by_himself(agent, week), ~_judged_under(SuspicionKind.ONE_CODE))
        .select_from(SegmentRow)
        .join(CallRow, CallRow.id == SegmentRow.call_id)
        .join(OutcomeRow, OutcomeRow.segment_id == SegmentRow.id)
        .join(OutcomeCode, OutcomeCode.id == OutcomeRow.code_id)
        .group_by(CallRow.pbx, SegmentRow.queue, OutcomeCode.code)
    )
    return Counter({(pbx, queue, code): times for pbx, queue, code, times in session.execute(found)})


def talks_of(session: Session, one: OneCode, week: Days) -> tuple[Counted, ...]:
    """Those that came to that one outcome."""
    found = (
        select(SegmentRow.id, SegmentRow.call_id, SegmentRow.ended_at, SegmentRow.talk_s)
        .join(CallRow, CallRow.id == SegmentRow.call_id)
        .join(OutcomeRow, OutcomeRow.segment_id == SegmentRow.id)
        .join(OutcomeCode, OutcomeCode.id == OutcomeRow.code_id)
        .where(*_by_himself(one.agent, week), ~_judged_under(SuspicionKind.ONE_CODE), OutcomeCode.code == one.code)
        .where(CallRow.pbx == one.place[0], SegmentRow.queue == one.place[1])
        .order_by(SegmentRow.answered_at)
    )
    return tuple(
        Counted(segment=segment, call=call, at=ended, seconds=round(talk_s, 1))
        for segment, call, ended, talk_s in session.execute(found)
        if ended
    )


def judged(session: Session, agent: UUID, since: Iterable[datetime]) -> set[tuple[str, UUID]]:
    """What somebody has looked at already, by kind and segment."""
    found = (
        select(Suspicion.kind, SuspicionCall.segment_id)
        .join(SuspicionCall, SuspicionCall.suspicion_id == Suspicion.id)
        .where(Suspicion.agent_id == agent, Suspicion.since.in_(list(since)), Suspicion.state != "new")
    )
    return {(kind, segment) for kind, segment in session.execute(found)}


def _his(agent: UUID, days: Days) -> tuple[ColumnElement[bool], ...]:
    return (
        SegmentRow.agent_id == agent,
        SegmentRow.answered_at >= days.start,
        SegmentRow.answered_at < days.end,
        SegmentRow.role == Role.OWNER,
        CallRow.uniqueid.not_like(f"{MARK}%"),
        CallRow.note.not_in(CONCLUDED),
    )


def _by_himself(agent: UUID, week: Days) -> tuple[ColumnElement[bool], ...]:
    return (*_his(agent, week), OutcomeRow.state == OutcomeState.LOGGED, OutcomeRow.by_id == agent)


def _judged_under(kind: SuspicionKind) -> ColumnElement[bool]:
    """As a condition on segments."""
    seen = select(SuspicionCall.segment_id).join(Suspicion, Suspicion.id == SuspicionCall.suspicion_id)
    return seen.where(
        SuspicionCall.segment_id == SegmentRow.id, Suspicion.kind == kind, Suspicion.state != "new"
    ).exists()
