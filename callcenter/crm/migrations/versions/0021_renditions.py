"""Which parts of a recording nobody may hear, and what is played in its place."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from callcenter.tables import UtcDateTime

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("recordings", sa.Column("silent", sa.JSON(), nullable=False, server_default="[]"))
    op.create_table(
        "renditions",
        sa.Column("recording_id", sa.Uuid(), nullable=False),
        sa.Column("store_key", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("silent", sa.JSON(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["recording_id"], ["recordings.id"], name=op.f("fk_renditions_recording_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_renditions")),
        sa.UniqueConstraint("recording_id", name=op.f("uq_renditions_recording_id")),
    )


def downgrade() -> None:
    op.drop_table("renditions")
    op.drop_column("recordings", "silent")
