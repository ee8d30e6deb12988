"""Scorecards: forms, evaluations of talks, and what is proposed to be listened to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from callcenter.tables import UtcDateTime

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "score_forms",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_score_forms")),
        sa.UniqueConstraint("name", name=op.f("uq_score_forms_name")),
    )
    op.create_table(
        "sampling_rules",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("form_id", sa.Uuid(), nullable=False),
        sa.Column("per_agent", sa.Integer(), nullable=False),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("evaluator_id", sa.Uuid(), nullable=True),
        sa.Column("due_days", sa.Integer(), nullable=False),
        sa.Column("seed", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["evaluator_id"], ["users.id"], name=op.f("fk_sampling_rules_evaluator_id")),
        sa.ForeignKeyConstraint(["form_id"], ["score_forms.id"], name=op.f("fk_sampling_rules_form_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sampling_rules")),
        sa.UniqueConstraint("name", name=op.f("uq_sampling_rules_name")),
    )
    op.create_table(
        "score_form_versions",
        sa.Column("form_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_score_form_versions_by_id")),
        sa.ForeignKeyConstraint(["form_id"], ["score_forms.id"], name=op.f("fk_score_form_versions_form_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_score_form_versions")),
        sa.UniqueConstraint("form_id", "number", name=op.f("uq_score_form_versions_form_id_number")),
    )
    op.create_table(
        "sampling_draws",
        sa.Column("rule_id", sa.Uuid(), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("agents", sa.Integer(), nullable=False),
        sa.Column("drawn", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["rule_id"], ["sampling_rules.id"], name=op.f("fk_sampling_draws_rule_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sampling_draws")),
        sa.UniqueConstraint("rule_id", "week", name=op.f("uq_sampling_draws_rule_id_week")),
    )
    op.create_table(
        "evaluations",
        sa.Column("form_id", sa.Uuid(), nullable=False),
        sa.Column("form_version_id", sa.Uuid(), nullable=False),
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("segment_id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("evaluator_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("published_score", sa.Double(), nullable=True),
        sa.Column("failed", sa.Boolean(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("dispute", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("settlement", sa.Text(), nullable=False),
        sa.Column("settled_by_id", sa.Uuid(), nullable=True),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["users.id"], name=op.f("fk_evaluations_agent_id")),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_evaluations_call_id")),
        sa.ForeignKeyConstraint(["evaluator_id"], ["users.id"], name=op.f("fk_evaluations_evaluator_id")),
        sa.ForeignKeyConstraint(["form_id"], ["score_forms.id"], name=op.f("fk_evaluations_form_id")),
        sa.ForeignKeyConstraint(
            ["form_version_id"], ["score_form_versions.id"], name=op.f("fk_evaluations_form_version_id")
        ),
        sa.ForeignKeyConstraint(["segment_id"], ["segments.id"], name=op.f("fk_evaluations_segment_id")),
        sa.ForeignKeyConstraint(["settled_by_id"], ["users.id"], name=op.f("fk_evaluations_settled_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluations")),
        sa.UniqueConstraint(
            "form_id", "segment_id", "evaluator_id", name=op.f("uq_evaluations_form_id_segment_id_evaluator_id")
        ),
    )
    op.create_index("ix_evaluations_agent", "evaluations", ["agent_id", "at", "id"], unique=False)
    op.create_index("ix_evaluations_at", "evaluations", ["at", "id"], unique=False)
    op.create_index(op.f("ix_evaluations_call_id"), "evaluations", ["call_id"], unique=False)
    op.create_index(op.f("ix_evaluations_segment_id"), "evaluations", ["segment_id"], unique=False)
    op.create_index(
        "uq_evaluations_told",
        "evaluations",
        ["form_id", "segment_id"],
        unique=True,
        sqlite_where=sa.text("state <> 'draft'"),
        postgresql_where=sa.text("state <> 'draft'"),
    )
    op.create_table(
        "samples",
        sa.Column("rule_id", sa.Uuid(), nullable=False),
        sa.Column("form_id", sa.Uuid(), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("segment_id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("evaluator_id", sa.Uuid(), nullable=True),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["users.id"], name=op.f("fk_samples_agent_id")),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_samples_call_id")),
        sa.ForeignKeyConstraint(["evaluator_id"], ["users.id"], name=op.f("fk_samples_evaluator_id")),
        sa.ForeignKeyConstraint(["form_id"], ["score_forms.id"], name=op.f("fk_samples_form_id")),
        sa.ForeignKeyConstraint(["rule_id"], ["sampling_rules.id"], name=op.f("fk_samples_rule_id")),
        sa.ForeignKeyConstraint(["segment_id"], ["segments.id"], name=op.f("fk_samples_segment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_samples")),
        sa.UniqueConstraint("form_id", "segment_id", name=op.f("uq_samples_form_id_segment_id")),
    )
    op.create_index(op.f("ix_samples_call_id"), "samples", ["call_id"], unique=False)
    op.create_index("ix_samples_drawn", "samples", ["rule_id", "week", "agent_id"], unique=False)
    op.create_index(
        "ix_samples_due",
        "samples",
        ["due_at", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "evaluation_answers",
        sa.Column("evaluation_id", sa.Uuid(), nullable=False),
        sa.Column("question_id", sa.Uuid(), nullable=False),
        sa.Column("given", sa.Integer(), nullable=True),
        sa.Column("na", sa.Boolean(), nullable=False),
        sa.Column("share", sa.Double(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("at_s", sa.Double(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["evaluation_id"], ["evaluations.id"], name=op.f("fk_evaluation_answers_evaluation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_answers")),
        sa.UniqueConstraint(
            "evaluation_id", "question_id", name=op.f("uq_evaluation_answers_evaluation_id_question_id")
        ),
    )
    op.create_index("ix_evaluation_answers_q", "evaluation_answers", ["question_id"], unique=False)


def downgrade() -> None:
    for table in (
        "evaluation_answers",
        "samples",
        "evaluations",
        "sampling_draws",
        "score_form_versions",
        "sampling_rules",
        "score_forms",
    ):
        op.drop_table(table)
