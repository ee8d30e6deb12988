"""Whom an agent passed the customer on to, the space he is parked in, and the outcome that says so."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from callcenter.ids import new_id

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_CODES = sa.table(
    "outcome_codes",
    sa.column("id", sa.Uuid()),
    sa.column("code", sa.Text()),
    sa.column("labels", sa.JSON()),
    sa.column("comment", sa.Text()),
    sa.column("position", sa.Integer()),
    sa.column("active", sa.Boolean()),
    sa.column("version", sa.Integer()),
)
_LABELS = {"en": "Transferred", "ru": "Переведён", "it": "Trasferito", "az": "Yönləndirildi"}


def upgrade() -> None:
    op.add_column("segments", sa.Column("handed_to", sa.Text(), nullable=False, server_default=""))
    op.add_column("calls", sa.Column("parked", sa.Text(), nullable=False, server_default=""))
    there = set(op.get_bind().scalars(sa.select(_CODES.c.code)))
    if there and "transferred" not in there:
        row = {"id": new_id(), "code": "transferred", "labels": _LABELS, "comment": "optional", "position": 100}
        op.bulk_insert(_CODES, [row | {"active": True, "version": 1}])


def downgrade() -> None:
    with op.batch_alter_table("calls") as batch:
        batch.drop_column("parked")
    with op.batch_alter_table("segments") as batch:
        batch.drop_column("handed_to")
