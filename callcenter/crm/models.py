"""The tables. Rows have UUIDv7 keys; moments are UTC; one writer per fact."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.db import Base, UtcDateTime
from callcenter.ids import new_id


class Row(Base):
    __abstract__ = True
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)


class Team(Row):
    __tablename__ = "teams"
    name: Mapped[str] = mapped_column(Text, unique=True)


class User(Row):
    """``username`` is kept folded to lower case; ``version`` grows with every change."""

    __tablename__ = "users"
    username: Mapped[str] = mapped_column(Text, unique=True)
    display_name: Mapped[str] = mapped_column(Text)
    password_hash: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    team_id: Mapped[UUID | None] = mapped_column(ForeignKey("teams.id"))
    language: Mapped[str] = mapped_column(Text, default="en")
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)


class SignIn(Row):
    """A browser's session. Only a hash of its token is kept."""

    __tablename__ = "sign_ins"
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    token_hash: Mapped[str] = mapped_column(Text, unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    address: Mapped[str] = mapped_column(Text, default="")
    agent_software: Mapped[str] = mapped_column(Text, default="")


class SignInAttempt(Row):
    """Failed attempts, for the throttle."""

    __tablename__ = "sign_in_attempts"
    username: Mapped[str] = mapped_column(Text, index=True)
    address: Mapped[str] = mapped_column(Text, index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Extension(Row):
    """A number that rings devices. ``devices`` are peers (``PJSIP/101``), ``interfaces`` what queues call them."""

    __tablename__ = "extensions"
    __table_args__ = (UniqueConstraint("pbx", "number"),)
    pbx: Mapped[str] = mapped_column(Text)
    number: Mapped[str] = mapped_column(Text)
    devices: Mapped[list[str]] = mapped_column(JSON)
    interfaces: Mapped[list[str]] = mapped_column(JSON)


class RosterRow(Row):
    """An agent at an extension from ``since`` until ``until``."""

    __tablename__ = "roster"
    agent_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    extension_id: Mapped[UUID] = mapped_column(ForeignKey("extensions.id"), index=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class MapRule(Row):
    """A rule of a PBX's map; lower ``position`` is tried first."""

    __tablename__ = "map_rules"
    pbx: Mapped[str] = mapped_column(Text, index=True)
    position: Mapped[int]
    pattern: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    region: Mapped[str | None] = mapped_column(Text)


class Policy(Base):
    """What is decided by people and may change while the service runs."""

    __tablename__ = "policies"
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[Any] = mapped_column(JSON)
    version: Mapped[int] = mapped_column(default=1)


class Customer(Row):
    """The card: a person or an organisation. ``provisional`` until somebody writes something on it."""

    __tablename__ = "customers"
    __table_args__ = (Index("ix_customers_contact", "last_contact_at", "id"),)
    kind: Mapped[str] = mapped_column(Text, default="person")
    name: Mapped[str] = mapped_column(Text, default="")
    organisation: Mapped[str] = mapped_column(Text, default="")
    status: Mapped[str] = mapped_column(Text, default="new")
    vip: Mapped[bool] = mapped_column(default=False)
    email: Mapped[str] = mapped_column(Text, default="")
    address: Mapped[str] = mapped_column(Text, default="")
    note: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str] = mapped_column(Text, default="")
    search_text: Mapped[str] = mapped_column(Text, default="")
    provisional: Mapped[bool] = mapped_column(default=False)
    team_id: Mapped[UUID | None] = mapped_column(ForeignKey("teams.id"))
    merged_into: Mapped[UUID | None] = mapped_column(ForeignKey("customers.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_contact_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    calls: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)


class PhoneNumber(Row):
    """One row a number in the world we have met: the lock under which its first card is made."""

    __tablename__ = "phone_numbers"
    key: Mapped[str] = mapped_column(Text, unique=True)
    e164: Mapped[str | None] = mapped_column(Text)
    tail: Mapped[str] = mapped_column(Text, index=True)
    region: Mapped[str] = mapped_column(Text, default="")


class ContactPoint(Row):
    """A number on a card. Families and switchboards share numbers: uniqueness is no rule of the database."""

    __tablename__ = "contact_points"
    __table_args__ = (UniqueConstraint("customer_id", "number_id"),)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"), index=True)
    number_id: Mapped[UUID] = mapped_column(ForeignKey("phone_numbers.id"), index=True)
    raw: Mapped[str] = mapped_column(Text)
    extension: Mapped[str] = mapped_column(Text, default="")
    label: Mapped[str] = mapped_column(Text, default="")
    is_primary: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CallRow(Row):
    """A call. ``number_raw`` is what the PBX showed first, never changed."""

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
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cause: Mapped[int] = mapped_column(default=0)
    note: Mapped[str] = mapped_column(Text, default="")


class CallCandidate(Base):
    """Every customer the number may have meant when the call came, best first."""

    __tablename__ = "call_candidates"
    call_id: Mapped[UUID] = mapped_column(ForeignKey("calls.id"), primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"), primary_key=True)
    position: Mapped[int]
    match: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)


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
    """One agent's part in a call."""

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
    outcome_state: Mapped[str] = mapped_column(Text, default="none")
    draft_outcome: Mapped[str] = mapped_column(Text, default="")
    draft_comment: Mapped[str] = mapped_column(Text, default="")


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


class OutcomeCode(Row):
    """What can come of a talk. ``labels`` by language; ``comment`` is none, optional or required; ``key`` a digit."""

    __tablename__ = "outcome_codes"
    code: Mapped[str] = mapped_column(Text, unique=True)
    labels: Mapped[dict[str, str]] = mapped_column(JSON)
    comment: Mapped[str] = mapped_column(Text, default="optional")
    key: Mapped[int | None]
    position: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)


class OutcomeRow(Row):
    """How a debt was settled: logged with a code, or waived with a reason in ``comment``."""

    __tablename__ = "outcomes"
    segment_id: Mapped[UUID] = mapped_column(ForeignKey("segments.id"), unique=True)
    state: Mapped[str] = mapped_column(Text)
    code_id: Mapped[UUID | None] = mapped_column(ForeignKey("outcome_codes.id"))
    comment: Mapped[str] = mapped_column(Text, default="")
    by_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class RecordingRow(Row):
    """``path`` is the PBX's name of the file. ``state``: recording, waiting, stored, missing, empty or refused."""

    __tablename__ = "recordings"
    __table_args__ = (UniqueConstraint("pbx", "path"),)
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


class PauseReason(Row):
    """Why an agent is kept from queue calls: a debt (``ref`` the segment) or a pause that came from elsewhere."""

    __tablename__ = "pause_reasons"
    __table_args__ = (UniqueConstraint("agent_id", "reason", "ref"),)
    agent_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    reason: Mapped[str] = mapped_column(Text)
    ref: Mapped[str] = mapped_column(Text, default="")
    since: Mapped[datetime] = mapped_column(UtcDateTime)


class Audit(Row):
    """Append-only: who did what to which thing. Never holds personal data of customers."""

    __tablename__ = "audit"
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
