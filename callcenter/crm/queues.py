"""Queues: met on the PBX, named by people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.crm.models.calls import CallRow, SegmentRow
from callcenter.crm.models.queues import Queue
from callcenter.errors import NotFound


def of_pbx(session: Session, pbx: str) -> list[Queue]:
    """The queues of one PBX, by name."""
    return list(session.scalars(select(Queue).where(Queue.pbx == pbx).order_by(Queue.name)))


def every(session: Session) -> list[Queue]:
    """All queues, by PBX and name."""
    return list(session.scalars(select(Queue).order_by(Queue.pbx, Queue.name)))


def labels(session: Session) -> dict[tuple[str, str], str]:
    """What people read for the queues that somebody named, by PBX and name."""
    rows = session.execute(select(Queue.pbx, Queue.name, Queue.label).where(Queue.label != ""))
    return {(pbx, name): label for pbx, name, label in rows}


def speech_of(session: Session, call: UUID) -> str:
    """What the queue of a call says of its talks' text; "" where it says nothing or there is none. Where a customer was
    passed on from queue to queue, the first one that answered him."""
    parts = select(SegmentRow.queue).where(SegmentRow.call_id == call, SegmentRow.queue != "")
    first = session.scalar(parts.order_by(SegmentRow.answered_at.is_(None), SegmentRow.seq).limit(1))
    if first is None:
        return ""
    told = select(Queue.speech).join(CallRow, CallRow.pbx == Queue.pbx).where(CallRow.id == call, Queue.name == first)
    return session.scalar(told) or ""


def get(session: Session, pbx: str, queue: UUID) -> Queue:
    """Raises NotFound."""
    found = session.get(Queue, queue)
    if found is None or found.pbx != pbx:
        raise NotFound("there is no such queue")
    return found


def met(session: Session, pbx: str, names: Iterable[str]) -> list[str]:
    """Keeps the queues a PBX reports; the names that are new. One that is gone stays: history names it."""
    known = {queue.name for queue in of_pbx(session, pbx)}
    new = sorted({name for name in names if name} - known)
    session.add_all(Queue(pbx=pbx, name=name, label="", service_level_s=20, speech="", version=1) for name in new)
    session.flush()
    return new


def change(session: Session, queue: Queue, values: dict[str, Any]) -> Queue:
    """What people read and the target they set."""
    for name, value in values.items():
        setattr(queue, name, value)
    queue.version += 1
    session.flush()
    return queue
