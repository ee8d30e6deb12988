"""Extensions, who sits at them, what the channels of a PBX are, and why an agent is paused."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.crm.models.base import Row
from callcenter.tables import UtcDateTime

_NOW: Final = text("until IS NULL")


class Extension(Row):
    """A number that rings devices. ``devices`` are peers (``PJSIP/101``), ``interfaces`` what queues call them."""

    __tablename__ = "extensions"
    __table_args__ = (UniqueConstraint("pbx", "number"),)
    pbx: Mapped[str] = mapped_column(Text)
    number: Mapped[str] = mapped_column(Text)
    devices: Mapped[list[str]] = mapped_column(JSON)
    interfaces: Mapped[list[str]] = mapped_column(JSON)


class RosterRow(Row):
    """An agent at an extension from ``since`` until ``until``: nobody sits at two, and no two at one."""

    __tablename__ = "roster"
    __table_args__ = (
        Index("uq_roster_desk", "extension_id", unique=True, sqlite_where=_NOW, postgresql_where=_NOW),
        Index("uq_roster_agent", "agent_id", unique=True, sqlite_where=_NOW, postgresql_where=_NOW),
    )
    agent_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    extension_id: Mapped[UUID] = mapped_column(ForeignKey("extensions.id"), index=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class MapRule(Row):
    """A rule of a PBX's map; lower ``position`` is tried first. ``arriving`` and ``dialling`` are lists of
    ``{"strip", "add", "length"}``."""

    __tablename__ = "map_rules"
    pbx: Mapped[str] = mapped_column(Text, index=True)
    position: Mapped[int]
    pattern: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    region: Mapped[str | None] = mapped_column(Text)
    arriving: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    dialling: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)


class PauseReason(Row):
    """Why an agent is kept from queue calls now; ``reason`` is the kind, ``ref`` names it, ``code`` a pause code. It
    ends by itself at ``until``."""

    __tablename__ = "pause_reasons"
    __table_args__ = (UniqueConstraint("agent_id", "reason", "ref"),)
    agent_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    reason: Mapped[str] = mapped_column(Text)
    ref: Mapped[str] = mapped_column(Text, default="")
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    code: Mapped[str] = mapped_column(Text, default="")
    note: Mapped[str] = mapped_column(Text, default="")
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PauseTaken(Row):
    """A stretch in which an agent was kept from queue calls, once it is over."""

    __tablename__ = "pauses_taken"
    __table_args__ = (Index("ix_pauses_taken_agent", "agent_id", "since"),)
    agent_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    reason: Mapped[str] = mapped_column(Text)
    code: Mapped[str] = mapped_column(Text, default="")
    queue: Mapped[str] = mapped_column(Text, default="")
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime] = mapped_column(UtcDateTime)


class PauseCode(Row):
    """A reason an agent may give for a pause, with its ``labels`` by language. ``work``: it counts as working time."""

    __tablename__ = "pause_codes"
    code: Mapped[str] = mapped_column(Text, unique=True)
    labels: Mapped[dict[str, str]] = mapped_column(JSON)
    work: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(default=100)
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)
