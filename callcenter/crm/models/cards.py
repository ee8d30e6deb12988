"""What stands on cards beside their fields: statuses, notes, tags, links, merges, and the words they are found by."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Date, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.crm.models.base import Row
from callcenter.tables import Base, UtcDateTime


class StatusRow(Row):
    """Where a customer stands. ``labels`` by language; a colour never stands alone: ``icon`` goes with it."""

    __tablename__ = "statuses"
    code: Mapped[str] = mapped_column(Text, unique=True)
    labels: Mapped[dict[str, str]] = mapped_column(JSON)
    colour: Mapped[str] = mapped_column(Text, default="grey")
    icon: Mapped[str] = mapped_column(Text, default="circle")
    position: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)


class StatusChange(Row):
    """Who moved a card from which status to which."""

    __tablename__ = "status_changes"
    __table_args__ = (Index("ix_status_changes_customer", "customer_id", "at"),)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    old: Mapped[str] = mapped_column(Text)
    new: Mapped[str] = mapped_column(Text)
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class CardFieldRow(Row):
    """A field that a call center added to its cards. ``labels`` by language; ``holder``: any, person or organisation;
    ``options`` of a choice."""

    __tablename__ = "card_fields"
    code: Mapped[str] = mapped_column(Text, unique=True)
    labels: Mapped[dict[str, str]] = mapped_column(JSON)
    kind: Mapped[str] = mapped_column(Text)
    holder: Mapped[str] = mapped_column(Text, default="any")
    options: Mapped[list[str]] = mapped_column(JSON, default=list)
    position: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)


class NoteRow(Row):
    """What somebody wrote about a customer."""

    __tablename__ = "notes"
    __table_args__ = (Index("ix_notes_customer", "customer_id", "created_at"),)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    author_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    text: Mapped[str] = mapped_column(Text)
    pinned: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    edited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)


class CustomerTag(Base):
    """``folded`` makes one tag of its spellings; ``tag`` is how it was written."""

    __tablename__ = "customer_tags"
    __table_args__ = (Index("ix_customer_tags_folded", "folded", "customer_id"),)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"), primary_key=True)
    folded: Mapped[str] = mapped_column(Text, primary_key=True)
    tag: Mapped[str] = mapped_column(Text)


class CustomerLink(Row):
    """What a person is to an organisation: its buyer, its accountant. Bounds are whole days; null: none."""

    __tablename__ = "customer_links"
    __table_args__ = (UniqueConstraint("person_id", "organisation_id", "role"),)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"), index=True)
    role: Mapped[str] = mapped_column(Text, default="")
    is_primary: Mapped[bool] = mapped_column(default=False)
    valid_from: Mapped[date | None] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)


class MergeRow(Row):
    """Two cards made one. ``snapshot`` is what undoing needs; it goes when undoing is no longer possible."""

    __tablename__ = "merges"
    loser_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"), index=True)
    survivor_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"), index=True)
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    snapshot: Mapped[dict[str, Any]] = mapped_column(JSON)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undone_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))


class LinkedCall(Base):
    """A call that came to a card because its number was added later. Taking the number off gives it back."""

    __tablename__ = "linked_calls"
    call_id: Mapped[UUID] = mapped_column(ForeignKey("calls.id"), primary_key=True)
    point_id: Mapped[UUID] = mapped_column(index=True)
    was_id: Mapped[UUID | None] = mapped_column(ForeignKey("customers.id"), index=True)


class CardWord(Base):
    """A word of a card as it sounds in Latin letters; e-mail addresses begin with ``@``."""

    __tablename__ = "card_words"
    word: Mapped[str] = mapped_column(Text, primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"), primary_key=True, index=True)


class WordKey(Base):
    """A word, and the word with any one letter missing: what is mistyped once shares a key with what was meant."""

    __tablename__ = "word_keys"
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    word: Mapped[str] = mapped_column(Text, primary_key=True, index=True)
