"""Numbers that do not get through, and what was answered to the PBX when it asked where a call goes."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.crm.models.base import Row
from callcenter.tables import UtcDateTime


class BlockedNumber(Row):
    """``reason`` is of a closed list: free words would be about the customer. ``until`` None: for good. A
    block that was taken away is on the audit trail only."""

    __tablename__ = "blocked_numbers"
    __table_args__ = (Index("ix_blocked_numbers_created", "created_at", "id"),)
    number_id: Mapped[UUID] = mapped_column(ForeignKey("phone_numbers.id"), unique=True)
    reason: Mapped[str] = mapped_column(Text)
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)


class RouteAnswer(Row):
    """An answer as it was given; the call, if there came to be one, has the same ``pbx`` and ``uniqueid``.

    ``grounds``: ``[{"ground", "agent", "word"}]``; ``took_ms``: from the question's first byte to the answer's last.
    """

    __tablename__ = "route_answers"
    __table_args__ = (Index("ix_route_answers_call", "pbx", "uniqueid"), Index("ix_route_answers_at", "at"))
    pbx: Mapped[str] = mapped_column(Text)
    uniqueid: Mapped[str] = mapped_column(Text)
    queue: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    verdict: Mapped[str] = mapped_column(Text)
    grounds: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    agent_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    priority: Mapped[int] = mapped_column(default=0)
    source: Mapped[str] = mapped_column(Text)
    took_ms: Mapped[float] = mapped_column(default=0.0)
