"""Alarms of the floor as they were, and the tokens of wallboards."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from callcenter.tables import UtcDateTime

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

_GOES_ON = sa.text("ended_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "alarms",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("thing", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=True),
        sa.Column("limit", sa.Double(), nullable=False),
        sa.Column("worst", sa.Double(), nullable=False),
        sa.Column("raised_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("acknowledged_at", UtcDateTime(), nullable=True),
        sa.Column("acknowledged_by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["users.id"], name=op.f("fk_alarms_agent_id")),
        sa.ForeignKeyConstraint(["acknowledged_by_id"], ["users.id"], name=op.f("fk_alarms_acknowledged_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarms")),
    )
    op.create_index("ix_alarms_raised_at", "alarms", ["raised_at", "id"])
    op.create_index("ix_alarms_going_on", "alarms", ["raised_at"], sqlite_where=_GOES_ON, postgresql_where=_GOES_ON)
    op.create_table(
        "displays",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("queues", sa.JSON(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.Column("used_from", sa.Text(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_displays_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_displays")),
        sa.UniqueConstraint("digest", name=op.f("uq_displays_digest")),
    )


def downgrade() -> None:
    op.drop_table("displays")
    op.drop_table("alarms")
