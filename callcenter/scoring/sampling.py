"""The lots of each week, drawn by the clock: a worklist of talks for those who evaluate."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from functools import partial
from typing import Final
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from callcenter.clock import Clock
from callcenter.contain import contained
from callcenter.crm import zones
from callcenter.crm.models.people import User
from callcenter.crm.models.scores import Sample, SamplingDraw, SamplingRule, ScoreForm
from callcenter.db import Database
from callcenter.log import logger
from callcenter.scoring import candidates, rules
from callcenter.scoring.candidates import Candidate
from callcenter.scoring.draw import draw, last_week, span

log = logger(__name__)
_LOOK_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """An agent's part of a rule's lot for the week that begins on that Monday."""

    rule: SamplingRule
    week: date
    agent: UUID


class Sampler:
    """``run`` for ever. A lot that was cut off is drawn again and comes out the same."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def run(self) -> None:
        while True:
            with contained("sampling"):
                await self.look()
            await asyncio.sleep(_LOOK_SECONDS)

    async def look(self) -> None:
        """Draws what is due; what can no longer be heard is proposed no more."""
        now = self._clock.now()
        zone, due = await self._db.read(lambda s: _due(s, now))
        for rule in due:
            await self._draw(rule, last_week(now, zone), zone, now)
        await self._db.write(_unheard)

    async def _draw(self, rule: SamplingRule, week: date, zone: tzinfo | None, now: datetime) -> None:
        """Agent by agent, so that a phone that rings meanwhile goes first."""
        agents = await self._db.read(lambda s: list(s.scalars(select(User.id).where(User.active).order_by(User.id))))
        for agent in agents:
            lot = Lot(rule=rule, week=week, agent=agent)
            found = await self._db.read(partial(wanted, lot=lot, zone=zone))
            await self._db.write(partial(propose, lot=lot, found=found, now=now))
        drawn = await self._db.write(partial(_done, rule=rule.id, week=week, now=now))
        log.info("sample_drawn", rule=str(rule.id), week=str(week), agents=drawn.agents, drawn=drawn.drawn)


def wanted(session: Session, *, lot: Lot, zone: tzinfo | None) -> list[Candidate]:
    """What is still to be proposed of the agent's week."""
    rule, week, agent = lot.rule, lot.week, lot.agent
    kept = select(func.count()).where(
        Sample.rule_id == rule.id, Sample.week == week, Sample.agent_id == agent, Sample.state != "dismissed"
    )
    missing = rule.per_agent - (session.scalar(kept) or 0)
    if missing <= 0:
        return []
    found = {one.segment: one for one in candidates.of_agent(session, rule, agent, span(week, zone))}
    said = rules.conditions(rule)
    taken = draw(rule.seed, found, missing, lambda one: candidates.said(session, said, found[one].recordings))
    return [found[one] for one in taken]


def propose(session: Session, *, lot: Lot, found: Sequence[Candidate], now: datetime) -> None:
    """Puts on the worklist what nobody scored meanwhile."""
    rule, week, agent = lot.rule, lot.week, lot.agent
    free = [one for one in found if candidates.still_free(session, rule.form_id, one.segment)]
    session.add_all(
        Sample(
            rule_id=rule.id,
            form_id=rule.form_id,
            week=week,
            call_id=one.call,
            segment_id=one.segment,
            agent_id=agent,
            evaluator_id=rule.evaluator_id if rule.evaluator_id != agent else None,
            due_at=now + timedelta(days=rule.due_days),
            created_at=now,
        )
        for one in free
    )
    session.flush()


def dismiss(session: Session, sample: Sample, reason: str, now: datetime) -> None:
    """It is not listened to; the agent's next one by the same lot takes its place."""
    sample.state, sample.reason = "dismissed", reason
    session.flush()
    lot = Lot(rule=rules.get(session, sample.rule_id), week=sample.week, agent=sample.agent_id)
    propose(session, lot=lot, found=wanted(session, lot=lot, zone=zones.read(session)), now=now)


def _due(session: Session, now: datetime) -> tuple[tzinfo | None, list[SamplingRule]]:
    """The rules whose lot for the week that is over has not been drawn."""
    zone = zones.read(session)
    drawn = select(SamplingDraw.id).where(
        SamplingDraw.rule_id == SamplingRule.id, SamplingDraw.week == last_week(now, zone)
    )
    found = (
        select(SamplingRule)
        .join(ScoreForm, ScoreForm.id == SamplingRule.form_id)
        .where(SamplingRule.active, ScoreForm.active, ~drawn.exists())
        .order_by(SamplingRule.created_at)
    )
    return zone, list(session.scalars(found))


def _done(session: Session, *, rule: UUID, week: date, now: datetime) -> SamplingDraw:
    """The lot is drawn: that there is a row of it keeps it from being drawn again."""
    counted = select(func.count(Sample.agent_id.distinct()), func.count()).where(
        Sample.rule_id == rule, Sample.week == week
    )
    agents, drawn = session.execute(counted).one()
    row = SamplingDraw(rule_id=rule, week=week, at=now, agents=agents, drawn=drawn)
    session.add(row)
    return row


def _unheard(session: Session) -> None:
    gone = update(Sample).where(Sample.state == "waiting", ~candidates.recorded())
    session.execute(gone.values(state="dismissed", reason="gone").execution_options(synchronize_session=False))
