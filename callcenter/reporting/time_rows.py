"""What agents' time went into, read from the rows: seats, pauses, and what they had to do with calls."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from callcenter.call import UNSETTLED
from callcenter.crm import visible
from callcenter.crm.models.calls import CallRow, SegmentRow
from callcenter.crm.models.desks import PauseReason, PauseTaken, RosterRow
from callcenter.crm.models.outcomes import Deferral, OutcomeRow
from callcenter.crm.models.people import User
from callcenter.crm.rights import Actor
from callcenter.crm.wrapups import DONE_AT
from callcenter.db import Database
from callcenter.filling import CONCLUDED
from callcenter.reporting import rows
from callcenter.reporting.occupancy import Hours
from callcenter.reporting.wanted import Wanted
from callcenter.routing.why import ReasonKind

_APART: Final = (ReasonKind.DEBT, ReasonKind.LEFT_QUEUE)
"""Debts are read off the talks they come from, and who left one queue is there for the others."""
Found = tuple[UUID, datetime, datetime]


async def of_agents(db: Database, wanted: Wanted, actor: Actor, now: datetime) -> dict[UUID, Hours]:
    """Of those whose floor the actor may see, until now at the latest."""
    hours: dict[UUID, Hours] = defaultdict(Hours)
    seats, pauses = await db.study(lambda s: (_seats(s, wanted, actor, now), _pauses(s, wanted, actor, now)))
    for agent, since, until in seats:
        hours[agent].seats.append((since.timestamp(), until.timestamp()))
    for agent, since, until in pauses:
        hours[agent].unavailable.append((since.timestamp(), until.timestamp()))
    async for found in rows.every(db, wanted, partial(_talks, wanted=wanted, actor=actor, now=now)):
        for (agent, since, until), handled in found:
            of = hours[agent].handling if handled else hours[agent].unavailable
            of.append((since.timestamp(), until.timestamp()))
    return hours


def _seats(session: Session, wanted: Wanted, actor: Actor, now: datetime) -> list[Found]:
    until = func.coalesce(RosterRow.until, now)
    found = select(RosterRow.agent_id, RosterRow.since, RosterRow.until).join(User, User.id == RosterRow.agent_id)
    found = found.where(RosterRow.since < wanted.span.end, until > wanted.span.start, visible.people(actor))
    if wanted.agent:
        found = found.where(RosterRow.agent_id == wanted.agent)
    return [(agent, since, end or now) for agent, since, end in session.execute(found)]


def _pauses(session: Session, wanted: Wanted, actor: Actor, now: datetime) -> Iterable[Found]:
    over = select(PauseTaken.agent_id, PauseTaken.since, PauseTaken.until).join(User, User.id == PauseTaken.agent_id)
    over = over.where(PauseTaken.since < wanted.span.end, PauseTaken.until > wanted.span.start)
    over = over.where(PauseTaken.reason.not_in(_APART), visible.people(actor))
    still = select(PauseReason.agent_id, PauseReason.since).join(User, User.id == PauseReason.agent_id)
    still = still.where(PauseReason.since < wanted.span.end, PauseReason.reason.not_in(_APART), visible.people(actor))
    if wanted.agent:
        over, still = over.where(PauseTaken.agent_id == wanted.agent), still.where(PauseReason.agent_id == wanted.agent)
    found = [(agent, since, until) for agent, since, until in session.execute(over)]
    return [*found, *((agent, since, now) for agent, since in session.execute(still))]


def _talks(
    session: Session, calls: Sequence[UUID], wanted: Wanted, actor: Actor, now: datetime
) -> list[tuple[Found, bool]]:
    """Stretches, and whether the agent handled a call in it; else he owed what nobody logged in the end."""
    found = (
        select(
            SegmentRow.agent_id,
            SegmentRow.answered_at,
            SegmentRow.ended_at,
            SegmentRow.outcome_state,
            case((CallRow.note.not_in(CONCLUDED), DONE_AT)),
            case((CallRow.note.not_in(CONCLUDED), OutcomeRow.at)),
        )
        .join(CallRow, CallRow.id == SegmentRow.call_id)
        .join(User, User.id == SegmentRow.agent_id)
        .outerjoin(OutcomeRow, OutcomeRow.segment_id == SegmentRow.id)
        .outerjoin(Deferral, Deferral.segment_id == SegmentRow.id)
        .where(SegmentRow.call_id.in_(calls), SegmentRow.answered_at < wanted.span.end, visible.people(actor))
    )
    if wanted.agent:
        found = found.where(SegmentRow.agent_id == wanted.agent)
    stretches: list[tuple[Found, bool]] = []
    for agent, since, ended, state, wrapped, settled in session.execute(found):
        if agent is None or since is None:
            continue
        talked_until = ended or now
        done = wrapped or talked_until
        stretches.append(((agent, since, max(talked_until, done)), True))
        owed_until = now if state in UNSETTLED else None if wrapped else settled
        if ended and owed_until and owed_until > ended:
            stretches.append(((agent, ended, owed_until), False))
    return stretches
