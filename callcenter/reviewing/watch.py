"""Looks through the agents' days and weeks by the clock, and keeps what stands out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import partial
from typing import Final
from uuid import UUID

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from callcenter.clock import Clock
from callcenter.contain import contained
from callcenter.counting import day_start
from callcenter.crm import review_rules, zones
from callcenter.crm.models.people import User
from callcenter.crm.models.reviews import Suspicion, SuspicionCall
from callcenter.crm.review_rules import ReviewPolicy
from callcenter.db import Database
from callcenter.news import ReviewRulesChanged
from callcenter.reviewing import works
from callcenter.reviewing.suspicion import Codes, Found, OneCode, SuspicionKind, of_day, of_week
from callcenter.reviewing.works import Days

LOOK_SECONDS: Final = 300.0
_NEXT_DAY: Final = timedelta(hours=30)
"""From a midnight into the next day, which may be 23 or 25 hours away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """An agent's day or week, and which kinds are looked for in it."""

    agent: UUID
    days: Days
    kinds: frozenset[SuspicionKind]


class Reviewer:
    """``run`` for ever. A day is looked at until the next one is over: outcomes are logged and corrected late."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._at_once = asyncio.Event()

    async def run(self) -> None:
        while True:
            self._at_once.clear()
            with contained("reviewing"):
                await self.look()
            try:
                await asyncio.wait_for(self._at_once.wait(), LOOK_SECONDS)
            except TimeoutError:
                continue

    async def rules_changed(self, _event: ReviewRulesChanged) -> None:
        """They hold at once."""
        self._at_once.set()

    async def look(self) -> None:
        """One look at all."""
        now = self._clock.now()
        policy, zone, agents = await self._db.read(_asked)
        today = _day(now, zone)
        yesterday = _day(today.start - timedelta(hours=1), zone)
        for agent in agents:
            for day in (yesterday, today):
                await self._look_at_day(agent, day, policy, now)
        for week in {_week(yesterday, zone), _week(today, zone)}:
            await self._look_at_week(agents, week, policy, now)
        await self._db.write(partial(_forget, before=now - timedelta(days=policy.keep_days)))

    async def _look_at_day(self, agent: UUID, day: Days, policy: ReviewPolicy, now: datetime) -> None:
        def read(session: Session) -> tuple[list[Found], bool]:
            judged = works.judged(session, agent, [day.start])
            found = of_day(works.of_agent(session, agent, day), policy, judged)
            return found, found != [] or _stands(session, of)

        of = Stretch(agent=agent, days=day, kinds=frozenset(SuspicionKind) - {SuspicionKind.ONE_CODE})
        found, worth = await self._db.read(read)
        if worth:
            await self._db.write(partial(keep, of=of, found=found, now=now))

    async def _look_at_week(self, agents: Sequence[UUID], week: Days, policy: ReviewPolicy, now: datetime) -> None:
        logged: dict[UUID, Codes] = {}
        for agent in agents:
            logged[agent] = await self._db.read(partial(works.logged, agent=agent, week=week))
        stand_out = of_week(logged, policy)
        for agent in agents:
            his = [one for one in stand_out if one.agent == agent]
            of = Stretch(agent=agent, days=week, kinds=frozenset({SuspicionKind.ONE_CODE}))
            found, worth = await self._db.read(partial(_week_of, of=of, his=his))
            if worth:
                await self._db.write(partial(keep, of=of, found=found, now=now))


def _week_of(session: Session, *, of: Stretch, his: Sequence[OneCode]) -> tuple[list[Found], bool]:
    """What stands out, with its talks; whether there is something to be kept or to be dropped."""
    found = [
        Found(
            kind=SuspicionKind.ONE_CODE,
            figures=one.figures,
            talks=works.talks_of(session, one, of.days),
            place=one.place,
            code=one.code,
        )
        for one in his
    ]
    return found, found != [] or _stands(session, of)


def keep(session: Session, *, of: Stretch, found: Sequence[Found], now: datetime) -> None:
    """Makes what is new of these kinds what was found; what no longer stands out and nobody has judged goes."""
    standing = {_key(row): row for row in session.scalars(_new(of))}
    for one in found:
        row = standing.pop((one.kind, *one.place, one.code), None)
        if row is None:
            session.add(row := _row(of, one, now))
            session.flush()
        elif row.figures != dict(one.figures):
            row.figures, row.last_at, row.version = dict(one.figures), _last(one), row.version + 1
            session.execute(delete(SuspicionCall).where(SuspicionCall.suspicion_id == row.id))
        else:
            continue
        session.add_all(
            SuspicionCall(
                suspicion_id=row.id, segment_id=talk.segment, call_id=talk.call, at=talk.at, seconds=talk.seconds
            )
            for talk in one.talks
        )
    for row in standing.values():
        _drop(session, [row.id])
    session.flush()


def _row(of: Stretch, one: Found, now: datetime) -> Suspicion:
    pbx, queue = one.place
    return Suspicion(
        kind=one.kind,
        agent_id=of.agent,
        pbx=pbx,
        queue=queue,
        code=one.code,
        since=of.days.start,
        until=of.days.end,
        figures=dict(one.figures),
        last_at=_last(one),
        found_at=now,
    )


def _last(one: Found) -> datetime:
    return max(talk.at for talk in one.talks)


def _key(row: Suspicion) -> tuple[str, str, str, str]:
    return row.kind, row.pbx, row.queue, row.code


def _new(of: Stretch) -> Select[Suspicion]:
    return select(Suspicion).where(
        Suspicion.agent_id == of.agent,
        Suspicion.since == of.days.start,
        Suspicion.kind.in_(of.kinds),
        Suspicion.state == "new",
    )


def _stands(session: Session, of: Stretch) -> bool:
    return session.scalars(_new(of).limit(1)).first() is not None


def _drop(session: Session, rows: Sequence[UUID]) -> None:
    session.execute(delete(SuspicionCall).where(SuspicionCall.suspicion_id.in_(rows)))
    session.execute(delete(Suspicion).where(Suspicion.id.in_(rows)))


def _forget(session: Session, *, before: datetime) -> None:
    if old := list(session.scalars(select(Suspicion.id).where(Suspicion.until < before).limit(500))):
        _drop(session, old)


def _asked(session: Session) -> tuple[ReviewPolicy, tzinfo | None, list[UUID]]:
    agents = list(session.scalars(select(User.id).where(User.active).order_by(User.id)))
    return review_rules.read(session), zones.read(session), agents


def _day(at: datetime, zone: tzinfo | None) -> Days:
    start = day_start(at, zone)
    return Days(start=start, end=day_start(start + _NEXT_DAY, zone))


def _week(day: Days, zone: tzinfo | None) -> Days:
    """From Monday to Monday."""
    noon = day.start + timedelta(hours=12)
    monday = noon - timedelta(days=noon.astimezone(zone).weekday())
    start = day_start(monday, zone)
    return Days(start=start, end=day_start(start + timedelta(days=7, hours=6), zone))
