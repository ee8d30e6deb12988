"""Imports as the API answers them."""

from __future__ import annotations

import json
from datetime import datetime
from itertools import islice
from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.api import Answer
from callcenter.crm.exchange import book
from callcenter.crm.exchange.writing import Row
from callcenter.crm.models.imports import Import, ImportRow
from callcenter.crm.models.people import User


class ImportAnswer(Answer):
    """``row`` of ``rows`` are behind it. ``can_undo``: it may still be taken back."""

    id: UUID
    filename: str
    state: str
    encoding: str
    delimiter: str
    sheet: str
    remembered: bool
    columns: list[str]
    mapping: list[str]
    rule: str
    region: str
    rows: int
    row: int
    counts: dict[str, int]
    checked: dict[str, int]
    doubts: dict[str, int]
    undo_counts: dict[str, int]
    error: str
    created_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    undone_at: datetime | None
    can_undo: bool


class NumberRead(Answer):
    """A number as it stands and as it is read. ``doubt`` is a reason code or empty."""

    column: int
    raw: str
    read: str
    region: str
    doubt: str


class DoubtRead(Answer):
    """A doubtful cell; column -1 is the whole row."""

    n: int
    column: int
    cell: str
    read: str
    reason: str


class RowRead(Answer):
    """A row as it would be imported. ``refused`` is a reason code or empty."""

    n: int
    cells: list[str]
    numbers: list[NumberRead]
    doubts: list[DoubtRead]
    refused: str


class NamesakeRead(Answer):
    """A card that bears the name of a row."""

    id: UUID
    name: str
    organisation: str


class AlikeRead(Answer):
    """A row that is perhaps a customer who is known already, by the name alone."""

    n: int
    name: str
    cards: list[NamesakeRead]


class SheetPreview(Answer):
    rows: list[RowRead]
    doubtful: list[DoubtRead]
    namesakes: list[AlikeRead]


class ImportedRow(Answer):
    """What became of a row, and of its undoing."""

    n: int
    fate: str
    reason: str
    customer_id: UUID | None
    cells: list[str] | None
    undone: str


class ImportedRows(Answer):
    items: list[ImportedRow]
    next_cursor: str | None


def answer(session: Session, row: Import, now: datetime) -> ImportAnswer:
    """The import as it stands."""
    by = session.get(User, row.created_by_id) if row.created_by_id else None
    return ImportAnswer(
        id=row.id,
        filename=row.filename,
        state=row.state,
        encoding=row.about["encoding"],
        delimiter=row.about["delimiter"],
        sheet=row.about["sheet"],
        remembered=row.about["remembered"],
        columns=row.columns,
        mapping=row.mapping,
        rule=row.rule,
        region=row.region,
        rows=row.rows,
        row=row.row,
        counts=row.counts,
        checked=row.findings.get("counts", {}),
        doubts=row.findings.get("doubts", {}),
        undo_counts=row.undo_counts,
        error=row.error,
        created_by=by.display_name if by else "",
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        undone_at=row.undone_at,
        can_undo=row.state in ("done", "stopped", "failed") and bool(row.started_at) and not book.too_late(row, now),
    )


def row_read(row: Row) -> RowRead:
    """How the row would be taken."""
    numbers = [
        NumberRead(column=-1, raw=n.raw, read=n.grouped if n.e164 else "", region=n.region, doubt="")
        for n, _ in row.draft.numbers
    ]
    doubts = [
        DoubtRead(n=row.n, column=d.column, cell=cell_of(row, d.column), read=d.read, reason=d.reason)
        for d in row.draft.doubts
    ]
    return RowRead(n=row.n, cells=list(row.cells), numbers=numbers, doubts=doubts, refused=row.draft.refused)


def cell_of(row: Row, column: int) -> str:
    return row.cells[column][:200] if 0 <= column < len(row.cells) else ""


def doubts(file: Path, most: int | None = None) -> list[DoubtRead]:
    """What the check wrote down. Blocks."""
    if not file.exists():
        return []
    with file.open(encoding="utf-8") as lines:
        found = [json.loads(line) for line in islice(lines, most)]
    return [DoubtRead(n=n, column=column, cell=cell, read=read, reason=why) for n, column, cell, read, why in found]


def namesakes(file: Path, most: int) -> list[AlikeRead]:
    """What the check wrote down. Blocks."""
    if not file.exists():
        return []
    with file.open(encoding="utf-8") as lines:
        found = [json.loads(line) for line in islice(lines, most)]
    return [
        AlikeRead(n=n, name=name, cards=[NamesakeRead(id=id, name=its, organisation=firm) for id, its, firm in cards])
        for n, name, cards in found
    ]


def rows(session: Session, id: UUID, fate: str, after: int, limit: int) -> ImportedRows:
    """The log, in the file's order. ``fate`` may also be ``kept``: what an undo could not take back."""
    wanted = select(ImportRow).where(ImportRow.import_id == id, ImportRow.n > after)
    if fate == "kept":
        wanted = wanted.where(ImportRow.undone.like("%:%"))
    elif fate:
        wanted = wanted.where(ImportRow.fate == fate)
    found = list(session.scalars(wanted.order_by(ImportRow.n).limit(limit + 1)))
    shown = found[:limit]
    go_on = str(shown[-1].n) if len(found) > limit else None
    return ImportedRows(items=[ImportedRow.model_validate(row) for row in shown], next_cursor=go_on)
