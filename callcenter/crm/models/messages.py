"""Messages to customers: what they say, and those that are ready to be sent."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.crm.models.base import Row
from callcenter.tables import UtcDateTime


class MessageTemplate(Row):
    """``kind``: email or sms; ``texts`` by language: ``{"subject": …, "text": …}``."""

    __tablename__ = "message_templates"
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    texts: Mapped[dict[str, Any]] = mapped_column(JSON)
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)


class PreparedMessage(Row):
    """A message that an outcome made ready for whoever logged it. ``recipient``: an address or a number, "" where none
    is known; ``lacking``: what the text had nothing to say for. ``state``: open, taken or dropped; ``how`` it was
    taken: copied, mail or sms."""

    __tablename__ = "prepared_messages"
    __table_args__ = (Index("ix_prepared_messages_for", "for_id", "state", "at"),)
    segment_id: Mapped[UUID] = mapped_column(ForeignKey("segments.id"), index=True)
    template_id: Mapped[UUID] = mapped_column(ForeignKey("message_templates.id"))
    for_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    recipient: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    lacking: Mapped[list[str]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(Text, default="open")
    how: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
