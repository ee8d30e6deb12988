"""What was said in recordings, and what is found by its words."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.crm.models.base import Row
from callcenter.tables import Base, UtcDateTime


class Transcript(Row):
    """How far a recording is heard. ``state``: waiting, done, failed, or off where its queue wants no text;
    ``attempts`` counts engines that died of it, ``work_s`` is how long listening took."""

    __tablename__ = "transcripts"
    recording_id: Mapped[UUID] = mapped_column(ForeignKey("recordings.id"), unique=True)
    state: Mapped[str] = mapped_column(Text)
    model: Mapped[str] = mapped_column(Text, default="")
    error: Mapped[str] = mapped_column(Text, default="")
    attempts: Mapped[int] = mapped_column(default=0)
    work_s: Mapped[float] = mapped_column(default=0.0)
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


class Passage(Base):
    """Words that are found: of an utterance, a note or an outcome (``source_id``), from ``moment``, in microseconds
    since 1970. The index itself is no part of the model: a column of PostgreSQL's own kind, a table of SQLite's."""

    __tablename__ = "passages"
    moment: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(Text)
    source_id: Mapped[UUID] = mapped_column(unique=True)
    call_id: Mapped[UUID | None] = mapped_column(ForeignKey("calls.id"), index=True)
