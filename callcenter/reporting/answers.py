"""Reports as the API tells them. Times are seconds; rates are from 0 to 1, null where nothing was counted."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from callcenter.api import Answer
from callcenter.counting import Tally, Work
from callcenter.reporting.occupancy import Time


class QueueFigures(Answer):
    """``came``: answered, abandoned and lost. ``short``: abandons too short to count; ``left``: by choice or
    sent on."""

    came: int
    answered: int
    in_time: int
    abandoned: int
    short: int
    lost: int
    left: int
    service_level: float | None
    abandon_rate: float | None
    asa_s: float | None
    longest_wait_s: float


class QueueReportLine(Answer):
    """``target_s``: within which callers are to be answered; ``aim``: how many of them, from 0 to 1."""

    pbx: str
    queue: str
    label: str
    target_s: int
    aim: float
    figures: QueueFigures


class ReportInterval(Answer):
    from_: Annotated[datetime, Field(serialization_alias="from")]
    to: datetime
    figures: QueueFigures


class QueuesAnswer(Answer):
    total: QueueFigures
    aim: float
    queues: list[QueueReportLine]
    series: list[ReportInterval]


class WorkFigures(Answer):
    """``handled``: calls the agent talked in, incoming and outgoing; ``handed_over``: those he passed on."""

    handled: int
    inbound: int
    outbound: int
    handed_over: int
    talk_s: float
    hold_s: float
    wrap_s: float
    aht_s: float | None


class TimeFigures(Answer):
    """``occupancy``: handling of handling and available. See ``occupancy.py``."""

    signed_in_s: float
    handling_s: float
    available_s: float
    unavailable_s: float
    occupancy: float | None


class AgentReportLine(Answer):
    """``time`` is null where the report is of one queue or PBX: an agent waits for all of his queues at once."""

    agent_id: UUID
    name: str
    figures: WorkFigures
    time: TimeFigures | None


class WorkInterval(Answer):
    from_: Annotated[datetime, Field(serialization_alias="from")]
    to: datetime
    figures: WorkFigures


class AgentsAnswer(Answer):
    total: WorkFigures
    total_time: TimeFigures | None
    agents: list[AgentReportLine]
    series: list[WorkInterval]


class OutcomeReportLine(Answer):
    """``state``: logged by an agent, automatic by the rule for short calls, or waived, then without a code. ``path``:
    the labels of the groups it stands in, the root's first. ``also``: how often it stood beside another code, by which
    that talk counts."""

    state: str
    code: str
    labels: dict[str, str]
    path: list[dict[str, str]]
    count: int
    also: int


class OutcomesAnswer(Answer):
    total: int
    outcomes: list[OutcomeReportLine]


class ScoreFigures(Answer):
    """``average`` is from 0 to 1, null where nothing came to a score. ``failed``: a critical question made it 0."""

    count: int
    average: float | None
    failed: int
    disputed: int


class ScoredAgent(Answer):
    agent_id: UUID
    name: str
    figures: ScoreFigures


class ScoredQueue(Answer):
    pbx: str
    queue: str
    label: str
    figures: ScoreFigures


class ScoredQuestion(Answer):
    """``average`` is the share of its weight that it was worth, over all answers to it."""

    form_id: UUID
    form: str
    question_id: UUID
    text: str
    count: int
    average: float


class ScoredInterval(Answer):
    from_: Annotated[datetime, Field(serialization_alias="from")]
    to: datetime
    figures: ScoreFigures


class ScoresAnswer(Answer):
    total: ScoreFigures
    agents: list[ScoredAgent]
    queues: list[ScoredQueue]
    questions: list[ScoredQuestion]
    series: list[ScoredInterval]


def queue_figures(tally: Tally) -> QueueFigures:
    return QueueFigures(
        came=tally.came,
        answered=tally.answered,
        in_time=tally.in_time,
        abandoned=tally.abandoned,
        short=tally.short,
        lost=tally.lost,
        left=tally.left,
        service_level=tally.service_level,
        abandon_rate=tally.abandon_rate,
        asa_s=tally.asa_s,
        longest_wait_s=tally.longest_wait_s,
    )


def work_figures(work: Work) -> WorkFigures:
    return WorkFigures(
        handled=work.handled,
        inbound=work.inbound,
        outbound=work.outbound,
        handed_over=work.handed_over,
        talk_s=work.talk_s,
        hold_s=work.hold_s,
        wrap_s=work.wrap_s,
        aht_s=work.aht_s,
    )


def time_figures(time: Time) -> TimeFigures:
    return TimeFigures(
        signed_in_s=time.signed_in_s,
        handling_s=time.handling_s,
        available_s=time.available_s,
        unavailable_s=time.unavailable_s,
        occupancy=time.occupancy,
    )
