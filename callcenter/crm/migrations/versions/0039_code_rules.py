"""An outcome may ask for a longer comment, and for a call back that is promised."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("outcome_codes") as codes:
        codes.add_column(sa.Column("comment_min", sa.Integer(), nullable=False, server_default="0"))
        codes.add_column(sa.Column("follow_up", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("outcome_codes") as codes:
        codes.alter_column("comment_min", server_default=None)
        codes.alter_column("follow_up", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("outcome_codes") as codes:
        codes.drop_column("follow_up")
        codes.drop_column("comment_min")
