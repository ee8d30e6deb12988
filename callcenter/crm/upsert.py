"""Statements of the ring's hot path: built once, executed with parameters, past the ORM.

Building a statement costs SQLAlchemy ten times what SQLite takes to run it, and a phone is ringing meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Executable, Table, bindparam
from sqlalchemy import update as sql_update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from callcenter.crm.models.base import Row
from callcenter.ids import new_id


def upsert(session: Session, kind: type[Row], natural: Mapping[str, Any], values: Mapping[str, Any]) -> UUID:
    """Inserts the row, or updates ``values`` of the one with this natural key; its id either way.

    The row stays locked until the commit, also where nothing changes: whoever comes second waits and then sees it.
    """
    dialect = session.get_bind().dialect.name
    statement = _upsert(kind, tuple(natural), tuple(values), dialect)
    found: UUID = session.connection().execute(statement, {"id": new_id(), **natural, **values}).scalar_one()
    return found


def update_row(session: Session, kind: type[Row], row: UUID, values: Mapping[str, Any]) -> None:
    """Sets ``values`` of one row."""
    session.connection().execute(_update(kind, tuple(values)), {"row_id": row, **values})


@lru_cache(maxsize=256)
def _upsert(kind: type[Row], natural: tuple[str, ...], values: tuple[str, ...], dialect: str) -> Executable:
    table = _table(kind)
    build = sqlite.insert if dialect == "sqlite" else postgresql.insert
    insert = build(table).values({name: bindparam(name) for name in ("id", *natural, *values)})
    kept = {name: insert.excluded[name] for name in values or natural[:1]}
    return insert.on_conflict_do_update(index_elements=list(natural), set_=kept).returning(table.c.id)


@lru_cache(maxsize=256)
def _update(kind: type[Row], values: tuple[str, ...]) -> Executable:
    table = _table(kind)
    changed: dict[str, Any] = {name: bindparam(name) for name in values}
    return sql_update(table).where(table.c.id == bindparam("row_id")).values(changed)


def _table(kind: type[Row]) -> Table:
    table = kind.__table__
    if not isinstance(table, Table):
        raise TypeError(f"{kind.__name__} is not mapped to a table")
    return table
