"""What is owed is decided queue by queue: the rules for short calls become part of it, and pauses may end by themselves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from callcenter.ids import new_id
from callcenter.tables import UtcDateTime

revision = "0032"
down_revision = "0031"
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
_LABELS = {
    "en": "Not logged in time",
    "ru": "Не указан вовремя",
    "it": "Non indicato in tempo",
    "az": "Vaxtında qeyd edilməyib",
}


def upgrade() -> None:
    op.execute(sa.text("UPDATE policies SET key = 'outcome_rules' WHERE key = 'short_calls'"))
    op.add_column("pause_reasons", sa.Column("until", UtcDateTime(), nullable=True))
    there = set(op.get_bind().scalars(sa.select(_CODES.c.code)))
    if there and "timed_out" not in there:
        row = {"id": new_id(), "code": "timed_out", "labels": _LABELS, "comment": "none", "position": 201}
        op.bulk_insert(_CODES, [row | {"active": False, "version": 1}])


def downgrade() -> None:
    op.drop_column("pause_reasons", "until")
    op.execute(sa.text("UPDATE policies SET key = 'short_calls' WHERE key = 'outcome_rules'"))
