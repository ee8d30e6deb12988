"""Tasks: the list, how much there is, one task, taking and finishing it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from aiohttp import web
from pydantic import AwareDatetime, Field, StringConstraints
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter.api import (
    BUS,
    CLOCK,
    DB,
    ROOT,
    Answer,
    Body,
    Limit,
    Line,
    Prose,
    View,
    creates,
    etag,
    expect,
    read_cursor,
)
from callcenter.crm import audit, once, reminders, task_views, tasks
from callcenter.crm.access import actor, require
from callcenter.crm.models.calls import CallRow
from callcenter.crm.models.tasks import Task
from callcenter.crm.rights import Actor, Verb, allow
from callcenter.crm.schemas import Zone
from callcenter.crm.task_views import TaskAnswer
from callcenter.crm.task_writing import columns
from callcenter.crm.tasks import Filter, TaskKind, TaskState
from callcenter.events import Direction
from callcenter.news import TasksChanged

Subject = Annotated[Line, StringConstraints(max_length=200)]
DueBefore = Annotated[AwareDatetime | None, Field(alias="due_before")]


class Tasks(Answer):
    items: list[TaskAnswer]
    next_cursor: str | None


class TaskCounts(Answer):
    """``mine`` are due by ``due_before``; ``unclaimed``: missed callers nobody has taken; ``withheld``: callers missed
    since ``since`` who hid their number and cannot be called back."""

    mine: int
    mine_overdue: int
    unclaimed: int
    overdue: int
    withheld: int


class TaskFields(Body):
    """What is not sent stays. Null takes away. ``number`` is what to call where it is no customer's."""

    kind: TaskKind = TaskKind.ERRAND
    subject: Subject = ""
    note: Prose = ""
    customer_id: UUID | None = None
    number: Line = ""
    assignee_id: UUID | None = None
    team_id: UUID | None = None
    due_at: AwareDatetime | None = None
    due_until: AwareDatetime | None = None
    zone: Zone = ""
    remind_at: AwareDatetime | None = None


class NewTask(TaskFields):
    """``assignee_id`` that is not sent: oneself; null: whoever is free."""

    call_id: UUID | None = None


class TasksView(View):
    async def get(  # noqa: PLR0913 - the query's names are the parameters' names
        self,
        mine: bool = False,
        unclaimed: bool = False,
        overdue: bool = False,
        missed: bool | None = None,
        team: UUID | None = None,
        customer: UUID | None = None,
        due_before: DueBefore = None,
        closed: bool = False,
        limit: Limit = 50,
        cursor: Line = "",
    ) -> Tasks:
        """Tasks, what is due first at the top. ``closed``: those that are over instead of those to do."""
        who, now = require(self.request, Verb.WORK_TASKS), self.request.app[CLOCK].now()
        wanted = Filter(
            mine=mine,
            unclaimed=unclaimed,
            overdue=overdue,
            missed=missed,
            team=team,
            customer=customer,
            due_before=due_before,
            closed=closed,
        )
        conditions, after = tasks.conditions(wanted, who, now), read_cursor(cursor)

        def read(session: Session) -> Tasks:
            rows, go_on = tasks.page(session, conditions, limit, after)
            return Tasks(items=task_views.views(session, rows, who, now), next_cursor=go_on)

        return await self.request.app[DB].read(read)

    @creates
    async def post(self, body: NewTask) -> TaskAnswer:
        """Writes a task down."""
        app, who, now = self.request.app, require(self.request, Verb.WORK_TASKS), self.request.app[CLOCK].now()

        def make(session: Session) -> UUID:
            values = columns(session, self.request, body.model_dump(exclude_unset=True))
            made = tasks.create(session, {"kind": body.kind, "assignee_id": who.id} | values, who.id, now)
            _given(session, session.get_one(Task, made), who, now)
            audit.record(session, who, "create", ("task", str(made)), now, kind=body.kind)
            return made

        made, _ = await once.create(self.request, "task", make)
        await app[BUS].publish(TasksChanged(tasks=(made,)))
        return await _read(self, made)


class TaskCountsView(View):
    async def get(self, due_before: DueBefore = None, since: AwareDatetime | None = None) -> TaskCounts:
        """How much there is to do; missed callers without a number are only counted."""
        who, now = require(self.request, Verb.WORK_TASKS), self.request.app[CLOCK].now()
        return await self.request.app[DB].read(lambda s: _counts(s, who, now, (due_before, since)))


