"""Answered calls counted against their recordings, and files against their calls."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from callcenter.tables import UtcDateTime

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_COUNTS = ("answered", "present", "excused", "delayed", "lost", "unexplained", "strays", "linked")


def upgrade() -> None:
    op.create_table(
        "tallies",
        sa.Column("from_at", UtcDateTime(), nullable=False),
        sa.Column("to_at", UtcDateTime(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("night", sa.Boolean(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in _COUNTS),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_tallies_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tallies")),
    )
    op.create_index("ix_tallies_started", "tallies", ["started_at"])
    op.create_table(
        "tally_findings",
        sa.Column("tally_id", sa.Uuid(), nullable=False),
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("thing", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Uuid(), nullable=True),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("fate", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["tally_id"], ["tallies.id"], name=op.f("fk_tally_findings_tally_id")),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_tally_findings_call_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tally_findings")),
        sa.UniqueConstraint("pbx", "thing", name=op.f("uq_tally_findings_pbx_thing")),
    )
    op.create_index("ix_tally_findings_at", "tally_findings", ["at", "id"])
    op.create_index("ix_tally_findings_call_id", "tally_findings", ["call_id"])
    op.create_index("ix_tally_findings_tally_id", "tally_findings", ["tally_id"])


def downgrade() -> None:
    op.drop_table("tally_findings")
    op.drop_table("tallies")
