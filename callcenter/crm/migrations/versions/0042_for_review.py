"""Figures of agents' work that are to be looked at, and who hung up a call."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from callcenter.tables import UtcDateTime

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

_NEW = sa.text("state = 'new'")


def upgrade() -> None:
    op.add_column("calls", sa.Column("hung_up", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "suspicions",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.Column("found_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["users.id"], name=op.f("fk_suspicions_agent_id")),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_suspicions_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suspicions")),
    )
    op.create_index(op.f("ix_suspicions_agent_id"), "suspicions", ["agent_id"])
    op.create_index("ix_suspicions_last", "suspicions", ["last_at", "id"])
    op.create_index(
        "uq_suspicions_new",
        "suspicions",
        ["kind", "agent_id", "pbx", "queue", "code", "since"],
        unique=True,
        sqlite_where=_NEW,
        postgresql_where=_NEW,
    )
    op.create_table(
        "suspicion_calls",
        sa.Column("suspicion_id", sa.Uuid(), nullable=False),
        sa.Column("segment_id", sa.Uuid(), nullable=False),
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["suspicion_id"], ["suspicions.id"], name=op.f("fk_suspicion_calls_suspicion_id")),
        sa.ForeignKeyConstraint(["segment_id"], ["segments.id"], name=op.f("fk_suspicion_calls_segment_id")),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_suspicion_calls_call_id")),
        sa.PrimaryKeyConstraint("suspicion_id", "segment_id", name=op.f("pk_suspicion_calls")),
    )
    op.create_index(op.f("ix_suspicion_calls_call_id"), "suspicion_calls", ["call_id"])


def downgrade() -> None:
    op.drop_table("suspicion_calls")
    op.drop_table("suspicions")
    op.drop_column("calls", "hung_up")
