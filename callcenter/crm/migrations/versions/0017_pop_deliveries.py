"""What screens were told of ringing phones, and when they had painted it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from callcenter.tables import UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pop_deliveries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("segment_id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("tabs", sa.Integer(), nullable=False),
        sa.Column("sent_ms", sa.Double(), nullable=False),
        sa.Column("painted_at", UtcDateTime(), nullable=True),
        sa.Column("paint_ms", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["segment_id"], ["segments.id"], name=op.f("fk_pop_deliveries_segment_id")),
        sa.ForeignKeyConstraint(["agent_id"], ["users.id"], name=op.f("fk_pop_deliveries_agent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pop_deliveries")),
    )
    op.create_index("ix_pop_deliveries_segment_id", "pop_deliveries", ["segment_id"])
    op.create_index("ix_pop_deliveries_at", "pop_deliveries", ["at"])


def downgrade() -> None:
    op.drop_table("pop_deliveries")
