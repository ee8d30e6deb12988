"""The times of calls in which nobody listened, and from what they were filled in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from callcenter.tables import UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "call_gaps",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("from_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("to_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("filled_from", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_call_gaps_call_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_gaps")),
        sa.UniqueConstraint("call_id", "seq", name=op.f("uq_call_gaps_call_id_seq")),
    )


def downgrade() -> None:
    op.drop_table("call_gaps")
