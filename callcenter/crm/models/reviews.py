"""What of the agents' work is to be looked at by somebody: figures that stand out, with their calls."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.crm.models.base import Row
from callcenter.tables import Base, UtcDateTime

_NEW = text("state = 'new'")


class Suspicion(Row):
    """``kind`` is a rule, ``since`` and ``until`` the day or week it was applied to, ``figures`` what it counted.
    ``pbx``, ``queue`` and ``code`` are "" where the rule is not about one. ``state``: new, reviewed or justified, by
    whom, when and with what ``comment``."""

    __tablename__ = "suspicions"
    __table_args__ = (
        Index(
            "uq_suspicions_new",
            *("kind", "agent_id", "pbx", "queue", "code", "since"),
            unique=True,
            sqlite_where=_NEW,
            postgresql_where=_NEW,
        ),
        Index("ix_suspicions_last", "last_at", "id"),
    )
    kind: Mapped[str] = mapped_column(Text)
    agent_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    pbx: Mapped[str] = mapped_column(Text, default="")
    queue: Mapped[str] = mapped_column(Text, default="")
    code: Mapped[str] = mapped_column(Text, default="")
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    figures: Mapped[dict[str, Any]] = mapped_column(JSON)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)
    found_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(Text, default="new")
    comment: Mapped[str] = mapped_column(Text, default="")
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)


class SuspicionCall(Base):
    """A talk that counted. ``seconds``: what the rule looked at in it, a talk's or a wrap-up's length."""

    __tablename__ = "suspicion_calls"
    suspicion_id: Mapped[UUID] = mapped_column(ForeignKey("suspicions.id"), primary_key=True)
    segment_id: Mapped[UUID] = mapped_column(ForeignKey("segments.id"), primary_key=True)
    call_id: Mapped[UUID] = mapped_column(ForeignKey("calls.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    seconds: Mapped[float] = mapped_column(default=0.0)
