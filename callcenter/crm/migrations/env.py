"""Alembic's entry. The connection comes from ``callcenter.crm.schema``; there is no alembic.ini."""

from __future__ import annotations

from typing import Any

from alembic import context

import callcenter.crm.models.tables  # noqa: F401 - the import puts every table into the metadata
from callcenter.tables import Base

SEARCH_INDEX = "passage_words"


def ours(_object: Any, name: str | None, kind: str, _reflected: bool, _compare_to: Any) -> bool:
    """Full-text indexes differ by engine and cannot stand in the models: no drift is looked for there."""
    return not (name or "").startswith(SEARCH_INDEX)


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    include_object=ours,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
