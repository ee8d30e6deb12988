"""Calls that stand behind a figure of a report: by what in them counts there, and when that ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import Field
from sqlalchemy import ColumnElement, and_, case, exists, false, func, or_, select

from callcenter.call import OutcomeState
from callcenter.counting import LOST, TARGET_S
from callcenter.crm import report_rules
from callcenter.crm.models.calls import CallRow, QueueVisitRow, SegmentRow
from callcenter.crm.models.outcomes import OutcomeCode, OutcomeRow
from callcenter.crm.models.queues import Queue
from callcenter.crm.report_rules import ReportPolicy
from callcenter.db import Database
from callcenter.events import Direction, QueueResult
from callcenter.rehearsal import MARK
from callcenter.tables import MICROSECONDS, Between

_LONGEST_CALL: Final = timedelta(days=2)
_WAITED: Final = Between(QueueVisitRow.joined_at, QueueVisitRow.left_at)


class Figure(StrEnum):
    """The last two count talks, the others queue visits: see ``counting``. ``in_time``: answered within the target of
    the queue; ``short``: abandons before its short time is over, which count in no other figure."""

    CAME = "came"
    ANSWERED = "answered"
    IN_TIME = "in_time"
    ABANDONED = "abandoned"
    SHORT = "short"
    LOST = "lost"
    LEFT = "left"
    HANDLED = "handled"
    HANDED_OVER = "handed_over"


ShortAsked = Annotated[float | None, Field(ge=0, le=60)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shorts:
    """What ``rules`` say of each queue, or ``asked`` seconds for all."""

    rules: ReportPolicy = field(default_factory=ReportPolicy)
    asked: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """``figure``, of one queue or agent where they are named, between two moments, and of talks those that came to
    this outcome, or were settled in this way. ``shorts``: after how many seconds an abandon is short no more."""

    figure: Figure
    queue: str = ""
    agent: UUID | None = None
    began: datetime | None = None
    before: datetime | None = None
    outcome: str = ""
    settled: OutcomeState | None = None
    shorts: Shorts = field(default_factory=Shorts)


async def shorts(db: Database, figure: Figure | None, asked: float | None) -> Shorts:
    """What counts as short now, where a figure is asked for."""
    return Shorts(rules=await db.read(report_rules.read), asked=asked) if figure else Shorts()


def condition(counted: Counted) -> ColumnElement[bool]:
    """Which calls count in the figure. Test calls count in none."""
    found: list[ColumnElement[bool]] = [CallRow.uniqueid.not_like(f"{MARK}%")]
    if counted.began:
        found.append(CallRow.started_at >= counted.began - _LONGEST_CALL)
    if counted.before:
        found.append(CallRow.started_at < counted.before)
    talks = counted.figure in (Figure.HANDLED, Figure.HANDED_OVER)
    return and_(*found, _talked(counted) if talks else _visited(counted))


def direction(wanted: Direction) -> ColumnElement[bool]:
    """As reports count it: whatever is not dialled out came in."""
    out = CallRow.direction == Direction.OUTBOUND
    return out if wanted is Direction.OUTBOUND else ~out


def _visited(counted: Counted) -> ColumnElement[bool]:
    row = QueueVisitRow
    answered, lost = row.result == QueueResult.ANSWERED, row.result.in_(LOST)
    untalked = or_(CallRow.answered_at.is_(None), CallRow.answered_at > row.joined_at)
    gave_up, short = and_(row.result == QueueResult.ABANDONED, untalked), _short(counted.shorts)
    of = {
        Figure.CAME: or_(answered, and_(gave_up, ~short), lost),
        Figure.ANSWERED: answered,
        Figure.IN_TIME: and_(answered, _target() * MICROSECONDS >= _WAITED),
        Figure.ABANDONED: and_(gave_up, ~short),
        Figure.SHORT: and_(gave_up, short),
        Figure.LOST: lost,
    }
    what = of.get(counted.figure, and_(row.result.is_not(None), ~or_(answered, gave_up, lost)))
    return exists().where(row.call_id == CallRow.id, what, *_within(row.left_at, row.queue, counted))


def _target() -> ColumnElement[int]:
    """Seconds within which the caller was to be answered."""
    own = select(Queue.service_level_s).where(Queue.pbx == CallRow.pbx, Queue.name == QueueVisitRow.queue)
    return func.coalesce(own.correlate(CallRow, QueueVisitRow).scalar_subquery(), TARGET_S)


def _short(shorts: Shorts) -> ColumnElement[bool]:
    """Whether he waited less than the short time of his queue."""
    if shorts.asked is not None:
        return _less(shorts.asked)
    own = [one for one in shorts.rules.queues if one.short_abandon_s is not None]
    limits = [
        (and_(CallRow.pbx == one.pbx, QueueVisitRow.queue == one.queue), _less(one.short_abandon_s or 0)) for one in own
    ]
    usual = _less(shorts.rules.short_abandon_s)
    return case(*limits, else_=usual) if limits else usual


def _less(seconds: float) -> ColumnElement[bool]:
    """A clock that was put back makes no wait shorter than none."""
    return round(seconds * MICROSECONDS) > _WAITED if seconds else false()


def _talked(counted: Counted) -> ColumnElement[bool]:
    row = SegmentRow
    found = [row.call_id == CallRow.id, row.answered_at.is_not(None), *_within(row.ended_at, row.queue, counted)]
    found.append(row.agent_id == counted.agent if counted.agent else row.agent_id.is_not(None))
    if counted.figure is Figure.HANDED_OVER:
        found.append(row.handed_to != "")
    if counted.outcome or counted.settled:
        found.append(_settled(counted))
    return exists().where(*found)


def _settled(counted: Counted) -> ColumnElement[bool]:
    found = select(OutcomeRow.segment_id).where(OutcomeRow.segment_id == SegmentRow.id)
    if counted.outcome:
        found = found.join(OutcomeCode, OutcomeCode.id == OutcomeRow.code_id).where(OutcomeCode.code == counted.outcome)
    if counted.settled:
        found = found.where(OutcomeRow.state == counted.settled)
    return found.correlate(SegmentRow).exists()


def _within(ended_at: Any, queue: Any, counted: Counted) -> list[ColumnElement[bool]]:
    found = [ended_at.is_not(None)]
    found += [ended_at >= counted.began] if counted.began else []
    found += [ended_at < counted.before] if counted.before else []
    return [*found, queue == counted.queue] if counted.queue else found
