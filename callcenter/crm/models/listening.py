"""What is kept beside a recording for those who listen to it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.crm.models.base import Row
from callcenter.tables import UtcDateTime


class RenditionRow(Row):
    """What is played of a recording in place of the stored file: silent where ``silent`` says, packed where the machine
    can. Where it has taken the file's place, ``store_key`` is the recording's too."""

    __tablename__ = "renditions"
    recording_id: Mapped[UUID] = mapped_column(ForeignKey("recordings.id"), unique=True)
    store_key: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(Text)
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(Text)
    silent: Mapped[list[list[float]]] = mapped_column(JSON)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class OutlineRow(Row):
    """The waveform: a byte a bar of ``bar_s`` seconds, one channel after the other."""

    __tablename__ = "recording_outlines"
    recording_id: Mapped[UUID] = mapped_column(ForeignKey("recordings.id"), unique=True)
    bar_s: Mapped[float]
    channels: Mapped[int]
    bars: Mapped[bytes] = mapped_column(LargeBinary)


class CommentRow(Row):
    """A word of a listener about a moment, ``at_s`` seconds from the beginning of the recording."""

    __tablename__ = "recording_comments"
    __table_args__ = (Index("ix_recording_comments_moment", "recording_id", "at_s"),)
    recording_id: Mapped[UUID] = mapped_column(ForeignKey("recordings.id"))
    author_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    at_s: Mapped[float]
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
