"""What is to be done for customers: tasks, missed attempts, reminders, and calls dialled for agents."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from callcenter.tables import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _empty(column: str) -> dict[str, Any]:
    where = sa.text(f"{column} IS NULL")
    return {"sqlite_where": where, "postgresql_where": where}


def upgrade() -> None:
    op.create_table(
        "tasks",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("number_id", sa.Uuid(), nullable=True),
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("extension", sa.Text(), nullable=False),
        sa.Column("assignee_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("due_until", UtcDateTime(), nullable=True),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("remind_at", UtcDateTime(), nullable=True),
        sa.Column("order_at", UtcDateTime(), nullable=False),
        sa.Column("origin_call_id", sa.Uuid(), nullable=True),
        sa.Column("origin_segment_id", sa.Uuid(), nullable=True),
        sa.Column("result_call_id", sa.Uuid(), nullable=True),
        sa.Column("missed", sa.Integer(), nullable=False),
        sa.Column("first_missed_at", UtcDateTime(), nullable=True),
        sa.Column("last_missed_at", UtcDateTime(), nullable=True),
        sa.Column("claimed_by_id", sa.Uuid(), nullable=True),
        sa.Column("claimed_at", UtcDateTime(), nullable=True),
        sa.Column("claim_until", UtcDateTime(), nullable=True),
        sa.Column("closed_by_id", sa.Uuid(), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("closed_how", sa.Text(), nullable=False),
        sa.Column("open_key", sa.Text(), nullable=True),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["assignee_id"], ["users.id"], name=op.f("fk_tasks_assignee_id")),
        sa.ForeignKeyConstraint(["claimed_by_id"], ["users.id"], name=op.f("fk_tasks_claimed_by_id")),
        sa.ForeignKeyConstraint(["closed_by_id"], ["users.id"], name=op.f("fk_tasks_closed_by_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name=op.f("fk_tasks_created_by_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_tasks_customer_id")),
        sa.ForeignKeyConstraint(["number_id"], ["phone_numbers.id"], name=op.f("fk_tasks_number_id")),
        sa.ForeignKeyConstraint(["origin_call_id"], ["calls.id"], name=op.f("fk_tasks_origin_call_id")),
        sa.ForeignKeyConstraint(["origin_segment_id"], ["segments.id"], name=op.f("fk_tasks_origin_segment_id")),
        sa.ForeignKeyConstraint(["result_call_id"], ["calls.id"], name=op.f("fk_tasks_result_call_id")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_tasks_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
        sa.UniqueConstraint("open_key", name=op.f("uq_tasks_open_key")),
    )
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.create_index("ix_tasks_assignee", ["assignee_id", "order_at"], unique=False, **_empty("closed_at"))
        batch_op.create_index("ix_tasks_claims", ["claim_until"], unique=False, **_empty("closed_at"))
        batch_op.create_index("ix_tasks_customer", ["customer_id", "created_at"], unique=False)
        batch_op.create_index("ix_tasks_living", ["order_at", "id"], unique=False, **_empty("closed_at"))
        batch_op.create_index("ix_tasks_number", ["number_id"], unique=False, **_empty("closed_at"))

    op.create_table(
        "dials",
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("task_id", sa.Uuid(), nullable=True),
        sa.Column("call_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["users.id"], name=op.f("fk_dials_agent_id")),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_dials_call_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_dials_customer_id")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_dials_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dials")),
    )
    with op.batch_alter_table("dials", schema=None) as batch_op:
        batch_op.create_index("ix_dials_agent", ["agent_id", "asked_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_dials_call_id"), ["call_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_dials_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_dials_task_id"), ["task_id"], unique=False)

    op.create_table(
        "task_attempts",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_task_attempts_call_id")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_task_attempts_task_id")),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_task_attempts")),
    )
    with op.batch_alter_table("task_attempts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_task_attempts_task_id"), ["task_id"], unique=False)

    op.create_table(
        "task_reminders",
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("told_at", UtcDateTime(), nullable=True),
        sa.Column("seen_at", UtcDateTime(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_task_reminders_task_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_task_reminders_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_reminders")),
        sa.UniqueConstraint("task_id", "user_id", "at", name=op.f("uq_task_reminders_task_id_user_id_at")),
    )
    with op.batch_alter_table("task_reminders", schema=None) as batch_op:
        batch_op.create_index("ix_task_reminders_bell", ["user_id"], unique=False, **_empty("seen_at"))
        batch_op.create_index("ix_task_reminders_due", ["at"], unique=False, **_empty("told_at"))


def downgrade() -> None:
    for table in ("task_reminders", "task_attempts", "dials", "tasks"):
        op.drop_table(table)
