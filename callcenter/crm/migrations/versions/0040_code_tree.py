"""Outcome codes become a tree and ask for more; an outcome may have several; who is not to be called is written down.

The codes that are there stay what they are, at the root.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from callcenter.ids import new_id
from callcenter.tables import UtcDateTime

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

_CODES = sa.table(
    "outcome_codes",
    sa.column("id", sa.Uuid()),
    sa.column("code", sa.Text()),
    sa.column("labels", sa.JSON()),
    sa.column("comment", sa.Text()),
    sa.column("comment_min", sa.Integer()),
    sa.column("follow_up", sa.Boolean()),
    sa.column("is_group", sa.Boolean()),
    sa.column("confirm", sa.Boolean()),
    sa.column("do_not_call", sa.Boolean()),
    sa.column("needs", sa.JSON()),
    sa.column("system", sa.Text()),
    sa.column("set_status", sa.Text()),
    sa.column("webhook_url", sa.Text()),
    sa.column("webhook_secret", sa.Text()),
    sa.column("position", sa.Integer()),
    sa.column("active", sa.Boolean()),
    sa.column("version", sa.Integer()),
)
_SYSTEM = {
    "wrong_number": {"en": "Wrong number", "ru": "Ошиблись номером", "it": "Numero errato", "az": "Səhv nömrə"},
    "spam": {"en": "Spam", "ru": "Спам", "it": "Spam", "az": "Spam"},
    "silent": {"en": "Silent call", "ru": "Тишина в трубке", "it": "Chiamata muta", "az": "Səssiz zəng"},
    "test": {"en": "Test call", "ru": "Проверочный звонок", "it": "Chiamata di prova", "az": "Sınaq zəngi"},
    "no_customer": {"en": "No customer", "ru": "Не клиент", "it": "Non è un cliente", "az": "Müştəri deyil"},
}
_PLAIN = {
    "comment_min": 0,
    "follow_up": False,
    "is_group": False,
    "do_not_call": False,
    "needs": [],
    "set_status": "",
    "webhook_url": "",
    "webhook_secret": "",
}
_TEXTS = ("system", "set_status", "webhook_url", "webhook_secret")
_FLAGS = ("is_group", "confirm", "do_not_call")


def upgrade() -> None:
    _columns()
    op.create_table(
        "outcome_extras",
        sa.Column("segment_id", sa.Uuid(), nullable=False),
        sa.Column("code_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["segment_id"], ["segments.id"], name=op.f("fk_outcome_extras_segment_id")),
        sa.ForeignKeyConstraint(["code_id"], ["outcome_codes.id"], name=op.f("fk_outcome_extras_code_id")),
        sa.PrimaryKeyConstraint("segment_id", "code_id", name=op.f("pk_outcome_extras")),
    )
    _do_not_call()
    _system_codes()


def downgrade() -> None:
    op.drop_table("do_not_call")
    op.drop_table("outcome_extras")
    with op.batch_alter_table("outcome_codes") as codes:
        codes.drop_constraint(op.f("fk_outcome_codes_parent_id"), type_="foreignkey")
        for name in ("parent_id", "call_back_min", "needs", *_TEXTS, *_FLAGS):
            codes.drop_column(name)


def _columns() -> None:
    with op.batch_alter_table("outcome_codes") as codes:
        codes.add_column(sa.Column("parent_id", sa.Uuid(), nullable=True))
        codes.add_column(sa.Column("call_back_min", sa.Integer(), nullable=True))
        codes.add_column(sa.Column("needs", sa.JSON(), nullable=False, server_default="[]"))
        for name in _FLAGS:
            codes.add_column(sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
        for name in _TEXTS:
            codes.add_column(sa.Column(name, sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("outcome_codes") as codes:
        codes.create_foreign_key(op.f("fk_outcome_codes_parent_id"), "outcome_codes", ["parent_id"], ["id"])
        for name in ("needs", *_FLAGS, *_TEXTS):
            codes.alter_column(name, server_default=None)


def _do_not_call() -> None:
    op.create_table(
        "do_not_call",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("number_id", sa.Uuid(), nullable=True),
        sa.Column("segment_id", sa.Uuid(), nullable=True),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_do_not_call_customer_id")),
        sa.ForeignKeyConstraint(["number_id"], ["phone_numbers.id"], name=op.f("fk_do_not_call_number_id")),
        sa.ForeignKeyConstraint(["segment_id"], ["segments.id"], name=op.f("fk_do_not_call_segment_id")),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_do_not_call_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_do_not_call")),
    )
    for name in ("customer_id", "number_id", "segment_id"):
        op.create_index(op.f(f"ix_do_not_call_{name}"), "do_not_call", [name])


def _system_codes() -> None:
    """A code of the house's own that happens to be called like one of them stays its own; ours is called otherwise."""
    bind = op.get_bind()
    there = set(bind.scalars(sa.select(_CODES.c.code)))
    if not there:
        return
    for position, (system, labels) in enumerate(_SYSTEM.items(), start=301):
        if system == "wrong_number" and system in there:
            own = sa.update(_CODES).where(_CODES.c.code == system)
            bind.execute(own.values(system=system, comment="none", comment_min=0))
            continue
        name = f"{system}_call" if system in there else system
        row = {"id": new_id(), "code": name, "labels": labels, "comment": "none", "position": position}
        rules = {"confirm": system == "spam", "system": system, "active": True, "version": 1}
        op.bulk_insert(_CODES, [] if name in there else [{**row, **_PLAIN, **rules}])
