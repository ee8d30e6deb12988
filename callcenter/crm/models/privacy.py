"""What the law asks for: notices, how long things are kept, holds, erasures and the nights on which they were done."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Date, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.crm.models.base import Row
from callcenter.tables import Base, UtcDateTime


class RecordingPolicy(Row):
    """Who decides that talks of a queue (or direct, or outgoing ones) are recorded, and on what terms they are kept.
    ``queue`` is empty for the latter two; of the scope ``did`` it is one of our numbers, whose callers hear an
    announcement of its own. ``contact`` is who answers requests for erasure."""

    __tablename__ = "recording_policies"
    __table_args__ = (UniqueConstraint("pbx", "scope", "queue"),)
    pbx: Mapped[str] = mapped_column(Text)
    scope: Mapped[str] = mapped_column(Text)
    queue: Mapped[str] = mapped_column(Text, default="")
    mode: Mapped[str] = mapped_column(Text, default="forbidden")
    keep_days: Mapped[int | None]
    contact: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(default=1)


class RecordingNotice(Row):
    """What callers were told from ``since`` on; never changed, so that a call can point at it. ``how``: sound, early,
    trunk or agent; ``key``: the one by which a caller declines while he hears it, "" none."""

    __tablename__ = "recording_notices"
    __table_args__ = (UniqueConstraint("policy_id", "version"),)
    policy_id: Mapped[UUID] = mapped_column(ForeignKey("recording_policies.id"))
    version: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    how: Mapped[str] = mapped_column(Text)
    sound: Mapped[str] = mapped_column(Text, default="")
    key: Mapped[str] = mapped_column(Text, default="")
    since: Mapped[datetime] = mapped_column(UtcDateTime)


class CallNotice(Base):
    """A notice of a call. ``result``: what the PBX told of it ``at`` that moment (played, failed or declined); "": it
    was in force when the call was recorded, and told by somebody else."""

    __tablename__ = "call_notices"
    call_id: Mapped[UUID] = mapped_column(ForeignKey("calls.id"), primary_key=True)
    notice_id: Mapped[UUID] = mapped_column(ForeignKey("recording_notices.id"), primary_key=True)
    at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    result: Mapped[str] = mapped_column(Text, default="")


class LegalHold(Row):
    """A call, or everything of a customer, that must not be erased until somebody lets it go."""

    __tablename__ = "legal_holds"
    call_id: Mapped[UUID | None] = mapped_column(ForeignKey("calls.id"), index=True)
    customer_id: Mapped[UUID | None] = mapped_column(index=True)
    reference: Mapped[str] = mapped_column(Text)
    by_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    released_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))


class ErasureRow(Row):
    """A person who was erased. ``report`` counts by place; ``pending`` is what files still hold, emptied when done."""

    __tablename__ = "erasures"
    customer_id: Mapped[UUID] = mapped_column(index=True)
    reason: Mapped[str] = mapped_column(Text)
    reference: Mapped[str] = mapped_column(Text, default="")
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    report: Mapped[dict[str, Any]] = mapped_column(JSON)
    pending: Mapped[dict[str, Any]] = mapped_column(JSON)


class RetentionRun(Row):
    """A night's clearing. ``finished_at`` None: it was cut off, and goes on at the next look."""

    __tablename__ = "retention_runs"
    __table_args__ = (Index("ix_retention_runs_started", "started_at"),)
    night: Mapped[date] = mapped_column(Date, unique=True)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    removed: Mapped[dict[str, int]] = mapped_column(JSON)
