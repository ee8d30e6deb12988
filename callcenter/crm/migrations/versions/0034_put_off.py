"""Outcomes may be put off: by their agent, by handing them over, or as their queue is released for a while."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from callcenter.tables import UtcDateTime

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deferrals",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("segment_id", sa.Uuid(), sa.ForeignKey("segments.id"), nullable=False, unique=True),
        sa.Column("agent_id", sa.Uuid(), sa.ForeignKey("users.id"), nullable=False),
        sa.Column("holder_id", sa.Uuid(), sa.ForeignKey("users.id"), nullable=False),
        sa.Column("by_id", sa.Uuid(), sa.ForeignKey("users.id"), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
    )
    for column in ("agent_id", "holder_id", "until"):
        op.create_index(f"ix_deferrals_{column}", "deferrals", [column])
    op.create_table(
        "queue_releases",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("by_id", sa.Uuid(), sa.ForeignKey("users.id"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.UniqueConstraint("pbx", "queue"),
    )


def downgrade() -> None:
    op.drop_table("queue_releases")
    op.drop_table("deferrals")
