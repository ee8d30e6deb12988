"""Call-backs: kept, late or missed. Counting is pure; reading takes only what counts.

A missed caller is to be called back by the time his task is due; a promise by the end of the time that was agreed, or a
quarter of an hour after the moment that was. *Kept*: somebody talked with him or dialled him by then. *Late*: done
after it. *Missed*: neither. What is not due yet and not done counts in nothing, nor what was cancelled.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from callcenter.counting import QueueKey
from callcenter.crm import visible
from callcenter.crm.models.people import User
from callcenter.crm.models.tasks import DialRow, Task
from callcenter.crm.rights import Actor
from callcenter.crm.tasks import TaskKind, TaskState
from callcenter.reporting.wanted import Wanted

GRACE: Final = timedelta(minutes=15)


class Word(StrEnum):
    KEPT = "kept"
    LATE = "late"
    MISSED = "missed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """``by`` when somebody was to call; ``done_at`` he was talked with, ``tried_at`` dialled first; ``agent`` did it
    or was to."""

    agent: UUID | None
    queue: QueueKey
    by: datetime
    done_at: datetime | None
    tried_at: datetime | None

    def word(self, now: datetime) -> Word | None:
        """None: it can still be kept."""
        first = min((at for at in (self.done_at, self.tried_at) if at), default=None)
        if first and first <= self.by:
            return Word.KEPT
        if self.done_at:
            return Word.LATE
        return Word.MISSED if self.by < now else None


@dataclass(slots=True)
class Kept:
    kept: int = 0
    late: int = 0
    missed: int = 0

    @property
    def due(self) -> int:
        return self.kept + self.late + self.missed

    @property
    def rate(self) -> float | None:
        """From 0 to 1; None where nothing was due."""
        return self.kept / self.due if self.due else None

    def count(self, word: Word) -> None:
        self.kept += word is Word.KEPT
        self.late += word is Word.LATE
        self.missed += word is Word.MISSED


class PromiseReport:
    """``whole``, by agent (None: nobody's) and by queue."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self.whole = Kept()
        self.agents: dict[UUID | None, Kept] = defaultdict(Kept)
        self.queues: dict[QueueKey, Kept] = defaultdict(Kept)

    def count(self, promises: Iterable[Promise]) -> None:
        for promise in promises:
            word = promise.word(self._now)
            for kept in (self.whole, self.agents[promise.agent], self.queues[promise.queue]) if word else ():
                kept.count(word or Word.KEPT)


def read(session: Session, wanted: Wanted, actor: Actor) -> list[Promise]:
    """Those that were to be kept by a moment of the time, of colleagues whose floor the actor may see, and nobody's."""
    dialled = select(func.min(DialRow.asked_at)).where(DialRow.task_id == Task.id).scalar_subquery()
    whose = func.coalesce(Task.closed_by_id, Task.claimed_by_id, Task.assignee_id)
    span = wanted.span
    found = (
        select(
            User.id, Task.pbx, Task.queue, Task.due_at, Task.due_until, Task.missed, Task.state, Task.closed_at, dialled
        )
        .outerjoin(User, User.id == whose)
        .where(Task.kind == TaskKind.CALLBACK, Task.state != TaskState.CANCELLED, Task.due_at < span.end)
        .where(func.coalesce(Task.due_until, Task.due_at) >= span.start - GRACE)
        .where(or_(User.id.is_(None), visible.people(actor)))
    )
    if wanted.queue:
        found = found.where(Task.queue == wanted.queue)
    if wanted.pbx:
        found = found.where(Task.pbx == wanted.pbx)
    if wanted.agent:
        found = found.where(User.id == wanted.agent)
    promises = [
        Promise(
            agent=agent,
            queue=(pbx, queue),
            by=until or (due if missed else due + GRACE),
            done_at=closed if state == TaskState.DONE else None,
            tried_at=tried,
        )
        for agent, pbx, queue, due, until, missed, state, closed, tried in session.execute(found)
        if due
    ]
    return [promise for promise in promises if span.start <= promise.by < span.end]
