"""Prefix rules of trunks, our own numbers, and the channels that were seen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from callcenter.tables import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dids",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dids")),
        sa.UniqueConstraint("pbx", "number", name=op.f("uq_dids_pbx_number")),
    )
    op.create_table(
        "seen_peers",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("peer", sa.Text(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("first_at", UtcDateTime(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.Column("context", sa.Text(), nullable=False),
        sa.Column("linkedid", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seen_peers")),
        sa.UniqueConstraint("pbx", "peer", name=op.f("uq_seen_peers_pbx_peer")),
    )
    with op.batch_alter_table("seen_peers", schema=None) as batch_op:
        batch_op.create_index("ix_seen_peers_last", ["pbx", "last_at"], unique=False)
    op.add_column("calls", sa.Column("number_read", sa.Text(), nullable=False, server_default=""))
    op.add_column("map_rules", sa.Column("arriving", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("map_rules", sa.Column("dialling", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    for table, column in (("map_rules", "dialling"), ("map_rules", "arriving"), ("calls", "number_read")):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column(column)
    op.drop_table("seen_peers")
    op.drop_table("dids")
