"""Outlines of recordings and comments on their moments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from callcenter.tables import UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recording_outlines",
        sa.Column("recording_id", sa.Uuid(), nullable=False),
        sa.Column("bar_s", sa.Double(), nullable=False),
        sa.Column("channels", sa.Integer(), nullable=False),
        sa.Column("bars", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["recording_id"], ["recordings.id"], name=op.f("fk_recording_outlines_recording_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording_outlines")),
        sa.UniqueConstraint("recording_id", name=op.f("uq_recording_outlines_recording_id")),
    )
    op.create_table(
        "recording_comments",
        sa.Column("recording_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("at_s", sa.Double(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_recording_comments_author_id")),
        sa.ForeignKeyConstraint(["recording_id"], ["recordings.id"], name=op.f("fk_recording_comments_recording_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording_comments")),
    )
    op.create_index("ix_recording_comments_moment", "recording_comments", ["recording_id", "at_s"])


def downgrade() -> None:
    op.drop_table("recording_comments")
    op.drop_table("recording_outlines")
