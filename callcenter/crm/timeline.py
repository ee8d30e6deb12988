"""What happened with a customer, in one order: each kind of thing brings its own rows, and one page is cut of all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, TypeAlias, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from callcenter.api import Answer, cursor
from callcenter.crm import call_list, call_views, card_work, customers, message_views, task_views
from callcenter.crm.call_answers import CallAnswer
from callcenter.crm.card_work import ChangeAnswer, NoteAnswer, StatusMove
from callcenter.crm.message_views import MessageTold
from callcenter.crm.models.base import Row
from callcenter.crm.models.calls import CallRow
from callcenter.crm.models.cards import NoteRow, StatusChange
from callcenter.crm.models.messages import PreparedMessage
from callcenter.crm.models.office import Audit
from callcenter.crm.models.tasks import Task
from callcenter.crm.rights import Actor
from callcenter.crm.task_views import TaskAnswer
from callcenter.errors import Invalid

R = TypeVar("R", bound=Row)


class EntryKind(StrEnum):
    CALL = "call"
    TASK = "task"
    NOTE = "note"
    MESSAGE = "message"
    STATUS = "status"
    CHANGE = "change"


TOLD: Final = frozenset(EntryKind) - {EntryKind.CHANGE}
"""Without being asked: who wrote which field would drown what matters while a phone rings."""


class TimelineItem(Answer):
    """What ``kind`` names is there; the rest is null."""

    kind: EntryKind
    at: datetime
    call: CallAnswer | None = None
    task: TaskAnswer | None = None
    note: NoteAnswer | None = None
    message: MessageTold | None = None
    status: StatusMove | None = None
    change: ChangeAnswer | None = None


class Timeline(Answer):
    items: list[TimelineItem]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which kinds, whose doing, and when; None: whatever. ``before`` itself is not in it."""

    kinds: frozenset[EntryKind] = TOLD
    person: UUID | None = None
    since: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One page of the history of a card and those merged into it, for whom, as of now."""

    cards: tuple[UUID, ...]
    actor: Actor
    region: str
    now: datetime
    limit: int
    after: customers.PageKey | None
    wanted: Wanted = field(default_factory=Wanted)


_Entry: TypeAlias = tuple[datetime, UUID, TimelineItem]
_Source: TypeAlias = Callable[[Session, Asked], Sequence[_Entry]]
_Column: TypeAlias = InstrumentedAttribute[Any]


def read_kinds(text: str) -> frozenset[EntryKind]:
    """``call,note``; empty: all that is told without being asked. Raises Invalid."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    if any(name not in set(EntryKind) for name in names):
        raise Invalid("no such kind of entry", fields={"kinds": "not_allowed"})
    return frozenset(map(EntryKind, names)) or TOLD


def page(session: Session, asked: Asked) -> Timeline:
    """The newest first."""
    found = [entry for kind in sorted(asked.wanted.kinds) for entry in _SOURCES[kind](session, asked)]
    found.sort(key=lambda entry: (entry[0], entry[1].int), reverse=True)
    shown = found[: asked.limit]
    go_on = cursor(shown[-1][0], shown[-1][1]) if len(found) > asked.limit else None
    return Timeline(items=[item for _, _, item in shown], next_cursor=go_on)


def _newest(session: Session, asked: Asked, kind: type[R], at: _Column, *conditions: ColumnElement[bool]) -> list[R]:
    """Rows of a kind behind where the last page ended, one more than a page needs."""
    found = select(kind).where(*conditions)
    if asked.after:
        found = found.where(tuple_(at, kind.id) < customers.key(*asked.after))
    if asked.wanted.since:
        found = found.where(at >= asked.wanted.since)
    if asked.wanted.before:
        found = found.where(at < asked.wanted.before)
    return list(session.scalars(found.order_by(at.desc(), kind.id.desc()).limit(asked.limit + 1)))


def _by(asked: Asked, *columns: _Column) -> list[ColumnElement[bool]]:
    return [or_(*(column == asked.wanted.person for column in columns))] if asked.wanted.person else []


def _calls(session: Session, asked: Asked) -> Sequence[_Entry]:
    kept = call_list.Filter(cards=asked.cards, agent=asked.wanted.person)
    wanted = call_list.conditions(kept, asked.actor, asked.region)
    rows = _newest(session, asked, CallRow, CallRow.started_at, *wanted)
    views = call_views.views(session, rows, asked.actor)
    return [(v.started_at, v.id, TimelineItem(kind=EntryKind.CALL, at=v.started_at, call=v)) for v in views]


def _tasks(session: Session, asked: Asked) -> Sequence[_Entry]:
    whose = _by(asked, Task.created_by_id, Task.assignee_id)
    rows = _newest(session, asked, Task, Task.created_at, Task.customer_id.in_(asked.cards), *whose)
    views = task_views.views(session, rows, asked.actor, asked.now)
    return [(v.created_at, v.id, TimelineItem(kind=EntryKind.TASK, at=v.created_at, task=v)) for v in views]


def _notes(session: Session, asked: Asked) -> Sequence[_Entry]:
    whose = _by(asked, NoteRow.author_id)
    rows = _newest(session, asked, NoteRow, NoteRow.created_at, NoteRow.customer_id.in_(asked.cards), *whose)
    views = card_work.notes(session, rows)
    return [(v.created_at, v.id, TimelineItem(kind=EntryKind.NOTE, at=v.created_at, note=v)) for v in views]


def _messages(session: Session, asked: Asked) -> Sequence[_Entry]:
    of_cards = message_views.of_cards(asked.cards, asked.actor)
    rows = _newest(session, asked, PreparedMessage, PreparedMessage.at, of_cards, *_by(asked, PreparedMessage.for_id))
    views = message_views.views(session, rows)
    return [(v.at, v.id, TimelineItem(kind=EntryKind.MESSAGE, at=v.at, message=v)) for v in views]


def _moves(session: Session, asked: Asked) -> Sequence[_Entry]:
    whose = _by(asked, StatusChange.by_id)
    rows = _newest(session, asked, StatusChange, StatusChange.at, StatusChange.customer_id.in_(asked.cards), *whose)
    views = zip(rows, card_work.moves(session, rows), strict=True)
    return [(r.at, r.id, TimelineItem(kind=EntryKind.STATUS, at=r.at, status=move)) for r, move in views]


def _changes(session: Session, asked: Asked) -> Sequence[_Entry]:
    """Who wrote on the card, as the trail knows it. A move of the status alone stands there as such already."""
    told = (Audit.thing == "customer", Audit.thing_id.in_(map(str, asked.cards)), Audit.verb.in_(card_work.CHANGES))
    rows = _newest(session, asked, Audit, Audit.at, *told, *_by(asked, Audit.actor_id))
    views = zip(rows, card_work.changes(session, rows), strict=True)
    return [(r.at, r.id, TimelineItem(kind=EntryKind.CHANGE, at=r.at, change=change)) for r, change in views]


_SOURCES: Final[Mapping[EntryKind, _Source]] = MappingProxyType(
    {
        EntryKind.CALL: _calls,
        EntryKind.TASK: _tasks,
        EntryKind.NOTE: _notes,
        EntryKind.MESSAGE: _messages,
        EntryKind.STATUS: _moves,
        EntryKind.CHANGE: _changes,
    }
)
