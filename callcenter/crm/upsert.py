"""Rows with a natural key, written without asking first whether they are there."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Table, bindparam
from sqlalchemy import insert as sql_insert
from sqlalchemy import update as sql_update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from callcenter.crm.models.base import Row
from callcenter.ids import new_id
from callcenter.statement import Built, Statement
from callcenter.tables import Base


def upsert(session: Session, kind: type[Row], natural: Mapping[str, Any], values: Mapping[str, Any]) -> UUID:
    """Inserts the row, or updates ``values`` of the one with this natural key; its id either way.

    The row stays locked until the commit, also where nothing changes: whoever comes second waits and then sees it.
    """
    return put(session, kind, natural, values)[0]


def put(session: Session, kind: type[Row], natural: Mapping[str, Any], values: Mapping[str, Any]) -> tuple[UUID, bool]:
    """As ``upsert``, and whether the row was there."""
    minted = new_id()
    statement = _upsert(kind, tuple(natural), tuple(values))
    found: UUID = statement(session, {"id": minted, **natural, **values})[0].id
    return found, found != minted


def update_row(session: Session, kind: type[Row], row: UUID, values: Mapping[str, Any]) -> None:
    """Sets ``values`` of one row."""
    _update(kind, ("id",), tuple(values))(session, {"at_id": row, **values})


def change(
    session: Session, kind: type[Row], place: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    """Sets what differs of the row at ``place`` (column names to values), which says ``before``; nothing where nothing
    does. Columns that stay cost a rewriting of their indexes."""
    values = {name: value for name, value in after.items() if before[name] != value}
    if values:
        at = {f"at_{name}": value for name, value in place.items()}
        _update(kind, tuple(place), tuple(values))(session, at | values)


def inserting(kind: type[Base]) -> Statement:
    """A plain insert of every column."""
    return Statement(lambda _: sql_insert(table_of(kind)))


def table_of(kind: type[Base]) -> Table:
    """The table a model is mapped to."""
    table = kind.__table__
    if not isinstance(table, Table):
        raise TypeError(f"{kind.__name__} is not mapped to a table")
    return table


@lru_cache(maxsize=256)
def _upsert(kind: type[Row], natural: tuple[str, ...], values: tuple[str, ...]) -> Statement:
    def build(dialect: str) -> Built:
        table = table_of(kind)
        insert = (sqlite.insert if dialect == "sqlite" else postgresql.insert)(table)
        insert = insert.values({name: bindparam(name) for name in ("id", *natural, *values)})
        kept = {name: insert.excluded[name] for name in values or natural[:1]}
        return insert.on_conflict_do_update(index_elements=list(natural), set_=kept).returning(table.c.id)

    return Statement(build)


@lru_cache(maxsize=256)
def _update(kind: type[Row], place: tuple[str, ...], values: tuple[str, ...]) -> Statement:
    def build(_dialect: str) -> Built:
        table = table_of(kind)
        changed: dict[str, Any] = {name: bindparam(name) for name in values}
        here = (table.c[name] == bindparam(f"at_{name}", type_=table.c[name].type) for name in place)
        return sql_update(table).where(*here).values(changed)

    return Statement(build)
