"""What was said, noted and logged is found by its words."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.engine import Connection

from callcenter.crm import phrases
from callcenter.tables import UtcDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def upgrade() -> None:
    op.create_table(
        "passages",
        sa.Column("moment", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("call_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_passages_call_id")),
        sa.PrimaryKeyConstraint("moment", name=op.f("pk_passages")),
        sa.UniqueConstraint("source_id", name=op.f("uq_passages_source_id")),
    )
    op.create_index("ix_passages_call_id", "passages", ["call_id"])
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE passage_words USING fts5"
            "(words, tokenize = \"unicode61 remove_diacritics 0\", prefix = '2 3 4')"
        )
    else:
        op.execute("ALTER TABLE passages ADD COLUMN passage_words tsvector")
        op.execute("CREATE INDEX passage_words_of ON passages USING gin (passage_words)")
    _fill(connection)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE passage_words")
    op.drop_table("passages")


def _fill(connection: Connection) -> None:
    """What was there before the index."""
    taken: set[int] = set()
    for kind, source, call, at, words in _there(connection):
        if not phrases.indexed(words):
            continue
        key = wished = (at - _EPOCH) // timedelta(microseconds=1)
        while key in taken:
            key = wished // 1000 * 1000 + secrets.randbelow(1_000_000)
        taken.add(key)
        connection.execute(_PASSAGES.insert().values(moment=key, kind=kind, source_id=source, call_id=call))
        if connection.dialect.name == "sqlite":
            put = "INSERT INTO passage_words (rowid, words) VALUES (:key, :words)"
            connection.execute(sa.text(put), {"key": key, "words": phrases.indexed(words)})
        else:
            put = "UPDATE passages SET passage_words = CAST(CAST(:words AS text) AS tsvector) WHERE moment = :key"
            connection.execute(sa.text(put), {"key": key, "words": phrases.vector(words)})


def _there(connection: Connection) -> Iterator[tuple[str, Any, Any, datetime, str]]:
    recordings = {row.id: row for row in connection.execute(sa.select(_RECORDINGS))}
    for row in connection.execute(sa.select(_UTTERANCES)).all():
        of = recordings[row.recording_id]
        yield "said", row.id, of.call_id, of.started_at + timedelta(seconds=row.start_s), row.text
    for row in connection.execute(sa.select(_NOTES)).all():
        yield "note", row.id, None, row.created_at, row.text
    with_call = sa.select(_OUTCOMES, _SEGMENTS.c.call_id).join(_SEGMENTS, _SEGMENTS.c.id == _OUTCOMES.c.segment_id)
    for row in connection.execute(with_call).all():
        yield "outcome", row.id, row.call_id, row.at, row.comment


def _table(name: str, **columns: Any) -> sa.Table:
    return sa.Table(name, sa.MetaData(), *(sa.Column(column, kind) for column, kind in columns.items()))


_PASSAGES = _table("passages", moment=sa.BigInteger(), kind=sa.Text(), source_id=sa.Uuid(), call_id=sa.Uuid())
_RECORDINGS = _table("recordings", id=sa.Uuid(), call_id=sa.Uuid(), started_at=UtcDateTime())
_UTTERANCES = _table("utterances", id=sa.Uuid(), recording_id=sa.Uuid(), start_s=sa.Double(), text=sa.Text())
_NOTES = _table("notes", id=sa.Uuid(), created_at=UtcDateTime(), text=sa.Text())
_OUTCOMES = _table("outcomes", id=sa.Uuid(), segment_id=sa.Uuid(), comment=sa.Text(), at=UtcDateTime())
_SEGMENTS = _table("segments", id=sa.Uuid(), call_id=sa.Uuid())
