"""A word goes into PostgreSQL's index when it is written, not into a list that every search walks."""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER INDEX passage_words_of SET (fastupdate = off)")
        op.execute("SELECT gin_clean_pending_list('passage_words_of')")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER INDEX passage_words_of RESET (fastupdate)")
