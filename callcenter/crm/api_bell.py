"""The bell that reminds of tasks, and the rules about tasks."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from aiohttp import web
from sqlalchemy.orm import Session

from callcenter.api import BUS, CLOCK, DB, ROOT, Answer, View, etag, expect
from callcenter.crm import audit, reminders, task_policy, task_views
from callcenter.crm.access import require
from callcenter.crm.rights import Verb
from callcenter.crm.task_policy import TaskPolicy
from callcenter.crm.task_views import TaskAnswer
from callcenter.news import TasksChanged


class ReminderAnswer(Answer):
    id: UUID
    at: datetime
    task: TaskAnswer


class Bell(Answer):
    items: list[ReminderAnswer]


class BellView(View):
    async def get(self) -> Bell:
        """What one was reminded of and has not seen yet."""
        who, now = require(self.request, Verb.WORK_TASKS), self.request.app[CLOCK].now()

        def read(session: Session) -> Bell:
            told = reminders.bell(session, who.id)
            shown = task_views.views(session, [task for _, task in told], who, now)
            items = [ReminderAnswer(id=r.id, at=r.at, task=v) for (r, _), v in zip(told, shown, strict=True)]
            return Bell(items=items)

        return await self.request.app[DB].read(read)


class SeenView(View):
    async def put(self, reminder_id: UUID, /) -> None:
        """One has seen it: the bell lets it go, in all tabs."""
        who, now = require(self.request, Verb.WORK_TASKS), self.request.app[CLOCK].now()
        await self.request.app[DB].write(lambda s: reminders.see(s, reminder_id, who.id, now))
        await self.request.app[BUS].publish(TasksChanged(tasks=()))


class PolicyView(View):
    async def get(self) -> TaskPolicy:
        """The rules about tasks."""
        require(self.request, Verb.WORK_TASKS)
        return await self._told(
            await self.request.app[DB].read(lambda s: (task_policy.read(s), task_policy.version(s)))
        )

    async def put(self, body: TaskPolicy) -> TaskPolicy:
        """Changes them; they hold at once, for claims and misses from now on."""
        app, who, now = self.request.app, require(self.request, Verb.ANY_TASK), self.request.app[CLOCK].now()

        def change(session: Session) -> tuple[TaskPolicy, int]:
            expect(self.request, task_policy.version(session))
            task_policy.write(session, body)
            audit.record(session, who, "change", ("policy", task_policy.KEY), now, **body.model_dump(mode="json"))
            return body, task_policy.version(session)

        return await self._told(await app[DB].write(change))

    async def _told(self, found: tuple[TaskPolicy, int]) -> TaskPolicy:
        self.answer_header("ETag", etag(found[1]))
        return found[0]


def add_routes(app: web.Application) -> None:
    """Before those of one task: ``policy`` is no task's id."""
    app.router.add_view(f"{ROOT}/tasks/policy", PolicyView)
    app.router.add_view(f"{ROOT}/me/reminders", BellView)
    app.router.add_view(f"{ROOT}/me/reminders/{{reminder_id}}", SeenView)