class TaskView(View):
    async def get(self, task_id: UUID, /) -> TaskAnswer:
        """One task."""
        who, now = require(self.request, Verb.WORK_TASKS), self.request.app[CLOCK].now()
        await self.request.app[DB].read(lambda s: tasks.seen(s, task_id, who, now).id)
        return await _read(self, task_id)

    async def patch(self, task_id: UUID, /, body: TaskFields) -> TaskAnswer:
        """Changes it. With ``If-Match`` only the version that was read."""
        values = body.model_dump(exclude_unset=True)

        def change(session: Session, task: Task, who: Actor, now: datetime) -> dict[str, Any]:
            expect(self.request, task.version)
            if not allow(who, Verb.ANY_TASK):
                tasks.refuse_anothers(session, task, who, now)
            changed = tasks.change(session, task, columns(session, self.request, values), now)
            if "assignee_id" in changed:
                _given(session, task, who, now)
            return {"fields": changed}

        return await _work(self, task_id, "change", change)


class TaskClaimView(View):
    async def post(self, task_id: UUID, /) -> TaskAnswer:
        """Takes it: of two who do so at once one has it, and the other is told who."""

        def claim(session: Session, task: Task, who: Actor, now: datetime) -> dict[str, Any]:
            tasks.claim(session, task, who, now)
            return {}

        return await _work(self, task_id, "claim", claim)


class ReleaseView(View):
    async def post(self, task_id: UUID, /) -> TaskAnswer:
        """Gives it back."""

        def release(session: Session, task: Task, who: Actor, now: datetime) -> dict[str, Any]:
            tasks.release(session, task, who, now)
            return {}

        return await _work(self, task_id, "release", release)


class DoneView(View):
    async def post(self, task_id: UUID, /) -> TaskAnswer:
        """It is done."""

        def done(session: Session, task: Task, who: Actor, now: datetime) -> dict[str, Any]:
            tasks.close(session, task, who, now, TaskState.DONE)
            return {}

        return await _work(self, task_id, "done", done)


class CancelView(View):
    async def post(self, task_id: UUID, /) -> TaskAnswer:
        """It is no longer to be done."""

        def cancel(session: Session, task: Task, who: Actor, now: datetime) -> dict[str, Any]:
            tasks.close(session, task, who, now, TaskState.CANCELLED)
            return {}

        return await _work(self, task_id, "cancel", cancel)


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/tasks", TasksView)
    app.router.add_view(f"{ROOT}/tasks/counts", TaskCountsView)
    app.router.add_view(f"{ROOT}/tasks/{{task_id}}", TaskView)
    app.router.add_view(f"{ROOT}/tasks/{{task_id}}/claim", TaskClaimView)
    app.router.add_view(f"{ROOT}/tasks/{{task_id}}/release", ReleaseView)
    app.router.add_view(f"{ROOT}/tasks/{{task_id}}/done", DoneView)
    app.router.add_view(f"{ROOT}/tasks/{{task_id}}/cancel", CancelView)


Work = Callable[[Session, Task, Actor, datetime], dict[str, Any]]


async def _work(view: View, task_id: UUID, verb: str, work: Work) -> TaskAnswer:
    """Does something to a task that is still to be done, on the trail and told to everybody."""
    app, who, now = view.request.app, require(view.request, Verb.WORK_TASKS), view.request.app[CLOCK].now()

    def do(session: Session) -> None:
        details = work(session, tasks.held(session, task_id, who, now), who, now)
        audit.record(session, who, verb, ("task", str(task_id)), now, **details)

    await app[DB].write(do)
    await app[BUS].publish(TasksChanged(tasks=(task_id,)))
    return await _read(view, task_id)


def _given(session: Session, task: Task, who: Actor, now: datetime) -> None:
    """Whoever is given a task by somebody else is told so."""
    if task.assignee_id not in (None, who.id):
        reminders.call(session, task, task.assignee_id, now)


async def _read(view: View, task_id: UUID) -> TaskAnswer:
    who, now = actor(view.request), view.request.app[CLOCK].now()
    found = await view.request.app[DB].read(lambda s: task_views.view(s, task_id, who, now))
    view.answer_header("ETag", etag(found.version))
    return found


def _counts(session: Session, who: Actor, now: datetime, bounds: tuple[datetime | None, datetime | None]) -> TaskCounts:
    due_before, since = bounds

    def count(wanted: Filter) -> int:
        found = select(func.count()).select_from(Task).where(*tasks.conditions(wanted, who, now))
        return session.scalar(found) or 0

    hidden = select(func.count()).where(
        CallRow.started_at >= (since or now.replace(hour=0, minute=0, second=0, microsecond=0)),
        CallRow.direction == Direction.INBOUND,
        CallRow.withheld,
        CallRow.ended_at.is_not(None),
        CallRow.answered_at.is_(None),
    )
    return TaskCounts(
        mine=count(Filter(mine=True, due_before=due_before)),
        mine_overdue=count(Filter(mine=True, overdue=True)),
        unclaimed=count(Filter(unclaimed=True, missed=True)),
        overdue=count(Filter(overdue=True)),
        withheld=session.scalar(hidden) or 0,
    )
