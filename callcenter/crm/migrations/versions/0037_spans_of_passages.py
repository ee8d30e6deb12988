"""PostgreSQL's passages bear the spans of time they are in, so that the newest with a common word are found at once."""

from __future__ import annotations

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

_SPANS = ", ".join(f"'@{shift}:' || to_hex(moment >> {shift})" for shift in (32, 36, 40, 44))


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"UPDATE passages SET passage_words = passage_words || array_to_tsvector(ARRAY[{_SPANS}])")  # noqa: S608


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"UPDATE passages SET passage_words = ts_delete(passage_words, ARRAY[{_SPANS}])")  # noqa: S608
