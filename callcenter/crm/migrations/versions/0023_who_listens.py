"""A queue says which speech model hears its talks; how long listening took is kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("queues") as queues:
        queues.add_column(sa.Column("speech", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("transcripts") as transcripts:
        transcripts.add_column(sa.Column("work_s", sa.Double(), nullable=False, server_default=sa.text("0")))
    for table, column in (("queues", "speech"), ("transcripts", "work_s")):
        with op.batch_alter_table(table) as altered:
            altered.alter_column(column, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("transcripts") as transcripts:
        transcripts.drop_column("work_s")
    with op.batch_alter_table("queues") as queues:
        queues.drop_column("speech")
