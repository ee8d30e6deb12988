"""What people say about a PBX besides its rules, and which channels came from it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.crm.models.base import Row
from callcenter.tables import UtcDateTime


class Did(Row):
    """A number of ours. ``number`` is what the PBX calls it, ``label`` what an agent reads when somebody calls it."""

    __tablename__ = "dids"
    __table_args__ = (UniqueConstraint("pbx", "number"),)
    pbx: Mapped[str] = mapped_column(Text)
    number: Mapped[str] = mapped_column(Text)
    label: Mapped[str] = mapped_column(Text)


class SeenPeer(Row):
    """What channels came: ``TECH/name``, how often, and the last of them. Holds no number of a customer."""

    __tablename__ = "seen_peers"
    __table_args__ = (UniqueConstraint("pbx", "peer"), Index("ix_seen_peers_last", "pbx", "last_at"))
    pbx: Mapped[str] = mapped_column(Text)
    peer: Mapped[str] = mapped_column(Text)
    times: Mapped[int] = mapped_column(default=0)
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)
    context: Mapped[str] = mapped_column(Text, default="")
    linkedid: Mapped[str] = mapped_column(Text, default="")
