"""A queue that is released for a while: nobody is kept from his next call for what he owes for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from callcenter.crm.models.outcomes import QueueRelease
from callcenter.crm.models.queues import Queue
from callcenter.crm.upsert import upsert
from callcenter.errors import NotFound
from callcenter.terms import Released


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """By whom, for how long and why."""

    by: UUID
    now: datetime
    minutes: int
    reason: str


def put(session: Session, queue: Queue, order: Ordered) -> None:
    """From now on; again: for so long from now."""
    values = {
        "at": order.now,
        "until": order.now + timedelta(minutes=order.minutes),
        "by_id": order.by,
        "reason": order.reason,
    }
    upsert(session, QueueRelease, {"pbx": queue.pbx, "queue": queue.name}, values)


def end(session: Session, queue: Queue) -> None:
    session.execute(delete(QueueRelease).where(QueueRelease.pbx == queue.pbx, QueueRelease.queue == queue.name))


def queue(session: Session, queue_id: UUID) -> Queue:
    """Raises NotFound."""
    found = session.get(Queue, queue_id)
    if found is None:
        raise NotFound("there is no such queue")
    return found


def standing(session: Session, now: datetime) -> list[QueueRelease]:
    """Those that are not over."""
    found = select(QueueRelease).where(QueueRelease.until > now)
    return list(session.scalars(found.order_by(QueueRelease.pbx, QueueRelease.queue)))


def every(session: Session) -> dict[tuple[str, str], Released]:
    """By PBX and queue, also those that are over."""
    rows = session.scalars(select(QueueRelease))
    return {(row.pbx, row.queue): Released(until=row.until, by=row.by_id) for row in rows}
