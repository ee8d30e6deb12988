"""The bell: who is told of which task when, once; and what time does to claims."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, delete, func, select, update
from sqlalchemy.orm import Session

from callcenter.crm.models.tasks import Task, TaskReminder
from callcenter.errors import NotFound

_LIVING = Task.closed_at.is_(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """``expired``: claims that ran out. ``late``: tasks that have just become overdue. ``told``: task and person. The
    counts are of missed callers not called back."""

    expired: tuple[UUID, ...]
    late: tuple[UUID, ...]
    told: tuple[tuple[UUID, UUID], ...]
    waiting: int
    overdue: int


def arrange(session: Session, task: Task) -> None:
    """Whoever has the task now is told at its time; nobody who had it before. Who was told once is not told again."""
    whom = task.claimed_by_id or task.assignee_id
    session.execute(delete(TaskReminder).where(TaskReminder.task_id == task.id, TaskReminder.told_at.is_(None)))
    if task.closed_at or task.remind_at is None or whom is None:
        return
    told = select(TaskReminder.id).where(
        TaskReminder.task_id == task.id, TaskReminder.user_id == whom, TaskReminder.at == task.remind_at
    )
    if session.scalars(told).first() is None:
        session.add(TaskReminder(task_id=task.id, user_id=whom, at=task.remind_at))
        session.flush()


def bell(session: Session, user: UUID) -> list[tuple[TaskReminder, Task]]:
    """What somebody was told of and has not seen, the newest first."""
    found = (
        select(TaskReminder, Task)
        .join(Task, Task.id == TaskReminder.task_id)
        .where(TaskReminder.user_id == user, TaskReminder.told_at.is_not(None), TaskReminder.seen_at.is_(None), _LIVING)
        .order_by(TaskReminder.at.desc())
        .limit(50)
    )
    return [(reminder, task) for reminder, task in session.execute(found)]


def see(session: Session, reminder_id: UUID, user: UUID, now: datetime) -> None:
    """The person has seen it. Raises NotFound."""
    row = session.get(TaskReminder, reminder_id)
    if row is None or row.user_id != user:
        raise NotFound("no such reminder")
    row.seen_at = row.seen_at or now


def call(session: Session, task: Task, user: UUID, now: datetime) -> None:
    """Tells somebody of a task at once, whatever he is reminded of later: it was given to him."""
    due = select(TaskReminder.id).where(
        TaskReminder.task_id == task.id,
        TaskReminder.user_id == user,
        TaskReminder.told_at.is_(None),
        TaskReminder.at <= now,
    )
    if task.closed_at is None and session.scalars(due).first() is None:
        session.add(TaskReminder(task_id=task.id, user_id=user, at=now))
        session.flush()


def sweep(session: Session, now: datetime, since: datetime) -> Swept:
    """Claims that ran out are open again; reminders whose time has come are told. ``since``: the look before."""
    expired = _expire(session, now)
    told = _tell(session, now)
    waiting = select(func.count()).where(_LIVING, Task.missed > 0)
    late = select(Task.id).where(_LIVING, Task.order_at >= since, Task.order_at < now)
    return Swept(
        expired=expired,
        late=tuple(session.scalars(late)),
        told=told,
        waiting=session.scalar(waiting) or 0,
        overdue=session.scalar(waiting.where(and_(Task.order_at < now))) or 0,
    )


def _expire(session: Session, now: datetime) -> tuple[UUID, ...]:
    """Opens the tasks whose claim ran out, with the bell of whoever has them now."""
    opened = {"state": "open", "claimed_by_id": None, "claimed_at": None, "claim_until": None}
    ran_out = (
        update(Task)
        .where(_LIVING, Task.claim_until <= now)
        .values(**opened, updated_at=now, version=Task.version + 1)
        .returning(Task.id)
        .execution_options(synchronize_session=False)
    )
    expired = tuple(session.scalars(ran_out))
    for task in session.scalars(select(Task).where(Task.id.in_(expired), Task.remind_at.is_not(None))):
        arrange(session, task)
    return expired


def _tell(session: Session, now: datetime) -> tuple[tuple[UUID, UUID], ...]:
    """Task and person of every reminder that is due, each once; those of closed tasks are told to nobody."""
    due = (
        update(TaskReminder)
        .where(TaskReminder.told_at.is_(None), TaskReminder.at <= now)
        .values(told_at=now)
        .returning(TaskReminder.task_id, TaskReminder.user_id)
        .execution_options(synchronize_session=False)
    )
    told = tuple((task, user) for task, user in session.execute(due))
    living = set(session.scalars(select(Task.id).where(Task.id.in_({task for task, _ in told}), _LIVING)))
    return tuple((task, user) for task, user in told if task in living)
