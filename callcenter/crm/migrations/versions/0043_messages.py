"""Messages to customers: what they say, and those that outcomes made ready."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from callcenter.tables import UtcDateTime

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "message_templates",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_templates")),
    )
    op.create_table(
        "prepared_messages",
        sa.Column("segment_id", sa.Uuid(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("for_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("lacking", sa.JSON(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["segment_id"], ["segments.id"], name=op.f("fk_prepared_messages_segment_id")),
        sa.ForeignKeyConstraint(
            ["template_id"], ["message_templates.id"], name=op.f("fk_prepared_messages_template_id")
        ),
        sa.ForeignKeyConstraint(["for_id"], ["users.id"], name=op.f("fk_prepared_messages_for_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prepared_messages")),
    )
    op.create_index(op.f("ix_prepared_messages_segment_id"), "prepared_messages", ["segment_id"])
    op.create_index("ix_prepared_messages_for", "prepared_messages", ["for_id", "state", "at"])
    with op.batch_alter_table("outcome_codes") as codes:
        codes.add_column(sa.Column("template_id", sa.Uuid(), nullable=True))
        codes.create_foreign_key(op.f("fk_outcome_codes_template_id"), "message_templates", ["template_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("outcome_codes") as codes:
        codes.drop_constraint(op.f("fk_outcome_codes_template_id"), type_="foreignkey")
        codes.drop_column("template_id")
    op.drop_table("prepared_messages")
    op.drop_table("message_templates")
