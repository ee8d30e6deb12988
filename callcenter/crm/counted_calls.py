"""Calls that stand behind a figure of a report: by what in them counts there, and when that ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_, select

from callcenter.call import OutcomeState
from callcenter.counting import LOST
from callcenter.crm.models.calls import CallRow, QueueVisitRow, SegmentRow
from callcenter.crm.models.outcomes import OutcomeCode, OutcomeRow
from callcenter.events import Direction, QueueResult
from callcenter.rehearsal import MARK

_LONGEST_CALL: Final = timedelta(days=2)


class Figure(StrEnum):
    """The first five count queue visits (``abandoned`` with the short ones), the others talks: see ``counting``."""

    CAME = "came"
    ANSWERED = "answered"
    ABANDONED = "abandoned"
    LOST = "lost"
    LEFT = "left"
    HANDLED = "handled"
    HANDED_OVER = "handed_over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """``figure``, of one queue or agent where they are named, between two moments, and of talks those that came to
    this outcome, or were settled in this way."""

    figure: Figure
    queue: str = ""
    agent: UUID | None = None
    began: datetime | None = None
    before: datetime | None = None
    outcome: str = ""
    settled: OutcomeState | None = None


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
    abandoned = and_(row.result == QueueResult.ABANDONED, untalked)
    came = or_(answered, abandoned, lost)
    of = {Figure.CAME: came, Figure.ANSWERED: answered, Figure.ABANDONED: abandoned, Figure.LOST: lost}
    what = of.get(counted.figure, and_(row.result.is_not(None), ~came))
    return exists().where(row.call_id == CallRow.id, what, *_within(row.left_at, row.queue, counted))


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
