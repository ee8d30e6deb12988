"""Cards that were merged are found from the one that stands for them."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_customers_merged", "customers", ["merged_into"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_customers_merged", table_name="customers")
