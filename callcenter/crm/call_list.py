"""Calls found: by what is asked and by what the asker may see."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, exists, or_, select, tuple_
from sqlalchemy.orm import Session

from callcenter import phone
from callcenter.api import cursor
from callcenter.call import OutcomeState
from callcenter.crm import counted_calls, customers, visible
from callcenter.crm.counted_calls import Counted, Figure, Shorts
from callcenter.crm.models.calls import CallRow, QueueVisitRow, SegmentRow
from callcenter.crm.models.customers import PhoneNumber
from callcenter.crm.rights import Actor
from callcenter.errors import NotFound
from callcenter.events import Direction

_FEWEST_DIGITS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """None and ``""``: whatever. ``began`` and ``before`` bound the start of the call; where ``figure`` is one of a
    report, the end of what counts in it, whose queue, agent and outcome (``outcome`` its code, ``settled`` how) are
    then meant. Without a figure these say nothing of outcomes."""

    state: str | None = None
    result: str | None = None
    agent: UUID | None = None
    queue: str = ""
    number: str = ""
    pbx: str = ""
    began: datetime | None = None
    before: datetime | None = None
    direction: Direction | None = None
    figure: Figure | None = None
    outcome: str = ""
    settled: OutcomeState | None = None
    shorts: Shorts = field(default_factory=Shorts)
    cards: tuple[UUID, ...] = ()
    """A card and those merged into it."""


def page(
    session: Session, wanted: list[ColumnElement[bool]], limit: int, after: customers.PageKey | None
) -> tuple[list[CallRow], str | None]:
    """One page, the newest first, and the cursor of the next."""
    found = select(CallRow).where(*wanted)
    if after:
        found = found.where(tuple_(CallRow.started_at, CallRow.id) < customers.key(*after))
    rows = list(session.scalars(found.order_by(CallRow.started_at.desc(), CallRow.id.desc()).limit(limit + 1)))
    shown = rows[:limit]
    return shown, cursor(shown[-1].started_at, shown[-1].id) if len(rows) > limit else None


def conditions(wanted: Filter, actor: Actor, region: str) -> list[ColumnElement[bool]]:
    """What the rows must be. Without a card that the actor may see, the calls that are his business."""
    found: list[ColumnElement[bool]] = []
    if wanted.cards:
        found += [CallRow.customer_id.in_(wanted.cards), visible.seen(actor, CallRow)]
    else:
        found.append(visible.listed_calls(actor))
    if wanted.state:
        found.append(CallRow.state == wanted.state)
    if wanted.result:
        found.append(CallRow.result == wanted.result)
    if wanted.direction:
        found.append(counted_calls.direction(wanted.direction))
    if wanted.number:
        found.append(_with_number(wanted.number, region))
    if wanted.pbx:
        found.append(CallRow.pbx == wanted.pbx)
    return found + (_counted(wanted, wanted.figure) if wanted.figure else _took_part(wanted))


def _counted(wanted: Filter, figure: Figure) -> list[ColumnElement[bool]]:
    counted = Counted(
        figure=figure,
        queue=wanted.queue,
        agent=wanted.agent,
        began=wanted.began,
        before=wanted.before,
        outcome=wanted.outcome,
        settled=wanted.settled,
        shorts=wanted.shorts,
    )
    return [counted_calls.condition(counted)]


def _took_part(wanted: Filter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.agent:
        found.append(_with_agent(wanted.agent))
    if wanted.queue:
        found.append(exists().where(QueueVisitRow.call_id == CallRow.id, QueueVisitRow.queue == wanted.queue))
    if wanted.began:
        found.append(CallRow.started_at >= wanted.began)
    if wanted.before:
        found.append(CallRow.started_at < wanted.before)
    return found


def get(session: Session, call_id: UUID, actor: Actor) -> CallRow:
    """A call the actor may see. Raises NotFound, also where he may not: its being there is news in itself."""
    row = session.scalar(visible.narrow(select(CallRow).where(CallRow.id == call_id), actor, CallRow))
    if row is None:
        raise NotFound("no such call")
    return row


def _with_agent(agent: UUID) -> ColumnElement[bool]:
    return exists().where(SegmentRow.call_id == CallRow.id, SegmentRow.agent_id == agent)


def _with_number(text: str, region: str) -> ColumnElement[bool]:
    number = phone.parse(text, region)
    digits = "".join(c for c in text if c.isdigit())
    alike = PhoneNumber.key == number.key
    if number.tail:
        alike = or_(alike, PhoneNumber.tail == number.tail)
    elif len(digits) >= _FEWEST_DIGITS:
        alike = or_(alike, PhoneNumber.key.endswith(digits[-phone.TAIL :], autoescape=True))
    return CallRow.number_id.in_(select(PhoneNumber.id).where(alike))
