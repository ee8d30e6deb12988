"""Brings a database to the newest schema and lays what every call center starts with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

import callcenter.crm.models.tables  # noqa: F401 - the import puts every table into the metadata
from callcenter.crm import outcomes, passages, pause_codes, statuses
from callcenter.crm.privacy import guards
from callcenter.errors import Unavailable
from callcenter.tables import Base

T = TypeVar("T")
SEARCH_INDEX: Final = "passage_words"
_LOCK: Final = 0x63616C6C


def migrate(url: str) -> None:
    """Blocks: call it before the event loop or in a thread. Safe to run twice and from two processes at once.

    Raises Unavailable when the database cannot be reached.
    """
    try:
        _connected(url, _upgrade)
    except (DBAPIError, OSError) as wrong:
        cause = getattr(wrong, "orig", None) or wrong
        raise Unavailable(f"cannot migrate the database: {cause}", code="database_unavailable") from wrong


def drift(url: str) -> list[Any]:
    """What alembic would change to make the database equal to the models: nothing, or a migration is missing."""
    return _connected(url, _differences)


def _connected(url: str, work: Callable[[Connection], T]) -> T:
    target = make_url(url)
    if target.get_backend_name() != "sqlite":
        return asyncio.run(_on_postgres(url, work))
    if target.database:
        Path(target.database).absolute().parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(target.set(drivername="sqlite"), poolclass=NullPool, connect_args={"timeout": 60})
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            done = work(connection)
            connection.commit()
            return done
    finally:
        engine.dispose()


async def _on_postgres(url: str, work: Callable[[Connection], T]) -> T:
    engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"), poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            return await connection.run_sync(work)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", "callcenter.crm:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    guards.lay(connection)
    passages.lay(connection)
    with Session(connection, join_transaction_mode="create_savepoint") as session:
        outcomes.seed(session)
        statuses.seed(session)
        pause_codes.seed(session)
        session.commit()


def _differences(connection: Connection) -> list[Any]:
    def ours(_object: Any, name: str | None, *_: Any) -> bool:
        return not (name or "").startswith(SEARCH_INDEX)

    options = {"compare_type": True, "include_object": ours}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata))
