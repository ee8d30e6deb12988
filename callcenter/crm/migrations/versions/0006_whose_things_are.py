"""Whose cards are, and teams that are edited."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("teams", schema=None) as batch_op:
        batch_op.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    with op.batch_alter_table("teams", schema=None) as batch_op:
        batch_op.alter_column("version", server_default=None)
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_users_team_id"), ["team_id"], unique=False)
    op.add_column("customers", sa.Column("owner_id", sa.Uuid(), nullable=True))
    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.create_foreign_key(batch_op.f("fk_customers_owner_id"), "users", ["owner_id"], ["id"])
        batch_op.create_index("ix_customers_team", ["team_id"], unique=False)
        batch_op.create_index("ix_customers_owner", ["owner_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.drop_index("ix_customers_owner")
        batch_op.drop_index("ix_customers_team")
        batch_op.drop_constraint(batch_op.f("fk_customers_owner_id"), type_="foreignkey")
        batch_op.drop_column("owner_id")
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_users_team_id"))
    with op.batch_alter_table("teams", schema=None) as batch_op:
        batch_op.drop_column("version")
