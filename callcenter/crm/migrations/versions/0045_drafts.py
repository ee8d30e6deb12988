"""All of a half-written outcome: further codes, fields of the card, and the call back that is to be promised."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("segments", sa.Column("draft_more", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("segments", "draft_more")
