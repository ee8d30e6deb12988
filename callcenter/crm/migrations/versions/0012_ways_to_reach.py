"""Ways to reach a customer beside the telephone, any number of each kind; what was done to a card is found by it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from callcenter.crm import handles
from callcenter.crm.handles import WayKind
from callcenter.ids import new_id
from callcenter.tables import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None
_AT_ONCE = 1000


def upgrade() -> None:
    op.create_table(
        "contact_ways",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("bad_since", UtcDateTime(timezone=True), nullable=True),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_contact_ways_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_ways")),
        sa.UniqueConstraint(
            "customer_id", "kind", "service", "key", name=op.f("uq_contact_ways_customer_id_kind_service_key")
        ),
    )
    op.create_index("ix_contact_ways_key", "contact_ways", ["key", "kind"], unique=False)
    op.create_index("ix_audit_thing", "audit", ["thing", "thing_id", "at"], unique=False)
    with op.batch_alter_table("contact_points", schema=None) as batch_op:
        batch_op.add_column(sa.Column("note", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("contact_points", schema=None) as batch_op:
        batch_op.alter_column("note", server_default=None)
    _fill()


def _fill() -> None:
    """The address that stood on a card is its main one."""
    connection = op.get_bind()
    card = sa.table(
        "customers",
        sa.column("id", sa.Uuid()),
        sa.column("email"),
        sa.column("address"),
        sa.column("created_at", UtcDateTime()),
    )
    names = ("id", "customer_id", "kind", "service", "value", "key", "label", "note", "is_primary", "shared")
    typed: dict[str, Any] = {
        "id": sa.Uuid(),
        "customer_id": sa.Uuid(),
        "is_primary": sa.Boolean(),
        "shared": sa.Boolean(),
    }
    table = sa.table(
        "contact_ways",
        *(sa.column(name, typed.get(name, sa.Text())) for name in names),
        sa.column("created_at", UtcDateTime()),
    )
    told = sa.select(card).where(sa.or_(card.c.email != "", card.c.address != ""))
    rows: list[dict[str, object]] = []
    for customer, email, address, created_at in connection.execute(told).all():
        for kind, text in ((WayKind.EMAIL, email), (WayKind.ADDRESS, address)):
            if text.strip():
                way = {"id": new_id(), "customer_id": customer, "kind": kind, "value": text}
                way |= {"service": "", "label": "", "note": "", "is_primary": True, "shared": False}
                rows.append({**way, "key": handles.key_of(kind, text), "created_at": created_at})
    for at in range(0, len(rows), _AT_ONCE):
        connection.execute(table.insert(), rows[at : at + _AT_ONCE])


def downgrade() -> None:
    with op.batch_alter_table("contact_points", schema=None) as batch_op:
        batch_op.drop_column("note")
    op.drop_index("ix_audit_thing", table_name="audit")
    op.drop_table("contact_ways")
