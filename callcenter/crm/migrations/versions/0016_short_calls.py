"""An outcome may be a rule's, nobody's: what came of a call that was too short to ask about."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from callcenter.ids import new_id

revision = "0016"
down_revision = "0015"
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
_LABELS = {"en": "Short call", "ru": "Короткий звонок", "it": "Chiamata breve", "az": "Qısa zəng"}


def upgrade() -> None:
    with op.batch_alter_table("outcomes") as batch:
        batch.alter_column("by_id", existing_type=sa.Uuid(), nullable=True)
    there = set(op.get_bind().scalars(sa.select(_CODES.c.code)))
    if there and "short_call" not in there:
        row = {"id": new_id(), "code": "short_call", "labels": _LABELS, "comment": "none", "position": 200}
        op.bulk_insert(_CODES, [row | {"active": False, "version": 1}])


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM outcomes WHERE by_id IS NULL"))
    with op.batch_alter_table("outcomes") as batch:
        batch.alter_column("by_id", existing_type=sa.Uuid(), nullable=False)
