"""Call-backs and customer groups, read and counted."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.counting import TARGET_S, Tally
from callcenter.crm import queues, report_rules
from callcenter.crm.models.cards import StatusRow
from callcenter.crm.rights import Actor
from callcenter.db import Database
from callcenter.reporting import group_rows, promises, rows
from callcenter.reporting.answers import queue_figures, work_figures
from callcenter.reporting.counts import names, short_of, targets
from callcenter.reporting.figures import AgentReport
from callcenter.reporting.more_answers import (
    CallbacksAnswer,
    GroupReportLine,
    GroupsAnswer,
    KeptByAgent,
    KeptByQueue,
    kept_figures,
)
from callcenter.reporting.promises import PromiseReport
from callcenter.reporting.wanted import Wanted


async def callbacks(db: Database, wanted: Wanted, actor: Actor, now: datetime) -> CallbacksAnswer:
    """All together, by agent and by queue."""
    found, known, labels = await db.study(lambda s: (promises.read(s, wanted, actor), names(s), queues.labels(s)))
    report = PromiseReport(now)
    report.count(found)
    agents = [
        KeptByAgent(agent_id=agent, name=known.get(agent, "") if agent else "", figures=kept_figures(kept))
        for agent, kept in report.agents.items()
    ]
    of_queues = [
        KeptByQueue(pbx=key[0], queue=key[1], label=labels.get(key, ""), figures=kept_figures(kept))
        for key, kept in sorted(report.queues.items())
    ]
    agents.sort(key=lambda line: (line.agent_id is None, line.name.casefold()))
    return CallbacksAnswer(total=kept_figures(report.whole), agents=agents, queues=of_queues)


async def groups(db: Database, wanted: Wanted, actor: Actor) -> GroupsAnswer:
    """By status, in the order in which people see them; whom nobody knows last."""
    rules, aims, statuses = await db.study(lambda s: (report_rules.read(s), targets(s), _statuses(s)))
    short_s = short_of(wanted, rules)
    tallies: dict[str, Tally] = defaultdict(Tally)
    works: dict[str, AgentReport] = defaultdict(AgentReport)
    async for found in rows.every(db, wanted, partial(group_rows.groups, wanted=wanted, actor=actor)):
        for group in found:
            for visit in group.visits:
                tallies[group.status].count(visit, aims.get(visit.queue, TARGET_S), short_s(visit.queue))
            works[group.status].count(group.talks)
    order = list(statuses)
    there = sorted({*tallies, *works}, key=lambda one: order.index(one) if one in statuses else len(order))
    lines = [
        GroupReportLine(
            status=status,
            labels=statuses.get(status, {}),
            queue=queue_figures(tallies[status]),
            work=work_figures(works[status].whole),
        )
        for status in there
    ]
    return GroupsAnswer(groups=[line for line in lines if line.work.handled or line.queue.came or line.queue.left])


def _statuses(session: Session) -> dict[str, dict[str, str]]:
    found = session.execute(select(StatusRow.code, StatusRow.labels).order_by(StatusRow.position, StatusRow.code))
    return {row.code: row.labels for row in found}
