"""Evaluations: begun, filled in, published, answered by the agent, settled. Each step is one function, in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from callcenter.call import Role
from callcenter.crm import hiding_policy, visible
from callcenter.crm.models.calls import SegmentRow
from callcenter.crm.models.office import Audit
from callcenter.crm.models.people import User
from callcenter.crm.models.scores import Evaluation, EvaluationAnswer, Sample, ScoreFormVersion
from callcenter.crm.rights import Actor, Verb, allow
from callcenter.errors import Invalid, NotFound, Refused
from callcenter.scoring import forms
from callcenter.scoring.score import Given, Question, Score, fits, score

_SAME_READING: Final = timedelta(hours=1)


class EvaluationState(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    ACKNOWLEDGED = "acknowledged"
    DISPUTED = "disputed"
    SETTLED = "settled"


class DisputeVerdict(StrEnum):
    """What came of a dispute."""

    UPHELD = "upheld"
    CHANGED = "changed"


class EvaluationStep(StrEnum):
    """What somebody may do with an evaluation now."""

    FILL = "fill"
    ANSWER = "answer"
    SETTLE = "settle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """An answer as it was written. ``at_s``: seconds since the call began."""

    question: UUID
    given: Given
    words: str = ""
    comment: str = ""
    at_s: float | None = None


def begin(session: Session, form_id: UUID, segment_id: UUID, who: Actor, now: datetime) -> UUID:
    """A draft of one's own for somebody's talk, new or begun before. Raises NotFound, Refused."""
    segment = _talk(session, segment_id, who)
    if segment.agent_id is None:
        raise Refused("nobody was signed in at that phone", code="no_agent")
    if segment.agent_id == who.id:
        raise Refused("nobody evaluates himself", code="own_talk")
    mine = select(Evaluation.id).where(
        Evaluation.form_id == form_id, Evaluation.segment_id == segment_id, Evaluation.evaluator_id == who.id
    )
    if known := session.scalar(mine):
        return known
    form, version, _ = forms.get(session, form_id)
    if not form.active:
        raise Refused("this form is filled in no more", code="form_retired")
    _none_published(session, form_id, segment_id)
    made = Evaluation(form_id=form.id, form_version_id=version.id, call_id=segment.call_id, segment_id=segment.id)
    made.agent_id, made.evaluator_id, made.created_at, made.at = segment.agent_id, who.id, now, now
    session.add(made)
    session.flush()
    return made.id


def get(session: Session, evaluation_id: UUID, who: Actor, *, lock: bool = False) -> Evaluation:
    """One that the reader may see. Raises NotFound."""
    found = visible.narrow(select(Evaluation).where(Evaluation.id == evaluation_id), who, Evaluation)
    row = session.scalar(found.with_for_update() if lock else found)
    if row is None:
        raise NotFound("there is no such evaluation")
    return row


def steps(session: Session, row: Evaluation, who: Actor) -> list[EvaluationStep]:
    """What the person may do with it now."""
    found = []
    if row.state == EvaluationState.DRAFT and row.evaluator_id == who.id:
        found.append(EvaluationStep.FILL)
    if row.state == EvaluationState.PUBLISHED and row.agent_id == who.id:
        found.append(EvaluationStep.ANSWER)
    his = allow(who, Verb.EVALUATE, visible.part(session, row.agent_id)) and row.agent_id != who.id
    if row.state == EvaluationState.DISPUTED and his:
        found.append(EvaluationStep.SETTLE)
    return found


def fill(session: Session, row: Evaluation, filled: Sequence[Filled], summary: str) -> Score:
    """Keeps the draft as it is now. Raises Invalid for an answer that is none to its question."""
    row.summary = hiding_policy.hide(session, summary)
    row.version += 1
    return _answer(session, row, filled)


def publish(session: Session, row: Evaluation, now: datetime) -> None:
    """Shows it to the agent. Raises Invalid while an answer is missing, Refused where somebody was faster."""
    counted = score(_questions(session, row), {one.question: one.given for one in answers(session, row)})
    if counted.missing:
        raise Invalid("some questions have no answer", fields=dict.fromkeys(map(str, counted.missing), "required"))
    _none_published(session, row.form_id, row.segment_id)
    row.state, row.at, row.version = EvaluationState.PUBLISHED, now, row.version + 1
    row.score = row.published_score = counted.value
    row.failed = bool(counted.failed)
    try:
        session.flush()
    except IntegrityError:
        raise Refused("the talk was scored by this form meanwhile", code="scored_already") from None
    sample = Sample.form_id == row.form_id, Sample.segment_id == row.segment_id, Sample.state == "waiting"
    session.execute(update(Sample).where(*sample).values(state="done"))


def acknowledge(row: Evaluation, now: datetime) -> None:
    """The agent has read it and agrees, or lets it be."""
    row.state, row.answered_at, row.version = EvaluationState.ACKNOWLEDGED, now, row.version + 1


def dispute(session: Session, row: Evaluation, reason: str, now: datetime) -> None:
    """The agent does not agree."""
    row.state, row.answered_at, row.version = EvaluationState.DISPUTED, now, row.version + 1
    row.dispute = hiding_policy.hide(session, reason)


def settle(session: Session, row: Evaluation, who: Actor, now: datetime, reason: str) -> None:
    """Ends the dispute: the score stays. ``change`` may have changed it before."""
    row.state, row.settled_at, row.settled_by_id, row.version = EvaluationState.SETTLED, now, who.id, row.version + 1
    row.verdict = row.verdict or DisputeVerdict.UPHELD
    row.settlement = hiding_policy.hide(session, reason)


def change(session: Session, row: Evaluation, filled: Sequence[Filled]) -> None:
    """Scores a disputed one anew; what it was published with is kept. Raises Invalid."""
    counted = _answer(session, row, filled)
    if counted.missing:
        raise Invalid("some questions have no answer", fields=dict.fromkeys(map(str, counted.missing), "required"))
    row.score, row.failed, row.verdict = counted.value, bool(counted.failed), DisputeVerdict.CHANGED


def drop(session: Session, row: Evaluation) -> None:
    """Throws a draft away."""
    session.execute(delete(EvaluationAnswer).where(EvaluationAnswer.evaluation_id == row.id))
    session.delete(row)


def answers(session: Session, row: Evaluation) -> list[Filled]:
    """What was answered so far."""
    found = session.scalars(select(EvaluationAnswer).where(EvaluationAnswer.evaluation_id == row.id))
    return [
        Filled(
            question=one.question_id,
            given=Given(value=one.given, does_not_apply=one.na),
            words=one.words,
            comment=one.comment,
            at_s=one.at_s,
        )
        for one in found
    ]


def read_before(session: Session, row: Evaluation, who: Actor, now: datetime) -> bool:
    """Whether the trail tells already that he read it in the last hour."""
    noted = select(Audit.id).where(
        Audit.thing == "evaluation",
        Audit.thing_id == str(row.id),
        Audit.at > now - _SAME_READING,
        Audit.actor_id == who.id,
        Audit.verb == "read",
    )
    return session.scalar(noted.limit(1)) is not None


def _talk(session: Session, segment_id: UUID, who: Actor) -> SegmentRow:
    """A talk with a customer that the evaluator may listen to, of somebody on his floor. Raises NotFound, Refused."""
    found = (
        select(SegmentRow)
        .outerjoin(User, User.id == SegmentRow.agent_id)
        .where(SegmentRow.id == segment_id, visible.on_audible_call(who, SegmentRow.call_id))
    )
    row = session.scalar(found.where(SegmentRow.agent_id.is_(None) | visible.people(who)))
    if row is None:
        raise NotFound("there is no such talk")
    if row.answered_at is None or row.ended_at is None or row.role != Role.OWNER:
        raise Refused("only a talk with a customer that is over is evaluated", code="no_talk")
    return row


def _none_published(session: Session, form_id: UUID, segment_id: UUID) -> None:
    told = Evaluation.state != EvaluationState.DRAFT
    same = select(Evaluation.id).where(Evaluation.form_id == form_id, Evaluation.segment_id == segment_id, told)
    if session.scalar(same) is not None:
        raise Refused("the talk was scored by this form already", code="scored_already")


def _questions(session: Session, row: Evaluation) -> list[Question]:
    return forms.questions(forms.sections(session.get_one(ScoreFormVersion, row.form_version_id)))


def _answer(session: Session, row: Evaluation, filled: Sequence[Filled]) -> Score:
    asked = _questions(session, row)
    _checked({one.id: one for one in asked}, filled)
    counted = score(asked, {one.question: one.given for one in filled})
    session.execute(delete(EvaluationAnswer).where(EvaluationAnswer.evaluation_id == row.id))
    session.add_all(_rows(session, row.id, filled, counted.shares))
    session.flush()
    return counted


def _checked(asked: Mapping[UUID, Question], filled: Iterable[Filled]) -> None:
    wrong, seen = {}, set()
    for one in filled:
        question = asked.get(one.question)
        if question is None or one.question in seen or not fits(question, one.given):
            wrong[str(one.question)] = "not_allowed"
        seen.add(one.question)
    if wrong:
        raise Invalid("some answers are none to their question", fields=wrong)


def _rows(
    session: Session, evaluation: UUID, filled: Iterable[Filled], shares: Mapping[UUID, float]
) -> list[EvaluationAnswer]:
    return [
        EvaluationAnswer(
            evaluation_id=evaluation,
            question_id=one.question,
            given=one.given.value,
            na=one.given.does_not_apply,
            share=shares.get(one.question),
            words=hiding_policy.hide(session, one.words),
            comment=hiding_policy.hide(session, one.comment),
            at_s=one.at_s,
        )
        for one in filled
    ]
