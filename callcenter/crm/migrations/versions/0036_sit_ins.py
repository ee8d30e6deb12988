"""Supervisors who sat in on talks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from callcenter.tables import UtcDateTime

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

_GOES_ON = sa.text("ended_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "sit_ins",
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("segment_id", sa.Uuid(), nullable=False),
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("modes", sa.JSON(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("began_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["users.id"], name=op.f("fk_sit_ins_agent_id")),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_sit_ins_by_id")),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_sit_ins_call_id")),
        sa.ForeignKeyConstraint(["segment_id"], ["segments.id"], name=op.f("fk_sit_ins_segment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sit_ins")),
    )
    op.create_index(op.f("ix_sit_ins_call_id"), "sit_ins", ["call_id"])
    op.create_index("ix_sit_ins_agent", "sit_ins", ["agent_id", "asked_at"])
    op.create_index("ix_sit_ins_going_on", "sit_ins", ["asked_at"], sqlite_where=_GOES_ON, postgresql_where=_GOES_ON)


def downgrade() -> None:
    op.drop_table("sit_ins")
