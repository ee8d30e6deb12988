"""The chain over the audit trail, and what people who work here were told and confirmed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.crm.models.base import Row
from callcenter.tables import Base, UtcDateTime


class AuditSeal(Base):
    """A link of the chain: ``digest`` covers the line and the link before it."""

    __tablename__ = "audit_seals"
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    audit_id: Mapped[UUID] = mapped_column(unique=True)
    digest: Mapped[str] = mapped_column(Text)


class AuditCut(Row):
    """The trail up to the link ``seq`` was thrown away by age; ``digest`` is that link's, where the chain goes on."""

    __tablename__ = "audit_cuts"
    seq: Mapped[int] = mapped_column(unique=True)
    digest: Mapped[str] = mapped_column(Text)
    before: Mapped[datetime] = mapped_column(UtcDateTime)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class StaffNotice(Row):
    """What everybody who works here must know: that talks are recorded and work is watched. Never changed."""

    __tablename__ = "staff_notices"
    version: Mapped[int] = mapped_column(unique=True)
    texts: Mapped[dict[str, str]] = mapped_column(JSON)
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class StaffAcknowledgement(Base):
    """A person read a notice in ``language`` and said so."""

    __tablename__ = "staff_acknowledgements"
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    notice_id: Mapped[UUID] = mapped_column(ForeignKey("staff_notices.id"), primary_key=True)
    language: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
