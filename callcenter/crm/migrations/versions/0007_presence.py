"""Pause codes, pauses taken, queues staffed here, and one agent a desk."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from callcenter.tables import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None
_NOW = sa.text("until IS NULL")


def upgrade() -> None:
    op.create_table(
        "pause_codes",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("work", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pause_codes")),
        sa.UniqueConstraint("code", name=op.f("uq_pause_codes_code")),
    )
    op.create_table(
        "pauses_taken",
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["users.id"], name=op.f("fk_pauses_taken_agent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pauses_taken")),
    )
    op.create_index("ix_pauses_taken_agent", "pauses_taken", ["agent_id", "since"], unique=False)
    with op.batch_alter_table("pause_reasons", schema=None) as batch_op:
        batch_op.add_column(sa.Column("code", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("note", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("by_id", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_pause_reasons_by_id"), "users", ["by_id"], ["id"])
    with op.batch_alter_table("queues", schema=None) as batch_op:
        batch_op.add_column(sa.Column("staffed", sa.Boolean(), nullable=False, server_default=sa.false()))
    _one_a_desk()


def _one_a_desk() -> None:
    """Of two that hold at once, the later one does; then no two can."""
    for column in ("extension_id", "agent_id"):
        op.execute(
            "UPDATE roster SET until = since WHERE until IS NULL AND EXISTS (SELECT 1 FROM roster AS later"  # noqa: S608
            f" WHERE later.{column} = roster.{column} AND later.until IS NULL"
            " AND (later.since > roster.since OR (later.since = roster.since AND later.id > roster.id)))"
        )
    op.create_index("uq_roster_desk", "roster", ["extension_id"], unique=True, sqlite_where=_NOW, postgresql_where=_NOW)
    op.create_index("uq_roster_agent", "roster", ["agent_id"], unique=True, sqlite_where=_NOW, postgresql_where=_NOW)


def downgrade() -> None:
    op.drop_index("uq_roster_agent", table_name="roster")
    op.drop_index("uq_roster_desk", table_name="roster")
    with op.batch_alter_table("queues", schema=None) as batch_op:
        batch_op.drop_column("staffed")
    with op.batch_alter_table("pause_reasons", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_pause_reasons_by_id"), type_="foreignkey")
        batch_op.drop_column("by_id")
        batch_op.drop_column("note")
        batch_op.drop_column("code")
    op.drop_index("ix_pauses_taken_agent", table_name="pauses_taken")
    op.drop_table("pauses_taken")
    op.drop_table("pause_codes")
