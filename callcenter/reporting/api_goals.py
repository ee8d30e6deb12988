"""What is aimed at, how far people have come with it today, and what counts as short."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from aiohttp import web
from pydantic import AwareDatetime, Field
from sqlalchemy.orm import Session

from callcenter.api import BUS, CLOCK, DB, ROOT, SETTINGS, Answer, Body, Line, View, etag, expect
from callcenter.crm import audit, report_rules
from callcenter.crm.access import actor, require
from callcenter.crm.report_rules import ReportPolicy
from callcenter.crm.rights import Verb
from callcenter.news import Named
from callcenter.reporting import day, more_counts
from callcenter.reporting.goals import Goal
from callcenter.reporting.more_answers import CallbacksAnswer, GroupsAnswer
from callcenter.reporting.spans import checked
from callcenter.reporting.wanted import Wanted

From = Annotated[AwareDatetime | None, Field(alias="from")]
To = Annotated[AwareDatetime | None, Field(alias="to")]


class ReportRules(Body, ReportPolicy):
    """What counts as short, and what is aimed at."""


class GoalProgress(Answer):
    """``goal``: calls, code, callbacks or aht_s. ``share`` from 0 to 1 fills the bar; null: nothing is counted yet."""

    goal: Goal
    code: str
    code_labels: dict[str, str]
    target: float
    value: float | None
    share: float | None
    met: bool


class AgentProgress(Answer):
    agent_id: UUID
    name: str
    goals: list[GoalProgress]


class DayProgress(Answer):
    """``since``: when this day began."""

    since: datetime
    agents: list[AgentProgress]


class CallbacksReportView(View):
    async def get(
        self, from_: From = None, to_: To = None, queue: Line = "", pbx: Line = "", agent: UUID | None = None
    ) -> CallbacksAnswer:
        """Whether missed callers and who was promised a call were called back in time."""
        who, app = require(self.request, Verb.READ_REPORTS), self.request.app
        now = app[CLOCK].now()
        wanted = Wanted(span=checked(from_ or day.week_before(now), to_ or now), queue=queue, pbx=pbx, agent=agent)
        return await more_counts.callbacks(app[DB], wanted, who, now)


class GroupsReportView(View):
    async def get(
        self, from_: From = None, to_: To = None, queue: Line = "", pbx: Line = "", agent: UUID | None = None
    ) -> GroupsAnswer:
        """The same figures by where the customers stand."""
        who, app = require(self.request, Verb.READ_REPORTS), self.request.app
        now = app[CLOCK].now()
        wanted = Wanted(span=checked(from_ or day.week_before(now), to_ or now), queue=queue, pbx=pbx, agent=agent)
        return await more_counts.groups(app[DB], wanted, who)


class ProgressReportView(View):
    async def get(self) -> DayProgress:
        """How far each agent has come today; those without a goal are left out."""
        who, app = require(self.request, Verb.READ_REPORTS), self.request.app
        return _told(await day.everybody(app[DB], who, app[CLOCK].now()))


class MyProgressView(View):
    async def get(self) -> DayProgress:
        """How far one has come oneself."""
        who, app = actor(self.request), self.request.app
        return _told(await day.one(app[DB], who, app[CLOCK].now()))


class ReportRulesView(View):
    async def get(self) -> ReportPolicy:
        """The rules now."""
        require(self.request, Verb.READ_REPORTS)
        return self._told(await self.request.app[DB].read(lambda s: (report_rules.read(s), report_rules.version(s))))

    async def put(self, body: ReportRules) -> ReportPolicy:
        """Changes them: for every report from now on, whatever time it is about, and for the floor at once."""
        app, who, now = self.request.app, require(self.request, Verb.EDIT_OUTCOMES), self.request.app[CLOCK].now()

        def change(session: Session) -> tuple[ReportPolicy, int]:
            expect(self.request, report_rules.version(session))
            report_rules.write(session, body)
            told = body.model_dump(mode="json")
            audit.record(session, who, "change", ("policy", report_rules.KEY), now, **told)
            return report_rules.read(session), report_rules.version(session)

        changed = await app[DB].write(change)
        await app[BUS].publish(*(Named(pbx=name) for name in app[SETTINGS].pbx))
        return self._told(changed)

    def _told(self, found: tuple[ReportPolicy, int]) -> ReportPolicy:
        self.answer_header("ETag", etag(found[1]))
        return found[0]


def _told(found: day.Days) -> DayProgress:
    agents = [
        AgentProgress(
            agent_id=agent,
            name=name,
            goals=[
                GoalProgress(
                    goal=one.goal,
                    code=one.code,
                    code_labels=dict(found.labels.get(one.code, {})),
                    target=one.target,
                    value=one.value,
                    share=one.share,
                    met=one.met,
                )
                for one in goals
            ],
        )
        for agent, name, goals in found.agents
        if goals
    ]
    return DayProgress(since=found.since, agents=agents)


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/reports/callbacks", CallbacksReportView)
    app.router.add_view(f"{ROOT}/reports/groups", GroupsReportView)
    app.router.add_view(f"{ROOT}/reports/progress", ProgressReportView)
    app.router.add_view(f"{ROOT}/me/progress", MyProgressView)
    app.router.add_view(f"{ROOT}/report-rules", ReportRulesView)
