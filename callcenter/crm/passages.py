"""The full-text index: what was said, noted and logged, in the order in which it was.

A row's key is its moment in microseconds, so that *newest first* is the order of the index itself on both databases:
FTS5 reads its rows backwards, PostgreSQL its primary key, and both stop after the twenty that are shown.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import BigInteger, Text, bindparam, cast, column, delete, insert, select, table, text, update
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from callcenter.crm import passage_index, phrases
from callcenter.crm.models.transcripts import Passage
from callcenter.crm.upsert import inserting, table_of
from callcenter.statement import Built, Statement

SAID, NOTE, OUTCOME = "said", "note", "outcome"
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO: Final = timedelta(microseconds=1)
_SECOND: Final = 1_000_000
_AT_ONCE: Final = 5000
_keep: Final = inserting(Passage)
_taken: Final = Statement(lambda _: select(table_of(Passage).c.moment).where(Passage.moment == bindparam("moment")))
_SOURCES: Final = {"utterances": "text", "notes": "text", "outcomes": "comment"}
_GONE: Final = "DELETE FROM passages WHERE source_id = OLD.id;"
_SQLITE: Final = (
    f"DELETE FROM passage_words WHERE rowid IN (SELECT moment FROM passages WHERE source_id = OLD.id); {_GONE}"  # noqa: S608
)
_POSTGRES: Final = f"""
CREATE OR REPLACE FUNCTION callcenter_unsaid() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN {_GONE} RETURN NULL; END $$
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Words to be found: of which row (``source``), of which call where it has one, from when."""

    kind: str
    source: UUID
    call: UUID | None
    at: datetime
    text: str


def moment(at: datetime) -> int:
    """Microseconds since 1970."""
    return (at - EPOCH) // _MICRO


def put(session: Session, found: Sequence[Found]) -> None:
    """Makes them found, in place of what their rows said before. Words that are empty are not kept."""
    forget(session, [one.source for one in found])
    add(session, found)


def add(session: Session, found: Sequence[Found]) -> None:
    """As ``put``, of rows that have never been found by anything."""
    kept = [one for one in found if phrases.indexed(one.text)]
    if not kept:
        return
    session.flush()
    keys = _free(session, [moment(one.at) for one in kept])
    rows = [
        {"moment": key, "kind": one.kind, "source_id": one.source, "call_id": one.call}
        for key, one in zip(keys, kept, strict=True)
    ]
    _keep.many(session, rows)
    index(session, [(key, one.text) for key, one in zip(keys, kept, strict=True)])


def index(session: Session, texts: Sequence[tuple[int, str]]) -> None:
    """Makes passages that are there found by the words of these texts, each with its passage's moment."""
    words = _of_sqlite if session.get_bind().dialect.name == "sqlite" else _of_postgres
    _find_by.many(session, [{"at": key, "said": words(key, said)} for key, said in texts])


def _of_sqlite(_key: int, said: str) -> str:
    return phrases.indexed(said)


def _of_postgres(key: int, said: str) -> str:
    return f"{phrases.vector(said)} {passage_index.spans(key)}"


def _finding(dialect: str) -> Built:
    said = bindparam("said", type_=Text())
    if dialect == "sqlite":
        words = table("passage_words", column("rowid"), column("words"))
        return insert(words).values(rowid=bindparam("at", type_=BigInteger()), words=said)
    kept = table("passages", column("moment", BigInteger), column("passage_words", TSVECTOR))
    vector = cast(cast(said, Text), TSVECTOR)
    return update(kept).where(kept.c.moment == bindparam("at", type_=BigInteger())).values(passage_words=vector)


_find_by: Final = Statement(_finding)


def forget(session: Session, sources: Collection[UUID]) -> None:
    """Takes the words of these rows out, for good."""
    for some in _slices(list(sources)):
        keys = list(session.scalars(select(Passage.moment).where(Passage.source_id.in_(some))))
        if not keys:
            continue
        if session.get_bind().dialect.name == "sqlite":
            session.execute(text("DELETE FROM passage_words WHERE rowid = :moment"), [{"moment": key} for key in keys])
        session.execute(delete(Passage).where(Passage.moment.in_(keys)))


def press(session: Session) -> None:
    """Squeezes out of the index what was taken out of it.

    FTS5 keeps the words of deleted rows in its segments until they are merged
    (https://sqlite.org/fts5.html#the_optimize_command).
    """
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("INSERT INTO passage_words (passage_words) VALUES ('optimize')"))


def lay(connection: Connection) -> None:
    """Lays the triggers that take words out of the index when their row goes or changes, whoever does it: what is
    erased cannot be found. Laid after every migration, as SQLite drops a table's triggers when it is rebuilt."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(_POSTGRES))
    for source, said in _SOURCES.items():
        for what in ("DELETE", f"UPDATE OF {said}"):
            name = f"{source}_unsaid_{what.partition(' ')[0].lower()}"
            on = f"{name} AFTER {what} ON {source} FOR EACH ROW"
            if connection.dialect.name == "postgresql":
                connection.execute(text(f"CREATE OR REPLACE TRIGGER {on} EXECUTE FUNCTION callcenter_unsaid()"))
            else:
                connection.execute(text(f"DROP TRIGGER IF EXISTS {name}"))
                connection.execute(text(f"CREATE TRIGGER {on} BEGIN {_SQLITE} END"))


def _free(session: Session, wanted: Sequence[int]) -> list[int]:
    """Keys near those moments that nothing has: what happens at the same time is told apart within a second."""
    keys: list[int] = []
    mine: set[int] = set()
    for one in wanted:
        key = one
        while key in mine or _taken(session, {"moment": key}):
            key = one + secrets.randbelow(_SECOND)
        mine.add(key)
        keys.append(key)
    return keys


def _slices(ids: list[UUID]) -> Iterable[list[UUID]]:
    return (ids[at : at + _AT_ONCE] for at in range(0, len(ids), _AT_ONCE))
