"""Outcomes that were put off: how many one may have, who logs them, and when they are owed again.

A row stands while its segment is ``deferred``; what became of it later does not have to be undone here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from callcenter.call import UNSETTLED, OutcomeState
from callcenter.crm.models.calls import CallRow, SegmentRow
from callcenter.crm.models.outcomes import Deferral
from callcenter.crm.models.people import User
from callcenter.crm.upsert import upsert
from callcenter.decision_events import OutcomeDeferred, PutOff
from callcenter.errors import Invalid, Refused
from callcenter.events import CallKey

LONGEST: Final = timedelta(hours=12)
"""No shift is longer: what nobody logged by then is owed by whoever talked."""
_STANDS: Final = and_(SegmentRow.id == Deferral.segment_id, SegmentRow.outcome_state == OutcomeState.DEFERRED)
_UNLOGGED: Final = (*UNSETTLED, OutcomeState.DEFERRED)
_HIS_OWN: Final = (PutOff.AGENT, PutOff.RELEASE)
Due = tuple[CallKey, int]
"""A call and the place of a part in it."""


def keep(session: Session, segment: UUID, agent: UUID, event: OutcomeDeferred) -> None:
    values = {
        "agent_id": agent,
        "holder_id": event.holder,
        "by_id": event.by,
        "why": event.why,
        "note": event.note,
        "at": event.at,
        "until": event.at + LONGEST,
    }
    upsert(session, Deferral, {"segment_id": segment}, values)


def used(session: Session, agent: UUID) -> int:
    """How many the agent has put off himself and not logged yet, those he handed over included."""
    mine = and_(Deferral.agent_id == agent, Deferral.by_id == agent, Deferral.why != PutOff.RELEASE)
    return session.scalar(select(func.count()).select_from(Deferral).join(SegmentRow, _STANDS).where(mine)) or 0


def refuse_more(session: Session, agent: UUID, most: int) -> None:
    """Raises Refused when the agent has put off as many as he may."""
    if used(session, agent) >= most:
        raise Refused(f"{most} outcomes wait already: log one of them first", code="deferrals_used")


def holder(session: Session, person: UUID, agent: UUID | None) -> UUID:
    """Somebody who may be handed what the agent owes. Raises Invalid."""
    found = session.get(User, person)
    if found is None or not found.active or person == agent:
        raise Invalid("nobody else of that name works here", fields={"to": "not_allowed"})
    return person


def held(actor: UUID) -> ColumnElement[bool]:
    """Of segments: somebody handed this one to the actor."""
    mine = and_(Deferral.segment_id == SegmentRow.id, Deferral.holder_id == actor)
    return and_(SegmentRow.outcome_state == OutcomeState.DEFERRED, select(Deferral.id).where(mine).exists())


def holds(session: Session, segment: UUID, actor: UUID) -> bool:
    return session.scalar(select(SegmentRow.id).where(SegmentRow.id == segment, held(actor))) is not None


def debts(session: Session, agent: UUID) -> Sequence[tuple[SegmentRow, CallRow, Deferral | None]]:
    """All that the agent has to log, now or later, oldest first: his own less what a colleague took, and what he took
    of colleagues."""
    his = and_(SegmentRow.agent_id == agent, or_(Deferral.id.is_(None), Deferral.holder_id == agent))
    deferred = SegmentRow.outcome_state == OutcomeState.DEFERRED
    own = or_(SegmentRow.outcome_state.in_(UNSETTLED), and_(deferred, his))
    rows = session.execute(
        select(SegmentRow, CallRow, Deferral)
        .join(CallRow, CallRow.id == SegmentRow.call_id)
        .outerjoin(Deferral, _STANDS)
        .where(SegmentRow.outcome_state.in_(_UNLOGGED))  # of few rows, where an agent has years of them
        .where(or_(and_(SegmentRow.agent_id == agent, own), and_(deferred, Deferral.holder_id == agent)))
        .order_by(SegmentRow.answered_at, SegmentRow.id)
    )
    return [(segment, call, deferral) for segment, call, deferral in rows]


def due_at(session: Session, now: datetime) -> list[Due]:
    """What has waited as long as anything may."""
    return [due for due, _, _ in _due(session, Deferral.until <= now)]


def due_of(session: Session, left: Mapping[UUID, datetime]) -> list[Due]:
    """What these people had put off until the end of their shift when they left. What they put off since then, back at
    a desk, waits for the end of the next one."""
    rows = _due(session, and_(Deferral.agent_id.in_(left), Deferral.why.in_(_HIS_OWN)))
    return [due for due, agent, at in rows if at <= left[agent]]


def agents(session: Session) -> list[UUID]:
    """Who has put something off."""
    return list(session.scalars(select(Deferral.agent_id).join(SegmentRow, _STANDS).distinct()))


def _due(session: Session, which: ColumnElement[bool]) -> list[tuple[Due, UUID, datetime]]:
    """With who put it off, and when."""
    rows = session.execute(
        select(CallRow.pbx, CallRow.uniqueid, SegmentRow.seq, Deferral.agent_id, Deferral.at)
        .join(SegmentRow, SegmentRow.call_id == CallRow.id)
        .join(Deferral, _STANDS)
        .where(which)
        .order_by(SegmentRow.answered_at)
    )
    return [((CallKey(pbx=row.pbx, uniqueid=row.uniqueid), row.seq), row.agent_id, row.at) for row in rows]
