"""What supervisors do on the floor, kept for whoever asks later."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.crm.models.base import Row
from callcenter.tables import Base, UtcDateTime

_GOES_ON = text("ended_at IS NULL")
_UNREAD = text("read_at IS NULL")


class SitInRow(Row):
    """A supervisor sat in on a talk. Its id names the leg to his own phone; ``modes`` are ``[mode, moment]``, in RFC
    3339; ``told``: the agent was shown it from the beginning; ``began_at`` null: it came to nothing."""

    __tablename__ = "sit_ins"
    __table_args__ = (
        Index("ix_sit_ins_going_on", "asked_at", sqlite_where=_GOES_ON, postgresql_where=_GOES_ON),
        Index("ix_sit_ins_agent", "agent_id", "asked_at"),
    )
    by_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    agent_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    call_id: Mapped[UUID] = mapped_column(ForeignKey("calls.id"), index=True)
    segment_id: Mapped[UUID] = mapped_column(ForeignKey("segments.id"))
    pbx: Mapped[str] = mapped_column(Text)
    device: Mapped[str] = mapped_column(Text)
    phone: Mapped[str] = mapped_column(Text, default="")
    modes: Mapped[list[list[str]]] = mapped_column(JSON)
    told: Mapped[bool]
    reason: Mapped[str] = mapped_column(Text, default="")
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    began_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AlarmRow(Row):
    """An alarm of the floor, from when it was raised until it was lifted. ``thing``: the queue's or the PBX's name, or
    ``agent_id``'s id; ``worst``: how far it went, in the unit of ``limit``."""

    __tablename__ = "alarms"
    __table_args__ = (
        Index("ix_alarms_raised_at", "raised_at", "id"),
        Index("ix_alarms_going_on", "raised_at", sqlite_where=_GOES_ON, postgresql_where=_GOES_ON),
    )
    kind: Mapped[str] = mapped_column(Text)
    pbx: Mapped[str] = mapped_column(Text)
    thing: Mapped[str] = mapped_column(Text)
    label: Mapped[str] = mapped_column(Text, default="")
    agent_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    limit: Mapped[float]
    worst: Mapped[float]
    raised_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    acknowledged_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))


class DisplayRow(Row):
    """A wallboard that shows itself by a token, of which only the digest is kept. ``queues``: ``[pbx, name]`` of those
    it may show, none: all."""

    __tablename__ = "displays"
    name: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(Text, unique=True)
    queues: Mapped[list[list[str]]] = mapped_column(JSON)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    used_from: Mapped[str] = mapped_column(Text, default="")
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AgentMessage(Row):
    """A line from a supervisor to agents: to one, to those of a queue, or (``queue`` "" and several readers) to all."""

    __tablename__ = "agent_messages"
    __table_args__ = (Index("ix_agent_messages_at", "at"),)
    by_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    text: Mapped[str] = mapped_column(Text)
    pbx: Mapped[str] = mapped_column(Text, default="")
    queue: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class AgentMessageReader(Base):
    """Whom a message is for, and when he has read it."""

    __tablename__ = "agent_message_readers"
    __table_args__ = (
        Index("ix_agent_message_readers_unread", "user_id", sqlite_where=_UNREAD, postgresql_where=_UNREAD),
    )
    message_id: Mapped[UUID] = mapped_column(ForeignKey("agent_messages.id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
