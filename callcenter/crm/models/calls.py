"""Calls and all that belongs to one: queue visits, segments, offers, recordings."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.crm.models.base import Row
from callcenter.tables import Base, UtcDateTime


class CallRow(Row):
    """A call. ``number_raw`` is what the PBX showed first, never changed; ``number_read`` what its trunk's prefix rules
    make of it, "" where they change nothing. ``hung_up``: customer or us, "" where nobody knows."""

    __tablename__ = "calls"
    __table_args__ = (
        UniqueConstraint("pbx", "uniqueid"),
        Index("ix_calls_customer", "customer_id", "started_at"),
        Index("ix_calls_started", "started_at", "id"),
        Index("ix_calls_open", "pbx", "ended_at"),
    )
    pbx: Mapped[str] = mapped_column(Text)
    uniqueid: Mapped[str] = mapped_column(Text)
    direction: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    result: Mapped[str | None] = mapped_column(Text)
    number_raw: Mapped[str] = mapped_column(Text)
    number_id: Mapped[UUID | None] = mapped_column(ForeignKey("phone_numbers.id"), index=True)
    withheld: Mapped[bool]
    name: Mapped[str] = mapped_column(Text, default="")
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customers.id"))
    did: Mapped[str] = mapped_column(Text, default="")
    trunk: Mapped[str] = mapped_column(Text, default="")
    region: Mapped[str] = mapped_column(Text, default="")
    number_read: Mapped[str] = mapped_column(Text, default="")
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cause: Mapped[int] = mapped_column(default=0)
    note: Mapped[str] = mapped_column(Text, default="")
    parked: Mapped[str] = mapped_column(Text, default="")
    hung_up: Mapped[str] = mapped_column(Text, default="", server_default="")


class CallCandidate(Base):
    """Every customer the number may have meant when the call came, best first."""

    __tablename__ = "call_candidates"
    call_id: Mapped[UUID] = mapped_column(ForeignKey("calls.id"), primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"), primary_key=True)
    position: Mapped[int]
    match: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)


class GapRow(Row):
    """A time in which nobody listened, and from what the call's part in it was filled in."""

    __tablename__ = "call_gaps"
    __table_args__ = (UniqueConstraint("call_id", "seq"),)
    call_id: Mapped[UUID] = mapped_column(ForeignKey("calls.id"))
    seq: Mapped[int]
    from_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    to_at: Mapped[datetime] = mapped_column(UtcDateTime)
    cause: Mapped[str] = mapped_column(Text)
    filled_from: Mapped[str] = mapped_column(Text)


class QueueVisitRow(Row):
    __tablename__ = "queue_visits"
    __table_args__ = (UniqueConstraint("call_id", "seq"),)
    call_id: Mapped[UUID] = mapped_column(ForeignKey("calls.id"))
    seq: Mapped[int]
    queue: Mapped[str] = mapped_column(Text)
    joined_at: Mapped[datetime] = mapped_column(UtcDateTime)
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    result: Mapped[str | None] = mapped_column(Text)


class SegmentRow(Row):
    """One agent's part in a call. ``draft_more``: what a draft has beside code and comment, NULL for nothing."""

    __tablename__ = "segments"
    __table_args__ = (
        UniqueConstraint("call_id", "seq"),
        Index("ix_segments_agent", "agent_id", "answered_at"),
        Index("ix_segments_outcome", "outcome_state"),
    )
    call_id: Mapped[UUID] = mapped_column(ForeignKey("calls.id"))
    seq: Mapped[int]
    agent_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    extension: Mapped[str] = mapped_column(Text, default="")
    device: Mapped[str] = mapped_column(Text)
    leg: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    via: Mapped[str] = mapped_column(Text)
    queue: Mapped[str] = mapped_column(Text, default="")
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    talking: Mapped[bool] = mapped_column(default=False)
    hold_s: Mapped[float] = mapped_column(default=0.0)
    talk_s: Mapped[float] = mapped_column(default=0.0)
    leg_ended: Mapped[bool] = mapped_column(default=False)
    handed_to: Mapped[str] = mapped_column(Text, default="")
    outcome_state: Mapped[str] = mapped_column(Text, default="none")
    draft_outcome: Mapped[str] = mapped_column(Text, default="")
    draft_comment: Mapped[str] = mapped_column(Text, default="")
    draft_more: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class OfferRow(Row):
    __tablename__ = "offers"
    __table_args__ = (UniqueConstraint("segment_id", "seq"),)
    segment_id: Mapped[UUID] = mapped_column(ForeignKey("segments.id"))
    seq: Mapped[int]
    leg: Mapped[str] = mapped_column(Text)
    device: Mapped[str] = mapped_column(Text)
    offered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    result: Mapped[str | None] = mapped_column(Text)


class PauseRow(Row):
    """A time of which the call's recordings keep nothing. ``ended``: agent, time, call or failed, "" while it lasts."""

    __tablename__ = "recording_pauses"
    __table_args__ = (UniqueConstraint("call_id", "seq"),)
    call_id: Mapped[UUID] = mapped_column(ForeignKey("calls.id"))
    seq: Mapped[int]
    from_at: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    to_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    by_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    ended: Mapped[str] = mapped_column(Text, default="")


class WishRow(Row):
    """Somebody decided about the recording of a call. ``wish``: start, stop or decline; ``by_id`` None: the caller, by
    a key; ``file``: the name of what was started."""

    __tablename__ = "recording_wishes"
    __table_args__ = (UniqueConstraint("call_id", "seq"),)
    call_id: Mapped[UUID] = mapped_column(ForeignKey("calls.id"))
    seq: Mapped[int]
    wish: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    file: Mapped[str] = mapped_column(Text, default="")


class RecordingRow(Row):
    """``path`` is the PBX's name of the file. ``state``: recording, waiting, stored, missing, empty, refused or erased.

    ``policy_id`` is the rule whose ``keep_days`` count; of an erased one only these facts are left. ``silent`` are the
    stretches (seconds from, seconds to) that nobody may hear: see ``crm/sounds.py``.
    """

    __tablename__ = "recordings"
    __table_args__ = (
        UniqueConstraint("pbx", "path"),
        Index("ix_recordings_kept", "policy_id", "started_at"),
        Index("ix_recordings_started", "started_at", "id"),
    )
    call_id: Mapped[UUID] = mapped_column(ForeignKey("calls.id"), index=True)
    pbx: Mapped[str] = mapped_column(Text)
    path: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    stored_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    store_key: Mapped[str] = mapped_column(Text, default="")
    media_type: Mapped[str] = mapped_column(Text, default="audio/wav")
    size: Mapped[int] = mapped_column(default=0)
    sha256: Mapped[str] = mapped_column(Text, default="")
    duration_s: Mapped[float] = mapped_column(default=0.0)
    channels: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(Text, default="")
    policy_id: Mapped[UUID | None] = mapped_column(ForeignKey("recording_policies.id"))
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    erased_why: Mapped[str] = mapped_column(Text, default="")
    silent: Mapped[list[list[float]]] = mapped_column(JSON, server_default="[]")
