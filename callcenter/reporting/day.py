"""How far agents have come today with what they aim at."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.call import OutcomeState
from callcenter.counting import Talk, Work, day_start
from callcenter.crm import report_rules, visible, zones
from callcenter.crm.models.calls import SegmentRow
from callcenter.crm.models.outcomes import OutcomeCode, OutcomeRow
from callcenter.crm.models.people import User
from callcenter.crm.rights import Actor, Scope, Subject, UserRole
from callcenter.db import Database
from callcenter.reporting import promises, rows
from callcenter.reporting.figures import AgentReport
from callcenter.reporting.goals import Done, Progress, progress
from callcenter.reporting.promises import Kept, PromiseReport
from callcenter.reporting.spans import Span
from callcenter.reporting.wanted import Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """Each agent with his name and how far he has come; ``labels`` of outcomes by language."""

    since: datetime
    agents: Sequence[tuple[UUID, str, Sequence[Progress]]]
    labels: Mapping[str, Mapping[str, str]]


def week_before(now: datetime) -> datetime:
    return now - timedelta(days=7)


async def everybody(db: Database, actor: Actor, now: datetime) -> Days:
    """Of those whose floor the actor may see, by name."""
    return await _days(db, actor, now, None)


async def one(db: Database, actor: Actor, now: datetime) -> Days:
    """Of himself, whatever floor he may see."""
    himself = replace(actor, role=UserRole.AGENT, scopes={Subject.FLOOR: Scope.OWN})
    return await _days(db, himself, now, actor.id)


async def _days(db: Database, actor: Actor, now: datetime, agent: UUID | None) -> Days:
    def read(session: Session) -> tuple[datetime, report_rules.ReportPolicy, list[tuple[UUID, str]]]:
        people = select(User.id, User.display_name, User.username).where(User.active, visible.people(actor))
        people = people.where(User.id == agent) if agent else people
        found = [(id, name or username) for id, name, username in session.execute(people)]
        since = day_start(now, zones.read(session))
        return since, report_rules.read(session), sorted(found, key=lambda each: each[1].casefold())

    since, rules, people = await db.read(read)
    if not any(progress(rules.goals_of(id), Done()) for id, _ in people):
        return Days(since=since, agents=[], labels={})
    wanted = Wanted(span=Span(start=since, end=max(now, since + timedelta(seconds=1))), agent=agent)
    work = AgentReport()
    codes: dict[UUID, Counter[str]] = defaultdict(Counter)
    async for pages in rows.every(db, wanted, partial(_page, wanted=wanted, actor=actor)):
        for talks, logged in pages:
            work.count(talks)
            for who, code in logged:
                codes[who][code] += 1
    kept = PromiseReport(now)
    due, labels = await db.read(lambda s: (promises.read(s, wanted, actor), _labels(s)))
    kept.count(due)
    agents = [
        (
            id,
            name,
            progress(
                rules.goals_of(id),
                Done(work=work.agents.get(id, Work()), kept=kept.agents.get(id, Kept()), codes=codes[id]),
            ),
        )
        for id, name in people
    ]
    return Days(since=since, agents=agents, labels=labels)


def _page(
    session: Session, calls: Sequence[UUID], wanted: Wanted, actor: Actor
) -> list[tuple[Sequence[Talk], Sequence[tuple[UUID, str]]]]:
    """Talks that ended today, and what their agents logged themselves."""
    logged = (
        select(SegmentRow.agent_id, OutcomeCode.code)
        .join(OutcomeRow, OutcomeRow.segment_id == SegmentRow.id)
        .join(OutcomeCode, OutcomeCode.id == OutcomeRow.code_id)
        .join(User, User.id == SegmentRow.agent_id)
        .where(SegmentRow.call_id.in_(calls), SegmentRow.ended_at >= wanted.span.start, visible.people(actor))
        .where(OutcomeRow.state == OutcomeState.LOGGED, OutcomeRow.by_id == SegmentRow.agent_id)
    )
    codes = [(agent, code) for agent, code in session.execute(logged) if agent]
    return [(rows.talks(session, calls, wanted, actor), codes)]


def _labels(session: Session) -> dict[str, dict[str, str]]:
    return {row.code: row.labels for row in session.execute(select(OutcomeCode.code, OutcomeCode.labels))}
