"""Who sits where and works in which queue, read from the rows when they change: the same for all PBXs."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.counting import QueueKey
from callcenter.crm import rosters
from callcenter.crm.models.people import User
from callcenter.crm.models.queues import Queue, QueueAgent
from callcenter.db import Database
from callcenter.errors import Unavailable
from callcenter.roster import Roster
from callcenter.routing import rules
from callcenter.routing.desks import Desk
from callcenter.routing.staff import Staff

_READ_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    extensions: tuple[Desk, ...]
    staff: Staff


class Seating:
    """``rows`` is None until they could be read; while the database is away those read last are good enough."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.roster = Roster()
        self.rows: Rows | None = None
        self.stale = True

    @property
    def staff(self) -> Staff:
        return self.rows.staff if self.rows else Staff()

    async def refresh(self) -> bool:
        """Reads the rows if they changed; whether it did. Raises Unavailable where there are none at all yet."""
        if not self.stale:
            return False
        self.stale = False
        try:
            async with asyncio.timeout(_READ_SECONDS):
                self.rows = await self._db.read(read)
        except (Unavailable, TimeoutError):
            self.stale = True
            if self.rows is None:
                raise
            return False
        return True


def read(session: Session) -> Rows:
    used = rosters.ever_used(session)
    extensions = tuple(
        Desk(
            pbx=e.pbx,
            number=e.number,
            devices=frozenset(e.devices),
            interfaces=frozenset(e.interfaces),
            used=e.id in used,
        )
        for e in rosters.interfaces(session)
    )
    return Rows(extensions=extensions, staff=_staff(session))


def _staff(session: Session) -> Staff:
    rows = session.execute(
        select(Queue.pbx, Queue.name, QueueAgent.agent_id, QueueAgent.penalty, User.display_name)
        .join(QueueAgent, QueueAgent.queue_id == Queue.id)
        .join(User, User.id == QueueAgent.agent_id)
        .where(Queue.staffed, User.active)
    ).all()
    works: dict[UUID, dict[QueueKey, int]] = defaultdict(dict)
    for pbx, queue, agent, penalty, _ in rows:
        works[agent][pbx, queue] = penalty
    kept = session.execute(select(Queue.pbx, Queue.name).where(Queue.staffed)).all()
    return Staff(
        kept=frozenset((pbx, name) for pbx, name in kept),
        works=works,
        names={agent: name for _, _, agent, _, name in rows},
        rules=rules.read(session),
    )
