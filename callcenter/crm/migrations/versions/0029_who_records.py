"""Who decides that a talk is recorded; which announcement a caller heard, and whether he declined."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from callcenter.tables import UtcDateTime

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None
_RENAMED = (
    "UPDATE recordings SET error = '{new}' WHERE state = 'refused' AND error = '{old}'",
    "UPDATE tally_findings SET reason = '{new}' WHERE reason = '{old}'",
)


def upgrade() -> None:
    with op.batch_alter_table("recording_policies") as policies:
        policies.add_column(sa.Column("mode", sa.Text(), nullable=False, server_default="forbidden"))
    op.execute("UPDATE recording_policies SET mode = 'forced' WHERE record")
    with op.batch_alter_table("recording_policies") as policies:
        policies.drop_column("record")
        policies.alter_column("mode", server_default=None)
    for renamed in _RENAMED:
        op.execute(renamed.format(old="policy_off", new="forbidden_by_policy"))
    for table, column in (("recording_notices", "key"), ("call_notices", "result")):
        with op.batch_alter_table(table) as altered:
            altered.add_column(sa.Column(column, sa.Text(), nullable=False, server_default=""))
        with op.batch_alter_table(table) as altered:
            altered.alter_column(column, server_default=None)
    with op.batch_alter_table("call_notices") as notices:
        notices.add_column(sa.Column("at", UtcDateTime(), nullable=True))
    op.create_table(
        "recording_wishes",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("wish", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_recording_wishes_by_id")),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_recording_wishes_call_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording_wishes")),
        sa.UniqueConstraint("call_id", "seq", name=op.f("uq_recording_wishes_call_id_seq")),
    )


def downgrade() -> None:
    op.drop_table("recording_wishes")
    with op.batch_alter_table("call_notices") as notices:
        notices.drop_column("at")
        notices.drop_column("result")
    with op.batch_alter_table("recording_notices") as notices:
        notices.drop_column("key")
    for renamed in _RENAMED:
        op.execute(renamed.format(old="forbidden_by_policy", new="policy_off"))
    with op.batch_alter_table("recording_policies") as policies:
        policies.add_column(sa.Column("record", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("UPDATE recording_policies SET record = (mode = 'forced')")
    with op.batch_alter_table("recording_policies") as policies:
        policies.drop_column("mode")
        policies.alter_column("record", server_default=None)
