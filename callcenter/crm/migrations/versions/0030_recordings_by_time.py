"""Recordings are listed by when they began."""

from __future__ import annotations

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_recordings_started", "recordings", ["started_at", "id"])


def downgrade() -> None:
    op.drop_index("ix_recordings_started", "recordings")
