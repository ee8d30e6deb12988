"""Migrated PostgreSQL databases that tests use in turn: making one costs several times what emptying it does."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg  # type: ignore[import-untyped]

from tests.postgres import Cluster, in_a_thread

_SHAPE = """
SELECT md5(string_agg(said, ',' ORDER BY said)) FROM (
    SELECT concat(attrelid, '.', attname, ' ', atttypid, attisdropped) FROM pg_attribute
        JOIN pg_class ON pg_class.oid = attrelid WHERE relnamespace = 'public'::regnamespace AND attnum > 0
    UNION ALL SELECT concat(tgrelid, '.', tgname, tgenabled) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT concat(proname, prosrc) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
) AS shape(said)
"""
_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
_SEQUENCES = "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' ORDER BY sequencename"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Beginning:
    """What a migrated database is: the sum of its columns, triggers and functions, its rows by table, its sequences."""

    shape: str
    tables: tuple[str, ...]
    rows: dict[str, bytes]
    sequences: dict[str, tuple[int, bool]]


@dataclass
class Library:
    """Of one cluster. A database whose tables a test changed is not lent again."""

    cluster: Cluster
    template: str
    _beginning: _Beginning | None = None
    _free: list[str] = field(default_factory=list)

    @contextmanager
    def lent(self) -> Iterator[str]:
        """The URL of a database as migrating leaves it."""
        name = self._free.pop() if self._free else self.cluster.new_database(self.template)
        yield self.cluster.url(name)
        if self._cleaned(name):
            self._free.append(name)
        else:
            self.cluster.drop_database(name)

    def _cleaned(self, name: str) -> bool:
        if self._beginning is None:
            self._beginning = self._on(self.template, _look)
        beginning = self._beginning
        return bool(self._on(name, lambda connection: _clean(connection, beginning)))

    def _on(self, name: str, work: Any) -> Any:
        done: list[Any] = []

        async def run() -> None:
            connection = await asyncpg.connect(host=str(self.cluster.folder), user="postgres", database=name)
            try:
                done.append(await work(connection))
            finally:
                await connection.close()

        in_a_thread(run)
        return done[0]


async def _look(connection: Any) -> _Beginning:
    tables = tuple(row[0] for row in await connection.fetch(_TABLES))
    rows: dict[str, bytes] = {}
    for table in tables:
        if await connection.fetchval(f'SELECT EXISTS (SELECT 1 FROM "{table}")'):
            kept = io.BytesIO()
            await connection.copy_from_table(table, output=kept, format="binary")
            rows[table] = kept.getvalue()
    sequences = {}
    for (name,) in await connection.fetch(_SEQUENCES):
        sequences[name] = tuple(await connection.fetchrow(f'SELECT last_value, is_called FROM "{name}"'))
    return _Beginning(shape=await connection.fetchval(_SHAPE), tables=tables, rows=rows, sequences=sequences)


async def _clean(connection: Any, beginning: _Beginning) -> bool:
    """Whether it is as it was in the beginning. Triggers sleep meanwhile: some keep rows from being deleted."""
    await connection.execute(_OTHERS)
    if await connection.fetchval(_SHAPE) != beginning.shape:
        return False
    async with connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute(";".join(f'DELETE FROM "{table}"' for table in beginning.tables))
        for table, rows in beginning.rows.items():
            await connection.copy_to_table(table, source=io.BytesIO(rows), format="binary")
        for name, (value, called) in beginning.sequences.items():
            await connection.fetchval(f"SELECT setval('public.\"{name}\"', {value}, {str(called).lower()})")
    return True
