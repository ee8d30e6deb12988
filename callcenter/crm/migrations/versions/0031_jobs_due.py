"""Jobs that are done are not passed over to find those that are due."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_DUE = sa.text("done_at IS NULL")


def upgrade() -> None:
    op.drop_index("ix_jobs_run_at", "jobs")
    op.create_index("ix_jobs_due", "jobs", ["run_at"], sqlite_where=_DUE, postgresql_where=_DUE)


def downgrade() -> None:
    op.drop_index("ix_jobs_due", "jobs")
    op.create_index("ix_jobs_run_at", "jobs", ["run_at"])
