"""Cards, and the numbers on them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.crm.models.base import Row
from callcenter.tables import UtcDateTime

_MERGED = text("merged_into IS NOT NULL")


class Customer(Row):
    """The card: a person or an organisation. ``provisional`` until somebody writes something on it.

    ``owner_id`` and ``team_id`` say whose it is; with neither it is open to everybody. ``email`` and ``address`` are
    what its main way of that kind says (``ContactWay``), for lists, sheets and whoever knows one only. ``extra``: what
    the fields say that the call center added, by code.
    """

    __tablename__ = "customers"
    __table_args__ = (
        Index("ix_customers_contact", "last_contact_at", "id"),
        Index("ix_customers_team", "team_id"),
        Index("ix_customers_owner", "owner_id"),
        Index("ix_customers_email", "email"),
        Index("ix_customers_merged", "merged_into", sqlite_where=_MERGED, postgresql_where=_MERGED),
    )
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
    extra: Mapped[dict[str, str]] = mapped_column(JSON, server_default=text("'{}'"))
    provisional: Mapped[bool] = mapped_column(default=False)
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
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
    last4: Mapped[str] = mapped_column(Text, default="", index=True)


class ContactPoint(Row):
    """A number on a card. Families and switchboards share numbers: uniqueness is no rule of the database.

    ``bad_since``: it does not reach the customer any more.
    """

    __tablename__ = "contact_points"
    __table_args__ = (UniqueConstraint("customer_id", "number_id"),)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"), index=True)
    number_id: Mapped[UUID] = mapped_column(ForeignKey("phone_numbers.id"), index=True)
    raw: Mapped[str] = mapped_column(Text)
    extension: Mapped[str] = mapped_column(Text, default="")
    label: Mapped[str] = mapped_column(Text, default="")
    note: Mapped[str] = mapped_column(Text, default="")
    is_primary: Mapped[bool] = mapped_column(default=False)
    shared: Mapped[bool] = mapped_column(default=False)
    bad_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ContactWay(Row):
    """A way to reach a customer beside the telephone: an e-mail address, a messenger, a web site, a postal address.

    ``key`` is what makes one of its spellings; of each kind a card has one that is the primary one.
    """

    __tablename__ = "contact_ways"
    __table_args__ = (
        UniqueConstraint("customer_id", "kind", "service", "key"),
        Index("ix_contact_ways_key", "key", "kind"),
    )
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    kind: Mapped[str] = mapped_column(Text)
    service: Mapped[str] = mapped_column(Text, default="")
    value: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text)
    label: Mapped[str] = mapped_column(Text, default="")
    note: Mapped[str] = mapped_column(Text, default="")
    is_primary: Mapped[bool] = mapped_column(default=False)
    shared: Mapped[bool] = mapped_column(default=False)
    bad_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
