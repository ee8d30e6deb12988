"""The day's figures, kept current: read from the rows at the start and at midnight, counted along in between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.call import Changed
from callcenter.clock import Clock
from callcenter.counting import TARGET_S, QueueKey, Visit, day_start
from callcenter.crm import report_rules, zones
from callcenter.crm.models.queues import Queue
from callcenter.crm.report_rules import ReportPolicy
from callcenter.db import Database
from callcenter.roster import AgentId
from callcenter.routing import history
from callcenter.routing.missed import Missed, Ring, ring
from callcenter.routing.today import Figures, Today, ended


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedRing:
    """``row``: how many in a row now."""

    agent: AgentId
    row: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What rows say. ``visits`` is None where the day has been read before."""

    zone: tzinfo | None
    rules: ReportPolicy
    targets: Mapping[QueueKey, int]
    labels: Mapping[QueueKey, str]
    visits: Mapping[history.VisitKey, Visit] | None
    rings: Sequence[Ring]


class Figuring:
    """``today`` by queue, ``missed`` by agent, and the queues as people named them."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._zone: tzinfo | None = None
        self._targets: Mapping[QueueKey, int] = {}
        self._rules = ReportPolicy()
        self._until: datetime | None = None
        self._read: frozenset[history.VisitKey] = frozenset()
        self.labels: Mapping[QueueKey, str] = {}
        self.today = Today()
        self.missed = Missed()

    async def start(self) -> None:
        """Reads what has come to its end today."""
        await self.reload()

    async def reload(self) -> None:
        """Targets, names and the zone may have changed. What has been counted along of this day is not read again."""
        now = self._clock.now()

        def read(session: Session) -> _Read:
            zone = zones.read(session)
            queues = session.execute(select(Queue.pbx, Queue.name, Queue.label, Queue.service_level_s)).all()
            since = day_start(now, zone)
            anew = since != self.today.since
            return _Read(
                zone=zone,
                rules=report_rules.read(session),
                targets={(pbx, name): seconds for pbx, name, _, seconds in queues},
                labels={(pbx, name): label for pbx, name, label, _ in queues if label},
                visits=history.visits(session, since) if anew else None,
                rings=history.rings(session, since) if anew else (),
            )

        self._take(await self._db.read(read), now)

    def _take(self, read: _Read, now: datetime) -> None:
        self._zone, self._rules = read.zone, read.rules
        self._targets, self.labels = read.targets, read.labels
        if read.visits is not None:
            since = day_start(now, self._zone)
            self._read = frozenset(read.visits)
            self.today.restart(since, read.visits.values())
            self.missed.restart(since, read.rings)
        self._until = _next_midnight(now, self._zone)

    def changed(self, event: Changed) -> MissedRing | None:
        """Counts what came to its end with this change of a call; a ring that was let pass."""
        self._turn()
        if event.after.test:
            return None
        for seq, visit in ended(event.before, event.after):
            # Its row may have been read before anybody was told of it.
            if (event.after.id, seq) not in self._read:
                self.today.count(visit)
        one = ring(event)
        if one is None:
            return None
        row = self.missed.count(one)
        return MissedRing(agent=one.agent, row=row) if row else None

    def of(self, queue: QueueKey) -> Figures:
        self._turn()
        return self.today.of(queue, self.target(queue), self.short(queue))

    def target(self, queue: QueueKey) -> int:
        """Seconds within which a call is to be answered."""
        return self._targets.get(queue, TARGET_S)

    def short(self, queue: QueueKey) -> int:
        """Who hangs up before so many seconds counts in nothing."""
        return self._rules.short_of(*queue)

    def _turn(self) -> None:
        """At midnight everything begins anew; what ends later is counted as it ends."""
        now = self._clock.now()
        if self._until is not None and now >= self._until:
            since = day_start(now, self._zone)
            self._read = frozenset()
            self.today.restart(since, ())
            self.missed.restart(since, ())
            self._until = _next_midnight(now, self._zone)


def _next_midnight(now: datetime, zone: tzinfo | None) -> datetime:
    """The first midnight to come; a day may have 23 or 25 hours."""
    return day_start(day_start(now, zone) + timedelta(hours=30), zone)
