"""Only cards that were merged into another stand in the index by which they are found: few of all.

With every card in it, SQLite without statistics takes "not merged" for rare and reads all cards by it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_MERGED = sa.text("merged_into IS NOT NULL")


def upgrade() -> None:
    op.drop_index("ix_customers_merged", table_name="customers")
    op.create_index("ix_customers_merged", "customers", ["merged_into"], sqlite_where=_MERGED, postgresql_where=_MERGED)


def downgrade() -> None:
    op.drop_index("ix_customers_merged", table_name="customers")
    op.create_index("ix_customers_merged", "customers", ["merged_into"])
