"""Reports over HTTP, as JSON or as a sheet. Figures only: nothing of a customer stands in them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final, Literal
from uuid import UUID

from aiohttp import web
from pydantic import AwareDatetime, Field

from callcenter.api import CLOCK, DB, ROOT, Line, View
from callcenter.crm import audit
from callcenter.crm.access import require
from callcenter.crm.counted_calls import ShortAsked
from callcenter.crm.exchange import sheet
from callcenter.crm.exchange.sheet import Sheet
from callcenter.crm.rights import Actor, Verb
from callcenter.reporting import api_goals, counts, more_counts, more_sheets, scores, sheets
from callcenter.reporting.answers import AgentsAnswer, OutcomesAnswer, QueuesAnswer, ScoresAnswer
from callcenter.reporting.spans import Span, Step, checked
from callcenter.reporting.wanted import Wanted

From = Annotated[AwareDatetime | None, Field(alias="from")]
To = Annotated[AwareDatetime | None, Field(alias="to")]
Report = Literal["queues", "series", "agents", "outcomes", "scores", "questions", "callbacks", "groups"]
_WEEK: Final = timedelta(days=7)


class QueuesReportView(View):
    async def get(  # noqa: PLR0913 - the query's names are the parameters' names
        self,
        from_: From = None,
        to_: To = None,
        step: Step = Step.DAY,
        queue: Line = "",
        pbx: Line = "",
        short_s: ShortAsked = None,
    ) -> QueuesAnswer:
        """How fast callers were answered: all together, by queue and by interval."""
        require(self.request, Verb.READ_REPORTS)
        wanted = Wanted(span=_span(self.request, from_, to_), queue=queue, pbx=pbx, short_s=short_s)
        return await counts.queues(self.request.app[DB], wanted, step)


class AgentsReportView(View):
    async def get(  # noqa: PLR0913 - the query's names are the parameters' names
        self,
        from_: From = None,
        to_: To = None,
        step: Step = Step.DAY,
        queue: Line = "",
        pbx: Line = "",
        agent: UUID | None = None,
    ) -> AgentsAnswer:
        """What agents did: calls handled, talk, hold, wrap-up, AHT, and how occupied they were; also by interval."""
        who = require(self.request, Verb.READ_REPORTS)
        wanted = Wanted(span=_span(self.request, from_, to_), queue=queue, pbx=pbx, agent=agent)
        app = self.request.app
        return await counts.agents(app[DB], wanted, who, app[CLOCK].now(), step)


class OutcomesReportView(View):
    async def get(
        self, from_: From = None, to_: To = None, queue: Line = "", pbx: Line = "", agent: UUID | None = None
    ) -> OutcomesAnswer:
        """What came of the talks, by outcome code."""
        who = require(self.request, Verb.READ_REPORTS)
        wanted = Wanted(span=_span(self.request, from_, to_), queue=queue, pbx=pbx, agent=agent)
        return await counts.outcomes(self.request.app[DB], wanted, who)


class ScoresReportView(View):
    async def get(  # noqa: PLR0913 - the query's names are the parameters' names
        self,
        from_: From = None,
        to_: To = None,
        step: Step = Step.WEEK,
        queue: Line = "",
        pbx: Line = "",
        agent: UUID | None = None,
        form: UUID | None = None,
    ) -> ScoresAnswer:
        """How talks were scored: all together, by agent, by queue, by question and by interval."""
        who = require(self.request, Verb.READ_REPORTS)
        wanted = Wanted(span=_span(self.request, from_, to_), queue=queue, pbx=pbx, agent=agent, form=form)
        return await scores.scores(self.request.app[DB], wanted, who, step)


class ReportExportView(View):
    async def get(  # noqa: PLR0913 - the query's names are the parameters' names
        self,
        report: Report = "queues",
        from_: From = None,
        to_: To = None,
        format: Literal["csv", "xlsx"] = "csv",
        step: Step = Step.DAY,
        queue: Line = "",
        pbx: Line = "",
        agent: UUID | None = None,
        form: UUID | None = None,
        short_s: ShortAsked = None,
    ) -> web.StreamResponse:
        """The table of a report as a sheet: of queues, intervals, agents, outcomes, scores by agent or by question."""
        who, app = require(self.request, Verb.READ_REPORTS), self.request.app
        require(self.request, Verb.EXPORT)
        wanted = Wanted(
            span=_span(self.request, from_, to_), queue=queue, pbx=pbx, agent=agent, form=form, short_s=short_s
        )
        table, now = await _table(app, report, wanted, who, step), app[CLOCK].now()
        await app[DB].write(lambda s: audit.record(s, who, "export", ("report", report), now, format=format))
        return await sheet.answer(table, format, f"{report}-{now:%Y-%m-%d}")


async def _table(app: web.Application, report: Report, wanted: Wanted, who: Actor, step: Step) -> Sheet:
    db, now = app[DB], app[CLOCK].now()
    match report:
        case "agents":
            return sheets.agents(await counts.agents(db, wanted, who, now), who.language)
        case "scores":
            return sheets.scores(await scores.scores(db, wanted, who, step), who.language)
        case "questions":
            return sheets.questions(await scores.scores(db, wanted, who, step), who.language)
        case "callbacks":
            return more_sheets.callbacks(await more_counts.callbacks(db, wanted, who, now), who.language)
        case "groups":
            return more_sheets.groups(await more_counts.groups(db, wanted, who), who.language)
        case "outcomes":
            return sheets.outcomes(await counts.outcomes(db, wanted, who), who.language)
        case "queues":
            return sheets.queues(await counts.queues(db, wanted, step), who.language)
        case "series":
            return sheets.series(await counts.queues(db, wanted, step), who.language, await db.read(counts.zone_of))


def _span(request: web.Request, start: datetime | None, end: datetime | None) -> Span:
    """The week until now, where nothing else is asked for."""
    until = end or request.app[CLOCK].now()
    return checked(start or until - _WEEK, until)


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/reports/queues", QueuesReportView)
    app.router.add_view(f"{ROOT}/reports/agents", AgentsReportView)
    app.router.add_view(f"{ROOT}/reports/outcomes", OutcomesReportView)
    app.router.add_view(f"{ROOT}/reports/scores", ScoresReportView)
    app.router.add_view(f"{ROOT}/reports/export", ReportExportView)
    api_goals.add_routes(app)
