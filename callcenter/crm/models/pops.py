"""What screens were told of ringing phones: only known while it happens, so it is written down then."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.crm.models.base import Row
from callcenter.tables import UtcDateTime


class PopDelivery(Row):
    """A pop offered to an agent: to how many of his tabs (none: nobody saw it), after how many milliseconds from the
    PBX's bytes on, and when the first of them said that it was painted."""

    __tablename__ = "pop_deliveries"
    segment_id: Mapped[UUID] = mapped_column(ForeignKey("segments.id"), index=True)
    agent_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    tabs: Mapped[int]
    sent_ms: Mapped[float]
    painted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    paint_ms: Mapped[float | None]
