"""Scorecards: forms with their versions, evaluations of talks, and what is proposed to be listened to."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.crm.models.base import Row
from callcenter.tables import UtcDateTime

_TOLD = text("state <> 'draft'")
_WAITING = text("state = 'waiting'")


class ScoreForm(Row):
    """``number`` is that of the version in use. A retired one (``active`` False) is filled in no more."""

    __tablename__ = "score_forms"
    name: Mapped[str] = mapped_column(Text, unique=True)
    active: Mapped[bool] = mapped_column(default=True)
    number: Mapped[int] = mapped_column(default=1)
    version: Mapped[int] = mapped_column(default=1)


class ScoreFormVersion(Row):
    """A form as it was decided once; never changed. ``content``: the sections, see ``scoring/forms.py``."""

    __tablename__ = "score_form_versions"
    __table_args__ = (UniqueConstraint("form_id", "number"),)
    form_id: Mapped[UUID] = mapped_column(ForeignKey("score_forms.id"))
    number: Mapped[int]
    name: Mapped[str] = mapped_column(Text)
    content: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    by_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Evaluation(Row):
    """A form filled in for an agent's part in a call. ``state``: draft, published, acknowledged, disputed or settled.

    ``agent_id`` is who talked then. ``score`` is from 0 to 1, None where nothing counted; ``published_score`` is what
    it was before a dispute changed it, ``failed``: a critical question was. ``at`` is when it was published, of a draft
    when it was begun. ``verdict`` of a dispute: upheld or changed.
    """

    __tablename__ = "evaluations"
    __table_args__ = (
        UniqueConstraint("form_id", "segment_id", "evaluator_id"),
        Index("uq_evaluations_told", "form_id", "segment_id", unique=True, sqlite_where=_TOLD, postgresql_where=_TOLD),
        Index("ix_evaluations_agent", "agent_id", "at", "id"),
        Index("ix_evaluations_at", "at", "id"),
    )
    form_id: Mapped[UUID] = mapped_column(ForeignKey("score_forms.id"))
    form_version_id: Mapped[UUID] = mapped_column(ForeignKey("score_form_versions.id"))
    call_id: Mapped[UUID] = mapped_column(ForeignKey("calls.id"), index=True)
    segment_id: Mapped[UUID] = mapped_column(ForeignKey("segments.id"), index=True)
    agent_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    evaluator_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    state: Mapped[str] = mapped_column(Text, default="draft")
    score: Mapped[float | None]
    published_score: Mapped[float | None]
    failed: Mapped[bool] = mapped_column(default=False)
    summary: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    dispute: Mapped[str] = mapped_column(Text, default="")
    verdict: Mapped[str] = mapped_column(Text, default="")
    settlement: Mapped[str] = mapped_column(Text, default="")
    settled_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)


class EvaluationAnswer(Row):
    """``given``: 1 or 0, the step of a scale, or the place of a choice; None where nothing was, or ``na``: the question
    does not apply. ``share`` is what it is worth, from 0 to 1. ``at_s``: a moment, in seconds since the call began."""

    __tablename__ = "evaluation_answers"
    __table_args__ = (UniqueConstraint("evaluation_id", "question_id"), Index("ix_evaluation_answers_q", "question_id"))
    evaluation_id: Mapped[UUID] = mapped_column(ForeignKey("evaluations.id"))
    question_id: Mapped[UUID]
    given: Mapped[int | None]
    na: Mapped[bool] = mapped_column(default=False)
    share: Mapped[float | None]
    words: Mapped[str] = mapped_column(Text, default="")
    comment: Mapped[str] = mapped_column(Text, default="")
    at_s: Mapped[float | None]


class SamplingRule(Row):
    """Which talks of a week are proposed: ``per_agent`` of each agent that meet ``conditions``, by lot. ``seed`` makes
    the lot one that can be drawn again. ``evaluator_id`` None: whoever may evaluate the agent."""

    __tablename__ = "sampling_rules"
    name: Mapped[str] = mapped_column(Text, unique=True)
    form_id: Mapped[UUID] = mapped_column(ForeignKey("score_forms.id"))
    per_agent: Mapped[int]
    conditions: Mapped[dict[str, Any]] = mapped_column(JSON)
    evaluator_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    due_days: Mapped[int]
    seed: Mapped[str] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)


class SamplingDraw(Row):
    """A rule's lot for a week, by its Monday: drawn once."""

    __tablename__ = "sampling_draws"
    __table_args__ = (UniqueConstraint("rule_id", "week"),)
    rule_id: Mapped[UUID] = mapped_column(ForeignKey("sampling_rules.id"))
    week: Mapped[date]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    agents: Mapped[int]
    drawn: Mapped[int]


class Sample(Row):
    """A talk to be listened to. ``state``: waiting, done or dismissed, with the code of why in ``reason``."""

    __tablename__ = "samples"
    __table_args__ = (
        UniqueConstraint("form_id", "segment_id"),
        Index("ix_samples_due", "due_at", "id", sqlite_where=_WAITING, postgresql_where=_WAITING),
        Index("ix_samples_drawn", "rule_id", "week", "agent_id"),
    )
    rule_id: Mapped[UUID] = mapped_column(ForeignKey("sampling_rules.id"))
    form_id: Mapped[UUID] = mapped_column(ForeignKey("score_forms.id"))
    week: Mapped[date]
    call_id: Mapped[UUID] = mapped_column(ForeignKey("calls.id"), index=True)
    segment_id: Mapped[UUID] = mapped_column(ForeignKey("segments.id"))
    agent_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    evaluator_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(Text, default="waiting")
    reason: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
