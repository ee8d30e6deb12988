"""INSERT … ON CONFLICT, which both engines have under names of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from callcenter.crm.models import Row
from callcenter.ids import new_id


def upsert(session: Session, table: type[Row], natural: Mapping[str, Any], values: Mapping[str, Any]) -> UUID:
    """Inserts the row, or updates ``values`` of the one with this natural key; its id either way.

    The row stays locked until the commit, also where nothing changes: whoever comes second waits and then sees it.
    """
    build = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    insert = build(table).values(id=new_id(), **natural, **values)
    kept = dict(values) or dict(list(natural.items())[:1])
    statement = insert.on_conflict_do_update(index_elements=list(natural), set_=kept).returning(table.id)
    return session.execute(statement).scalar_one()
