"""Recordings that a PBX sends here because no folder is shared with it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.crm.models.base import Row
from callcenter.tables import UtcDateTime


class UploadToken(Row):
    """What a PBX shows when it sends a file; only its digest is kept."""

    __tablename__ = "upload_tokens"
    __table_args__ = (Index("ix_upload_tokens_pbx", "pbx", "made_at"),)
    pbx: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(Text, unique=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class UploadRow(Row):
    """A file that came whole, by the PBX's name of it."""

    __tablename__ = "uploads"
    __table_args__ = (UniqueConstraint("pbx", "path"), Index("ix_uploads_at", "at"))
    pbx: Mapped[str] = mapped_column(Text)
    path: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(Text)
    size: Mapped[int]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
