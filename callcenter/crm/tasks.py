"""Tasks: found, made, claimed, changed and closed. Who sees which is decided in ``visible`` and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_, select, tuple_
from sqlalchemy.orm import Session

from callcenter.api import cursor
from callcenter.call import Call
from callcenter.crm import customers, reminders, task_policy
from callcenter.crm import visible as sight
from callcenter.crm.models.calls import CallRow
from callcenter.crm.models.people import User
from callcenter.crm.models.queues import Queue, QueueAgent
from callcenter.crm.models.tasks import Task
from callcenter.crm.rights import Actor, Subject, Verb, allow
from callcenter.decision_events import OutcomeLogged
from callcenter.errors import Forbidden, NotFound, Refused

NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)
_LIVING: Final = Task.closed_at.is_(None)


class TaskKind(StrEnum):
    CALLBACK = "callback"
    CALL = "call"
    ERRAND = "todo"
    VISIT = "visit"


class TaskState(StrEnum):
    OPEN = "open"
    CLAIMED = "claimed"
    DONE = "done"
    CANCELLED = "cancelled"


class TaskClaimed(Refused):
    """A colleague has it; the text names him."""

    code = "task_claimed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """None and False: whatever. ``mine``: mine to do; ``unclaimed``: nobody's yet; ``closed``: what is over instead."""

    mine: bool = False
    unclaimed: bool = False
    overdue: bool = False
    missed: bool | None = None
    due_before: datetime | None = None
    team: UUID | None = None
    customer: UUID | None = None
    closed: bool = False


def visible(actor: Actor, now: datetime) -> ColumnElement[bool]:
    """What is theirs. Supervisors: also all of their team. Others: also what nobody has in their team and queues, and
    what a colleague promised and did not keep. Never what is about a card they may not read, but for their own."""
    own = or_(Task.assignee_id == actor.id, Task.claimed_by_id == actor.id, Task.created_by_id == actor.id)
    card = or_(Task.customer_id.is_(None), sight.on_readable_card(actor, Task.customer_id))
    team = and_(card, sight.of_team(actor, Subject.TASKS, Task.team_id))
    if allow(actor, Verb.ANY_TASK):
        return or_(own, team)
    here = and_(Queue.pbx == Task.pbx, Queue.name == Task.queue)
    staffed = exists().where(here, QueueAgent.queue_id == Queue.id)
    works_there = exists().where(here, QueueAgent.queue_id == Queue.id, QueueAgent.agent_id == actor.id)
    free = or_(Task.assignee_id.is_(None), and_(Task.kind == TaskKind.CALLBACK, Task.order_at <= now))
    return or_(own, and_(free, team, or_(~staffed, works_there)))


def conditions(wanted: Filter, actor: Actor, now: datetime) -> list[ColumnElement[bool]]:
    """What the rows must be. On a card that one may read one sees all that is to be done for the customer."""
    mine = or_(Task.claimed_by_id == actor.id, and_(Task.assignee_id == actor.id, Task.claimed_by_id.is_(None)))
    found: list[ColumnElement[bool]] = [Task.closed_at.is_not(None) if wanted.closed else _LIVING]
    sees = visible(actor, now)
    found.append(or_(sees, sight.on_readable_card(actor, Task.customer_id)) if wanted.customer else sees)
    if wanted.mine:
        found.append(mine)
    if wanted.unclaimed:
        found += [Task.state == TaskState.OPEN, or_(Task.assignee_id.is_(None), Task.order_at <= now)]
    if wanted.overdue:
        found.append(Task.order_at < now)
    if wanted.missed is not None:
        found.append(Task.missed > 0 if wanted.missed else Task.missed == 0)
    if wanted.due_before:
        found.append(Task.order_at < wanted.due_before)
    if wanted.team:
        found.append(Task.team_id == wanted.team)
    if wanted.customer:
        found.append(Task.customer_id == wanted.customer)
    return found


def page(
    session: Session, wanted: list[ColumnElement[bool]], limit: int, after: customers.PageKey | None
) -> tuple[list[Task], str | None]:
    """One page, what is due first at the top, and the cursor of the next."""
    found = select(Task).where(*wanted)
    if after:
        found = found.where(tuple_(Task.order_at, Task.id) > customers.key(*after))
    rows = list(session.scalars(found.order_by(Task.order_at, Task.id).limit(limit + 1)))
    shown = rows[:limit]
    return shown, cursor(shown[-1].order_at, shown[-1].id) if len(rows) > limit else None


def seen(session: Session, task_id: UUID, actor: Actor, now: datetime) -> Task:
    """A task the actor may see. Raises NotFound."""
    may = or_(visible(actor, now), sight.on_readable_card(actor, Task.customer_id))
    found = select(Task).where(Task.id == task_id, may)
    task = session.scalars(found).first()
    if task is None:
        raise NotFound("no such task")
    return task


