"""PostgreSQL's passages bear the spans of time they are in, so that the newest with a common word are found at once."""

from __future__ import annotations

from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

_SPANS = ", ".join(f"'@{shift}:' || to_hex(moment >> {shift})" for shift in (32, 36, 40, 44))


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        _rewrite(f"passage_words || array_to_tsvector(ARRAY[{_SPANS}])")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        _rewrite(f"ts_delete(passage_words, ARRAY[{_SPANS}])")


def _rewrite(words: str) -> None:
    """The index is made anew: one that was emptied at its beginning takes every common word for a rare one, and is
    walked from there."""
    op.execute("DROP INDEX passage_words_of")
    op.execute(f"UPDATE passages SET passage_words = {words}")  # noqa: S608
    op.execute("CREATE INDEX passage_words_of ON passages USING gin (passage_words) WITH (fastupdate = off)")
