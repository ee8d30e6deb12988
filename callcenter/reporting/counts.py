"""Each report, read and counted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from functools import partial
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.counting import QueueKey
from callcenter.crm import outcomes as outcome_codes
from callcenter.crm import report_rules, zones
from callcenter.crm.models.outcomes import OutcomeCode
from callcenter.crm.models.people import User
from callcenter.crm.models.queues import Queue
from callcenter.crm.report_rules import ReportPolicy
from callcenter.crm.rights import Actor
from callcenter.db import Database
from callcenter.reporting import rows, time_rows
from callcenter.reporting.answers import (
    AgentReportLine,
    AgentsAnswer,
    OutcomeReportLine,
    OutcomesAnswer,
    QueueReportLine,
    QueuesAnswer,
    ReportInterval,
    WorkInterval,
    queue_figures,
    time_figures,
    work_figures,
)
from callcenter.reporting.figures import AgentReport, OutcomeReport, QueueReport
from callcenter.reporting.occupancy import Time, spent, together
from callcenter.reporting.spans import Step, intervals
from callcenter.reporting.wanted import Wanted


async def queues(db: Database, wanted: Wanted, step: Step) -> QueuesAnswer:
    """All together, by queue and by interval. Raises Invalid for more intervals than a page shows."""
    (zone, known), rules = await db.study(lambda s: (_queues(s), report_rules.read(s)))
    spans = intervals(wanted.span, step, zone)
    report = QueueReport(spans, {key: target for key, (_, target) in known.items()}, short_of(wanted, rules))
    async for found in rows.every(db, wanted, partial(rows.visits, wanted=wanted)):
        report.count(found)
    lines = [
        QueueReportLine(
            pbx=key[0],
            queue=key[1],
            label=known[key][0] if key in known else "",
            target_s=report.target(key),
            aim=rules.level_of(*key) / 100,
            figures=queue_figures(tally),
        )
        for key, tally in sorted(report.queues.items())
    ]
    series = [
        ReportInterval(from_=span.start, to=span.end, figures=queue_figures(tally))
        for span, tally in zip(spans, report.series, strict=True)
    ]
    aim = rules.service_level / 100
    return QueuesAnswer(total=queue_figures(report.whole), aim=aim, queues=lines, series=series)


def short_of(wanted: Wanted, rules: ReportPolicy) -> Callable[[QueueKey], float]:
    """Before how many seconds an abandon of a queue is short."""
    asked = wanted.short_s
    return lambda queue: float(rules.short_of(*queue)) if asked is None else asked


async def agents(db: Database, wanted: Wanted, actor: Actor, now: datetime, step: Step = Step.DAY) -> AgentsAnswer:
    """Of the colleagues whose floor the actor may see, by name: who handled a call or sat at a desk; and by interval.
    Raises Invalid for more intervals than a page shows."""
    spans = intervals(wanted.span, step, await db.study(zone_of))
    report = AgentReport(spans)
    async for found in rows.every(db, wanted, partial(rows.talks, wanted=wanted, actor=actor)):
        report.count(found)
    known, times = await db.study(names), await _times(db, wanted, actor, now)
    lines = [
        AgentReportLine(
            agent_id=agent,
            name=known.get(agent, ""),
            figures=work_figures(report.agents[agent]),
            time=time_figures(times.get(agent, Time())) if times is not None else None,
        )
        for agent in {*report.agents, *(times or ())}
    ]
    return AgentsAnswer(
        total=work_figures(report.whole),
        total_time=time_figures(together(times.values())) if times is not None else None,
        agents=sorted(lines, key=lambda line: (line.name.casefold(), line.agent_id)),
        series=[
            WorkInterval(from_=span.start, to=span.end, figures=work_figures(work))
            for span, work in zip(spans, report.series, strict=True)
        ],
    )


async def _times(db: Database, wanted: Wanted, actor: Actor, now: datetime) -> dict[UUID, Time] | None:
    if wanted.queue or wanted.pbx:
        return None
    hours = await time_rows.of_agents(db, wanted, actor, now)
    within = wanted.span.start.timestamp(), min(wanted.span.end, now).timestamp()
    times = {agent: spent(each, within) for agent, each in hours.items()}
    return {agent: time for agent, time in times.items() if time.signed_in_s}


async def outcomes(db: Database, wanted: Wanted, actor: Actor) -> OutcomesAnswer:
    """Of the same colleagues' talks, the most frequent first."""
    report = OutcomeReport()
    async for found in rows.every(db, wanted, partial(rows.outcomes, wanted=wanted, actor=actor)):
        report.count(found)
    labels, tree = await db.study(lambda s: (_labels(s), outcome_codes.tree(s)))
    lines = [
        OutcomeReportLine(
            state=state,
            code=code,
            labels=labels.get(code, {}),
            path=[labels[above] for above in tree.path(code)[:-1]],
            count=report.codes[state, code],
            also=report.also[state, code],
        )
        for state, code in report.lines()
    ]
    return OutcomesAnswer(total=report.codes.total(), outcomes=lines)


def zone_of(session: Session) -> tzinfo | None:
    """Where the call center counts its days."""
    return zones.read(session)


def _queues(session: Session) -> tuple[tzinfo | None, dict[QueueKey, tuple[str, int]]]:
    found = session.execute(select(Queue.pbx, Queue.name, Queue.label, Queue.service_level_s))
    return zone_of(session), {(pbx, name): (label, target) for pbx, name, label, target in found}


def names(session: Session) -> dict[UUID, str]:
    found = session.execute(select(User.id, User.display_name, User.username))
    return {id: name or username for id, name, username in found}


def _labels(session: Session) -> dict[str, dict[str, str]]:
    found = session.execute(select(OutcomeCode.code, OutcomeCode.labels))
    return {row.code: row.labels for row in found}


def targets(session: Session) -> dict[QueueKey, int]:
    """Seconds within which the callers of each queue are to be answered."""
    return {key: target for key, (_, target) in _queues(session)[1].items()}
