"""The times in which nobody listened to a PBX, and whether what it wrote of them has been read."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.crm.models.base import Row
from callcenter.tables import UtcDateTime


class OutageRow(Row):
    """``begun_at``: read from then on. ``state``: waiting, filled, not_set or given_up; ``next_at`` is when it is read
    next, None: never again. ``tries`` failed since it was last read."""

    __tablename__ = "outages"
    __table_args__ = (UniqueConstraint("pbx", "from_at", "to_at"), Index("ix_outages_next", "next_at"))
    pbx: Mapped[str] = mapped_column(Text)
    from_at: Mapped[datetime] = mapped_column(UtcDateTime)
    to_at: Mapped[datetime] = mapped_column(UtcDateTime)
    cause: Mapped[str] = mapped_column(Text)
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime)
    booted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(Text)
    code: Mapped[str] = mapped_column(Text, default="")
    remedy: Mapped[str] = mapped_column(Text, default="")
    tries: Mapped[int] = mapped_column(default=0)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    next_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
