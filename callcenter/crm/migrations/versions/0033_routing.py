"""Numbers that do not get through, and what was answered about where calls go."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from callcenter.tables import UtcDateTime

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "blocked_numbers",
        sa.Column("number_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=True),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["number_id"], ["phone_numbers.id"], name=op.f("fk_blocked_numbers_number_id")),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_blocked_numbers_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blocked_numbers")),
        sa.UniqueConstraint("number_id", name=op.f("uq_blocked_numbers_number_id")),
    )
    op.create_index("ix_blocked_numbers_created", "blocked_numbers", ["created_at", "id"])
    op.create_table(
        "route_answers",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("uniqueid", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("grounds", sa.JSON(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("took_ms", sa.Double(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["users.id"], name=op.f("fk_route_answers_agent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_route_answers")),
    )
    op.create_index("ix_route_answers_call", "route_answers", ["pbx", "uniqueid"])
    op.create_index("ix_route_answers_at", "route_answers", ["at"])


def downgrade() -> None:
    op.drop_table("route_answers")
    op.drop_table("blocked_numbers")
