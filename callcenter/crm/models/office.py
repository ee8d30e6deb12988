"""Policy, the audit trail, and posts that may come twice."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.crm.models.base import Row
from callcenter.tables import Base, UtcDateTime


class Policy(Base):
    """What is decided by people and may change while the service runs."""

    __tablename__ = "policies"
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[Any] = mapped_column(JSON)
    version: Mapped[int] = mapped_column(default=1)


class Audit(Row):
    """Append-only: who did what to which thing. Never holds personal data of customers."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_thing", "thing", "thing_id", "at"),)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str] = mapped_column(Text, default="")
    verb: Mapped[str] = mapped_column(Text)
    thing: Mapped[str] = mapped_column(Text)
    thing_id: Mapped[str] = mapped_column(Text, default="")
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class Idempotency(Base):
    """The answer to a creating post that may be sent twice."""

    __tablename__ = "idempotency"
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    thing_id: Mapped[UUID]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
