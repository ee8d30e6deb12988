"""Pauses of recordings, for card data."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from callcenter.tables import UtcDateTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recording_pauses",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("from_at", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("to_at", UtcDateTime(), nullable=True),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("ended", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_recording_pauses_by_id")),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_recording_pauses_call_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording_pauses")),
        sa.UniqueConstraint("call_id", "seq", name=op.f("uq_recording_pauses_call_id_seq")),
    )


def downgrade() -> None:
    op.drop_table("recording_pauses")
