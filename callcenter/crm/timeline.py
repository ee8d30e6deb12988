"""What happened with a customer, in one order: each kind of thing brings its own rows, and one page is cut of all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from callcenter.api import Answer, cursor
from callcenter.crm import call_list, call_views, card_work, customers, task_views
from callcenter.crm.call_views import CallAnswer
from callcenter.crm.card_work import NoteAnswer, StatusMove
from callcenter.crm.models.calls import CallRow
from callcenter.crm.models.cards import NoteRow, StatusChange
from callcenter.crm.models.tasks import Task
from callcenter.crm.rights import Actor
from callcenter.crm.task_views import TaskAnswer


class TimelineItem(Answer):
    """What ``kind`` names is there; the rest is null."""

    kind: Literal["call", "task", "note", "status"]
    at: datetime
    call: CallAnswer | None = None
    task: TaskAnswer | None = None
    note: NoteAnswer | None = None
    status: StatusMove | None = None


class Timeline(Answer):
    items: list[TimelineItem]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One page of the history of a card and those merged into it, for whom, as of now."""

    cards: tuple[UUID, ...]
    actor: Actor
    region: str
    now: datetime
    limit: int
    after: customers.PageKey | None


_Entry: TypeAlias = tuple[datetime, UUID, TimelineItem]
_Source: TypeAlias = Callable[[Session, Asked], Sequence[_Entry]]


def page(session: Session, asked: Asked) -> Timeline:
    """The newest first."""
    found = [entry for source in _SOURCES for entry in source(session, asked)]
    found.sort(key=lambda entry: (entry[0], entry[1].int), reverse=True)
    shown = found[: asked.limit]
    go_on = cursor(shown[-1][0], shown[-1][1]) if len(found) > asked.limit else None
    return Timeline(items=[item for _, _, item in shown], next_cursor=go_on)


def _calls(session: Session, asked: Asked) -> Sequence[_Entry]:
    wanted = call_list.conditions(call_list.Filter(cards=asked.cards), asked.actor, asked.region)
    found = select(CallRow).where(*wanted)
    if asked.after:
        found = found.where(tuple_(CallRow.started_at, CallRow.id) < customers.key(*asked.after))
    newest = found.order_by(CallRow.started_at.desc(), CallRow.id.desc()).limit(asked.limit + 1)
    views = call_views.views(session, list(session.scalars(newest)), asked.actor)
    return [(v.started_at, v.id, TimelineItem(kind="call", at=v.started_at, call=v)) for v in views]


def _tasks(session: Session, asked: Asked) -> Sequence[_Entry]:
    found = select(Task).where(Task.customer_id.in_(asked.cards))
    if asked.after:
        found = found.where(tuple_(Task.created_at, Task.id) < customers.key(*asked.after))
    newest = found.order_by(Task.created_at.desc(), Task.id.desc()).limit(asked.limit + 1)
    views = task_views.views(session, list(session.scalars(newest)), asked.actor, asked.now)
    return [(v.created_at, v.id, TimelineItem(kind="task", at=v.created_at, task=v)) for v in views]


def _notes(session: Session, asked: Asked) -> Sequence[_Entry]:
    found = select(NoteRow).where(NoteRow.customer_id.in_(asked.cards))
    if asked.after:
        found = found.where(tuple_(NoteRow.created_at, NoteRow.id) < customers.key(*asked.after))
    newest = found.order_by(NoteRow.created_at.desc(), NoteRow.id.desc()).limit(asked.limit + 1)
    views = card_work.notes(session, list(session.scalars(newest)))
    return [(v.created_at, v.id, TimelineItem(kind="note", at=v.created_at, note=v)) for v in views]


def _moves(session: Session, asked: Asked) -> Sequence[_Entry]:
    found = select(StatusChange).where(StatusChange.customer_id.in_(asked.cards))
    if asked.after:
        found = found.where(tuple_(StatusChange.at, StatusChange.id) < customers.key(*asked.after))
    newest = found.order_by(StatusChange.at.desc(), StatusChange.id.desc()).limit(asked.limit + 1)
    rows = list(session.scalars(newest))
    moves = card_work.moves(session, rows)
    return [(r.at, r.id, TimelineItem(kind="status", at=r.at, status=m)) for r, m in zip(rows, moves, strict=True)]


_SOURCES: tuple[_Source, ...] = (_calls, _tasks, _notes, _moves)
