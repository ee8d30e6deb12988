"""Extensions, who sits at them, what the channels of a PBX are, and why an agent is paused."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.crm.models.base import Row
from callcenter.db import UtcDateTime


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
    """Why an agent is kept from queue calls: a debt (``ref`` the segment) or a pause that came from elsewhere."""

    __tablename__ = "pause_reasons"
    __table_args__ = (UniqueConstraint("agent_id", "reason", "ref"),)
    agent_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    reason: Mapped[str] = mapped_column(Text)
    ref: Mapped[str] = mapped_column(Text, default="")
    since: Mapped[datetime] = mapped_column(UtcDateTime)
