"""Imports of sheets: what was asked for, how far it is, and what became of each row."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.crm.models.base import Row
from callcenter.tables import Base, UtcDateTime


class Import(Row):
    """One file. ``state``: uploaded, checking, ready, running, stopped, done, undoing, undone, failed.

    ``position`` is the byte in the file of lines where the next row begins, ``row`` how many are behind it; both move
    in the transaction that writes the rows, so that nothing is imported twice whatever dies. ``counts`` are rows by
    fate, ``undo_counts`` rows by what an undo did; ``findings`` what the check found. ``leased_until`` keeps other
    workers away.
    """

    __tablename__ = "imports"
    filename: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, default="uploaded", index=True)
    about: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    columns: Mapped[list[str]] = mapped_column(JSON)
    columns_key: Mapped[str] = mapped_column(Text, index=True)
    mapping: Mapped[list[str]] = mapped_column(JSON)
    rule: Mapped[str] = mapped_column(Text, default="fill")
    region: Mapped[str] = mapped_column(Text)
    rows: Mapped[int]
    row: Mapped[int] = mapped_column(default=0)
    position: Mapped[int] = mapped_column(default=0)
    counts: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    findings: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    undo_counts: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    error: Mapped[str] = mapped_column(Text, default="")
    created_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ImportRow(Base):
    """What became of one row. ``cells`` are kept of refused rows only; ``before`` is what an undo puts back:
    ``{"values": {field: [old, new]}, "provisional": bool, "version": int}``; ``version`` is the card's after it."""

    __tablename__ = "import_rows"
    __table_args__ = (
        Index("ix_import_rows_customer", "customer_id"),
        Index("ix_import_rows_fate", "import_id", "fate"),
    )
    import_id: Mapped[UUID] = mapped_column(ForeignKey("imports.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    fate: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, default="")
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customers.id"))
    version: Mapped[int] = mapped_column(default=0)
    points: Mapped[list[str]] = mapped_column(JSON, default=list)
    doubts: Mapped[list[Any]] = mapped_column(JSON, default=list)
    cells: Mapped[list[str] | None] = mapped_column(JSON)
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    undone: Mapped[str] = mapped_column(Text, default="")
