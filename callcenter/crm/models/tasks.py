"""What somebody is to do for a customer: promises, missed callers, and the calls that were dialled for them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.crm.models.base import Row
from callcenter.tables import Base, UtcDateTime

_LIVING = text("closed_at IS NULL")


class Task(Row):
    """``missed`` counts a caller's attempts, 0 where nobody was missed. ``number_id`` is what to call where the
    customer is not known. ``order_at`` is ``due_at``, or the end of time.

    ``open_key`` is the natural key of a task there may be one of at a time (a missed caller and queue, a promise
    of a segment); closing takes it away, so that the next one is a new task.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        Index("ix_tasks_assignee", "assignee_id", "order_at", sqlite_where=_LIVING, postgresql_where=_LIVING),
        Index("ix_tasks_living", "order_at", "id", sqlite_where=_LIVING, postgresql_where=_LIVING),
        Index("ix_tasks_claims", "claim_until", sqlite_where=_LIVING, postgresql_where=_LIVING),
        Index("ix_tasks_customer", "customer_id", "created_at"),
        Index("ix_tasks_number", "number_id", sqlite_where=_LIVING, postgresql_where=_LIVING),
    )
    kind: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, default="open")
    subject: Mapped[str] = mapped_column(Text, default="")
    note: Mapped[str] = mapped_column(Text, default="")
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customers.id"))
    number_id: Mapped[UUID | None] = mapped_column(ForeignKey("phone_numbers.id"))
    pbx: Mapped[str] = mapped_column(Text, default="")
    queue: Mapped[str] = mapped_column(Text, default="")
    extension: Mapped[str] = mapped_column(Text, default="")
    assignee_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    team_id: Mapped[UUID | None] = mapped_column(ForeignKey("teams.id"))
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    zone: Mapped[str] = mapped_column(Text, default="")
    remind_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    order_at: Mapped[datetime] = mapped_column(UtcDateTime)
    origin_call_id: Mapped[UUID | None] = mapped_column(ForeignKey("calls.id"))
    origin_segment_id: Mapped[UUID | None] = mapped_column(ForeignKey("segments.id"))
    result_call_id: Mapped[UUID | None] = mapped_column(ForeignKey("calls.id"))
    missed: Mapped[int] = mapped_column(default=0)
    first_missed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_missed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    claimed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    claimed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    claim_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_how: Mapped[str] = mapped_column(Text, default="")
    open_key: Mapped[str | None] = mapped_column(Text, unique=True)
    created_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)


class TaskAttempt(Base):
    """A missed call and the task it counts on: a call counts once, however often its end is told."""

    __tablename__ = "task_attempts"
    call_id: Mapped[UUID] = mapped_column(ForeignKey("calls.id"), primary_key=True)
    task_id: Mapped[UUID] = mapped_column(ForeignKey("tasks.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class TaskReminder(Row):
    """A person is told of a task at a moment, once: ``told_at``. Until he has seen it, the bell keeps it."""

    __tablename__ = "task_reminders"
    __table_args__ = (
        UniqueConstraint("task_id", "user_id", "at"),
        Index(
            "ix_task_reminders_due",
            "at",
            sqlite_where=text("told_at IS NULL"),
            postgresql_where=text("told_at IS NULL"),
        ),
        Index(
            "ix_task_reminders_bell",
            "user_id",
            sqlite_where=text("seen_at IS NULL"),
            postgresql_where=text("seen_at IS NULL"),
        ),
    )
    task_id: Mapped[UUID] = mapped_column(ForeignKey("tasks.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class DialRow(Row):
    """A click-to-call: written before the PBX is asked, so nobody is called twice. Its id names the agent's leg."""

    __tablename__ = "dials"
    __table_args__ = (Index("ix_dials_agent", "agent_id", "asked_at"),)
    agent_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    pbx: Mapped[str] = mapped_column(Text)
    device: Mapped[str] = mapped_column(Text)
    number: Mapped[str] = mapped_column(Text)
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customers.id"), index=True)
    task_id: Mapped[UUID | None] = mapped_column(ForeignKey("tasks.id"), index=True)
    call_id: Mapped[UUID | None] = mapped_column(ForeignKey("calls.id"), index=True)
    state: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, default="")
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
