"""Evaluations as the API tells them. Scores are from 0 to 1, null where nothing counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select, tuple_
from sqlalchemy import Row as RowOf
from sqlalchemy.orm import Session, aliased

from callcenter.api import Answer, cursor
from callcenter.crm import customers, visible
from callcenter.crm.models.calls import CallRow, RecordingRow, SegmentRow
from callcenter.crm.models.people import User
from callcenter.crm.models.scores import Evaluation, ScoreFormVersion
from callcenter.crm.rights import Actor
from callcenter.scoring import evaluations, forms
from callcenter.scoring.evaluations import DisputeVerdict, EvaluationState, EvaluationStep
from callcenter.scoring.forms import ScoreSection
from callcenter.scoring.score import Given, score

_AGENT: Final = aliased(User)
_EVALUATOR: Final = aliased(User)
Found: TypeAlias = RowOf[Evaluation, ScoreFormVersion, CallRow, SegmentRow, User, User]


class Colleague(Answer):
    id: UUID
    name: str


class EvaluationLine(Answer):
    """``at``: when it was published, of a draft when it was begun. ``failed``: a critical question makes it 0."""

    id: UUID
    form_id: UUID
    form: str
    number: int
    state: EvaluationState
    score: float | None
    published_score: float | None
    failed: bool
    at: datetime
    agent: Colleague
    evaluator: Colleague
    call_id: UUID
    segment_id: UUID
    call_started_at: datetime
    direction: str
    pbx: str
    queue: str
    talk_s: float
    verdict: DisputeVerdict | None
    version: int


class EvaluationList(Answer):
    items: list[EvaluationLine]
    next_cursor: str | None


class AnswerLine(Answer):
    """``given``: 1 or 0 for yes or no, the step of a scale, the place of a choice from 0. ``at_s``: the moment it is
    about, in seconds since the call began."""

    question_id: UUID
    given: int | None
    does_not_apply: bool
    words: str
    comment: str
    at_s: float | None


class SectionScore(Answer):
    title: str
    score: float | None


class CallSound(Answer):
    """A recording of the call; it begins ``offset_s`` seconds after the call."""

    id: UUID
    state: str
    offset_s: float
    duration_s: float


class EvaluationAnswer(EvaluationLine):
    """``sections``: the form as it was when the evaluation was begun. ``steps``: what the reader may do with it. The
    ``score`` of a draft is what it comes to so far."""

    sections: list[ScoreSection]
    answers: list[AnswerLine]
    section_scores: list[SectionScore]
    summary: str
    answered_at: datetime | None
    dispute: str
    settlement: str
    settled_by: str
    settled_at: datetime | None
    recordings: list[CallSound]
    steps: list[EvaluationStep]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """None and ``""``: whatever."""

    state: EvaluationState | None = None
    form: UUID | None = None
    agent: UUID | None = None
    evaluator: UUID | None = None
    call: UUID | None = None
    pbx: str = ""
    queue: str = ""
    failed: bool | None = None
    since: datetime | None = None
    before: datetime | None = None


def page(session: Session, wanted: Filter, who: Actor, limit: int, after: customers.PageKey | None) -> EvaluationList:
    """One page of what the reader may see, the newest first."""
    found = visible.narrow(_lines(), who, Evaluation).where(*_conditions(wanted))
    if after:
        found = found.where(tuple_(Evaluation.at, Evaluation.id) < customers.key(*after))
    rows = session.execute(found.order_by(Evaluation.at.desc(), Evaluation.id.desc()).limit(limit + 1)).all()
    items = [EvaluationLine.model_validate(_line(row)) for row in rows[:limit]]
    return EvaluationList(items=items, next_cursor=cursor(items[-1].at, items[-1].id) if len(rows) > limit else None)


def whole(session: Session, row: Evaluation, who: Actor) -> EvaluationAnswer:
    """All of one."""
    line = _line(session.execute(_lines().where(Evaluation.id == row.id)).one())
    asked = forms.sections(session.get_one(ScoreFormVersion, row.form_version_id))
    filled = evaluations.answers(session, row)
    settler = session.get(User, row.settled_by_id) if row.settled_by_id else None
    given = {one.question: one.given for one in filled}
    told = ("summary", "answered_at", "dispute", "settlement", "settled_at")
    if row.state == EvaluationState.DRAFT:
        so_far = score(forms.questions(asked), given)
        line |= {"score": so_far.value, "failed": bool(so_far.failed)}
    return EvaluationAnswer.model_validate(
        {
            **line,
            **{name: getattr(row, name) for name in told},
            "sections": asked,
            "answers": [_answer(one) for one in filled],
            "section_scores": [_section(one, given) for one in asked],
            "settled_by": (settler.display_name or settler.username) if settler else "",
            "recordings": _sounds(session, row.call_id),
            "steps": evaluations.steps(session, row, who),
        }
    )


def _lines() -> Select[Evaluation, ScoreFormVersion, CallRow, SegmentRow, User, User]:
    return (
        select(Evaluation, ScoreFormVersion, CallRow, SegmentRow, _AGENT, _EVALUATOR)
        .join(ScoreFormVersion, ScoreFormVersion.id == Evaluation.form_version_id)
        .join(CallRow, CallRow.id == Evaluation.call_id)
        .join(SegmentRow, SegmentRow.id == Evaluation.segment_id)
        .join(_AGENT, _AGENT.id == Evaluation.agent_id)
        .join(_EVALUATOR, _EVALUATOR.id == Evaluation.evaluator_id)
    )


def _line(found: Found) -> dict[str, Any]:
    row, form, call, talk, agent, evaluator = found
    same = ("id", "form_id", "state", "score", "published_score", "failed", "at", "call_id", "segment_id", "version")
    return {
        **{name: getattr(row, name) for name in same},
        "form": form.name,
        "number": form.number,
        "agent": colleague(agent),
        "evaluator": colleague(evaluator),
        "call_started_at": call.started_at,
        "direction": call.direction,
        "pbx": call.pbx,
        "queue": talk.queue,
        "talk_s": talk.talk_s,
        "verdict": row.verdict or None,
    }


def colleague(user: User) -> Colleague:
    return Colleague(id=user.id, name=user.display_name or user.username)


def _answer(one: evaluations.Filled) -> AnswerLine:
    return AnswerLine(
        question_id=one.question,
        given=one.given.value,
        does_not_apply=one.given.does_not_apply,
        words=one.words,
        comment=one.comment,
        at_s=one.at_s,
    )


def _section(one: ScoreSection, given: Mapping[UUID, Given]) -> SectionScore:
    return SectionScore(title=one.title, score=score(forms.questions([one]), given).value)


def _sounds(session: Session, call_id: UUID) -> list[CallSound]:
    began = session.get_one(CallRow, call_id).started_at
    rows = session.scalars(
        select(RecordingRow).where(RecordingRow.call_id == call_id).order_by(RecordingRow.started_at, RecordingRow.id)
    )
    return [
        CallSound(
            id=one.id,
            state=one.state,
            offset_s=(one.started_at - began).total_seconds(),
            duration_s=one.duration_s,
        )
        for one in rows
    ]


def _conditions(wanted: Filter) -> Sequence[ColumnElement[bool]]:
    same = (
        (Evaluation.state, wanted.state),
        (Evaluation.form_id, wanted.form),
        (Evaluation.agent_id, wanted.agent),
        (Evaluation.evaluator_id, wanted.evaluator),
        (Evaluation.call_id, wanted.call),
        (CallRow.pbx, wanted.pbx or None),
        (SegmentRow.queue, wanted.queue or None),
        (Evaluation.failed, wanted.failed),
    )
    found = [column == value for column, value in same if value is not None]
    if wanted.since:
        found.append(Evaluation.at >= wanted.since)
    if wanted.before:
        found.append(Evaluation.at < wanted.before)
    return found
