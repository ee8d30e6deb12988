"""What was said in recordings."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.crm.models.base import Row
from callcenter.tables import UtcDateTime


class Transcript(Row):
    """How far a recording is heard. ``state``: waiting, done or failed; ``attempts`` counts engines that died of it."""

    __tablename__ = "transcripts"
    recording_id: Mapped[UUID] = mapped_column(ForeignKey("recordings.id"), unique=True)
    state: Mapped[str] = mapped_column(Text)
    model: Mapped[str] = mapped_column(Text, default="")
    error: Mapped[str] = mapped_column(Text, default="")
    attempts: Mapped[int] = mapped_column(default=0)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Utterance(Row):
    """Words that belong together. ``speaker``: customer, agent, or both where the PBX recorded them mixed. Seconds
    count from the beginning of the recording; ``words`` are ``{text, start_s, end_s, confidence}``."""

    __tablename__ = "utterances"
    __table_args__ = (UniqueConstraint("recording_id", "seq"),)
    recording_id: Mapped[UUID] = mapped_column(ForeignKey("recordings.id"))
    seq: Mapped[int]
    speaker: Mapped[str] = mapped_column(Text)
    start_s: Mapped[float]
    end_s: Mapped[float]
    text: Mapped[str] = mapped_column(Text)
    confidence: Mapped[float]
    words: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