def held(session: Session, task_id: UUID, actor: Actor, now: datetime) -> Task:
    """The same, locked until the commit, and still to be done. Raises NotFound, Refused."""
    task = seen(session, task_id, actor, now)
    session.refresh(task, with_for_update=True)
    if task.closed_at is not None:
        raise Refused("this is done or cancelled already", code="task_closed")
    return task


def create(session: Session, values: Mapping[str, Any], by: UUID, now: datetime) -> UUID:
    """A task somebody writes down; ``values`` by column."""
    task = Task(**values, order_at=values.get("due_at") or NEVER, created_by_id=by, created_at=now, updated_at=now)
    session.add(task)
    session.flush()
    reminders.arrange(session, task)
    return task.id


def promise(session: Session, call: Call, event: OutcomeLogged, now: datetime) -> UUID:
    """What was promised with an outcome. Correcting the outcome changes the promise that is still open."""
    given, segment = event.promise, call.segments[event.segment]
    if given is None:
        raise AssertionError("nothing was promised")
    values = {
        "kind": TaskKind.CALLBACK,
        "note": given.note,
        "assignee_id": given.assignee,
        "due_at": given.due_at,
        "due_until": given.due_until,
        "zone": given.zone,
        "remind_at": given.remind_at,
    }
    key = f"promise|{segment.id}"
    task = session.scalars(select(Task).where(Task.open_key == key).with_for_update()).first()
    if task:
        change(session, task, values, now)
        return task.id
    number = session.scalar(select(CallRow.number_id).where(CallRow.id == call.id))
    about = {
        "customer_id": call.customer,
        "number_id": number,
        "pbx": call.key.pbx,
        "queue": segment.queue,
        "origin_call_id": call.id,
        "origin_segment_id": segment.id,
        "open_key": key,
    }
    return create(session, values | about, event.by, now)


def change(session: Session, task: Task, values: Mapping[str, Any], now: datetime) -> list[str]:
    """Writes on the task; the names of the fields that differ. What is given to somebody is no longer another's."""
    changed = [name for name, value in values.items() if getattr(task, name) != value]
    for name in changed:
        setattr(task, name, values[name])
    if "assignee_id" in changed and task.assignee_id not in (None, task.claimed_by_id):
        let_go(task)
    task.order_at = task.due_at or NEVER
    _written(session, task, now)
    return changed


def claim(session: Session, task: Task, actor: Actor, now: datetime) -> None:
    """Takes it, for as long as claims hold; again: for so long from now. Raises TaskClaimed.

    The row is locked: of two who take it at once one does, and the other learns who.
    """
    refuse_anothers(session, task, actor, now)
    if task.claimed_by_id != actor.id:
        task.claimed_at = now
    task.state, task.claimed_by_id = TaskState.CLAIMED, actor.id
    task.claim_until = now + task_policy.read(session).claim
    _written(session, task, now)


def release(session: Session, task: Task, actor: Actor, now: datetime) -> None:
    """Gives it back to all who may take it."""
    if task.claimed_by_id not in (None, actor.id) and not allow(actor, Verb.ANY_TASK):
        raise Forbidden("a colleague has taken this")
    let_go(task)
    _written(session, task, now)


def let_go(task: Task) -> None:
    task.state = TaskState.OPEN
    task.claimed_by_id = task.claimed_at = task.claim_until = None


def close(session: Session, task: Task, actor: Actor, now: datetime, state: TaskState) -> None:
    """Done by whoever has it; cancelled by whoever made it. A supervisor may do both."""
    have = {task.claimed_by_id} if task.claimed_by_id else {task.assignee_id, task.created_by_id}
    may = have if state is TaskState.DONE else {task.created_by_id}
    if actor.id not in may and not allow(actor, Verb.ANY_TASK):
        raise Forbidden("take it first, or ask who has it" if state is TaskState.DONE else "somebody else made this")
    task.state, task.open_key = state, None
    task.closed_by_id, task.closed_at, task.closed_how = actor.id, now, "person"
    _written(session, task, now)


def refuse_anothers(session: Session, task: Task, actor: Actor, now: datetime) -> None:
    """Raises TaskClaimed while a colleague has it. A claim that has run out is none."""
    if task.claimed_by_id in (None, actor.id) or task.claim_until is None or task.claim_until <= now:
        return
    who = session.scalar(select(User.display_name).where(User.id == task.claimed_by_id))
    raise TaskClaimed(f"{who} has taken it")


def _written(session: Session, task: Task, now: datetime) -> None:
    task.updated_at, task.version = now, task.version + 1
    session.flush()
    reminders.arrange(session, task)
