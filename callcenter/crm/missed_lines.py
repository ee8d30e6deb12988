"""How many missed callers wait for a call back, and how many too long: by queue, as far as the reader may see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from callcenter.crm import tasks
from callcenter.crm.models.queues import Queue
from callcenter.crm.models.tasks import Task
from callcenter.crm.rights import Actor
from callcenter.crm.tasks import Filter


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedLine:
    """Callers missed in a queue, ``""`` where they rang a phone directly. ``overdue`` of the ``waiting`` should have
    been called back by now, the first of them at ``due_since``. ``label`` is what people call the queue."""

    pbx: str
    queue: str
    label: str
    waiting: int
    overdue: int
    due_since: datetime | None


def lines(session: Session, actor: Actor, now: datetime) -> tuple[MissedLine, ...]:
    """Whose first caller waits longest at the top."""
    late = func.count(case((Task.order_at < now, 1)))
    first = func.min(Task.order_at)
    wanted = tasks.conditions(Filter(missed=True), actor, now)
    rows = session.execute(
        select(Task.pbx, Task.queue, func.max(Queue.label), func.count(), late, first)
        .outerjoin(Queue, (Queue.pbx == Task.pbx) & (Queue.name == Task.queue))
        .where(*wanted)
        .group_by(Task.pbx, Task.queue)
        .order_by(first, Task.pbx, Task.queue)
    )
    return tuple(
        MissedLine(
            pbx=pbx,
            queue=queue,
            label=label or "",
            waiting=waiting,
            overdue=overdue,
            due_since=due if overdue else None,
        )
        for pbx, queue, label, waiting, overdue, due in rows
    )
