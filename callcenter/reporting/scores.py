"""Scores of evaluations: all together, by agent, by queue, by question and over time."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.orm import Session

from callcenter.crm import customers, visible, zones
from callcenter.crm.models.calls import CallRow, SegmentRow
from callcenter.crm.models.people import User
from callcenter.crm.models.queues import Queue
from callcenter.crm.models.scores import Evaluation, EvaluationAnswer, ScoreFormVersion
from callcenter.crm.rights import Actor
from callcenter.db import Database
from callcenter.reporting.answers import (
    ScoredAgent,
    ScoredInterval,
    ScoredQuestion,
    ScoredQueue,
    ScoreFigures,
    ScoresAnswer,
)
from callcenter.reporting.spans import Step, intervals
from callcenter.reporting.wanted import Wanted
from callcenter.scoring import forms

_AT_ONCE: Final = 1000


@dataclass(slots=True)
class Marks:
    """Evaluations counted. ``average`` is that of those that came to a score; None where none did."""

    count: int = 0
    failed: int = 0
    disputed: int = 0
    _scored: int = field(default=0, repr=False)
    _sum: float = field(default=0.0, repr=False)

    def add(self, score: float | None, *, failed: bool, disputed: bool) -> None:
        self.count += 1
        self.failed += failed
        self.disputed += disputed
        self._scored += score is not None
        self._sum += score or 0.0

    @property
    def average(self) -> float | None:
        return self._sum / self._scored if self._scored else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """An evaluation as it counts."""

    agent: UUID
    pbx: str
    queue: str
    at: datetime
    score: float | None
    failed: bool
    disputed: bool


async def scores(db: Database, wanted: Wanted, actor: Actor, step: Step) -> ScoresAnswer:
    """Of evaluations that the actor may see, by when they were published. Raises Invalid for too many intervals."""
    zone = await db.study(zones.read)
    spans = intervals(wanted.span, step, zone)
    starts = [one.start for one in spans]
    whole, series = Marks(), [Marks() for _ in spans]
    agents: dict[UUID, Marks] = defaultdict(Marks)
    queues: dict[tuple[str, str], Marks] = defaultdict(Marks)
    async for found in _every(db, wanted, actor):
        for one in found:
            at = series[bisect_right(starts, one.at) - 1]
            for marks in (whole, at, agents[one.agent], queues[one.pbx, one.queue]):
                marks.add(one.score, failed=one.failed, disputed=one.disputed)
    names, labels, questions = await db.study(lambda s: (_names(s, agents), _labels(s), _questions(s, wanted, actor)))
    return ScoresAnswer(
        total=figures(whole),
        agents=sorted(
            (ScoredAgent(agent_id=one, name=names.get(one, ""), figures=figures(m)) for one, m in agents.items()),
            key=lambda line: line.name.casefold(),
        ),
        queues=[
            ScoredQueue(pbx=pbx, queue=queue, label=labels.get((pbx, queue), ""), figures=figures(marks))
            for (pbx, queue), marks in sorted(queues.items())
        ],
        questions=questions,
        series=[
            ScoredInterval(from_=one.start, to=one.end, figures=figures(marks))
            for one, marks in zip(spans, series, strict=True)
        ],
    )


def figures(marks: Marks) -> ScoreFigures:
    return ScoreFigures(count=marks.count, average=marks.average, failed=marks.failed, disputed=marks.disputed)


async def _every(db: Database, wanted: Wanted, actor: Actor) -> AsyncIterator[list[Mark]]:
    """Page after page, so that a report on a year lets a phone that rings meanwhile go first."""
    after: tuple[datetime, UUID] | None = None
    while True:
        at = after

        def page(session: Session, at: tuple[datetime, UUID] | None = at) -> Sequence[Any]:
            found = (
                select(
                    Evaluation.id,
                    Evaluation.agent_id,
                    CallRow.pbx,
                    SegmentRow.queue,
                    Evaluation.at,
                    Evaluation.score,
                    Evaluation.failed,
                    Evaluation.dispute != "",
                )
                .join(CallRow, CallRow.id == Evaluation.call_id)
                .join(SegmentRow, SegmentRow.id == Evaluation.segment_id)
                .where(*_conditions(wanted, actor))
            )
            if at:
                found = found.where(tuple_(Evaluation.at, Evaluation.id) > customers.key(*at))
            return session.execute(found.order_by(Evaluation.at, Evaluation.id).limit(_AT_ONCE)).all()

        rows = await db.study(page)
        yield [
            Mark(agent=agent, pbx=pbx, queue=queue, at=when, score=score, failed=failed, disputed=bool(disputed))
            for _, agent, pbx, queue, when, score, failed, disputed in rows
        ]
        if len(rows) < _AT_ONCE:
            return
        after = rows[-1].at, rows[-1].id


def _conditions(wanted: Wanted, actor: Actor) -> list[ColumnElement[bool]]:
    span = wanted.span
    same = (
        (SegmentRow.queue, wanted.queue or None),
        (CallRow.pbx, wanted.pbx or None),
        (Evaluation.agent_id, wanted.agent),
        (Evaluation.form_id, wanted.form),
    )
    return [
        visible.seen(actor, Evaluation),
        Evaluation.state != "draft",
        Evaluation.at >= span.start,
        Evaluation.at < span.end,
        *(column == value for column, value in same if value is not None),
    ]


def _questions(session: Session, wanted: Wanted, actor: Actor) -> list[ScoredQuestion]:
    """By form and in its order; those that only older versions ask come last."""
    found = (
        select(Evaluation.form_id, EvaluationAnswer.question_id, func.count(), func.avg(EvaluationAnswer.share))
        .join(Evaluation, Evaluation.id == EvaluationAnswer.evaluation_id)
        .join(CallRow, CallRow.id == Evaluation.call_id)
        .join(SegmentRow, SegmentRow.id == Evaluation.segment_id)
        .where(EvaluationAnswer.share.is_not(None), *_conditions(wanted, actor))
        .group_by(Evaluation.form_id, EvaluationAnswer.question_id)
    )
    rows = session.execute(found).all()
    asked = _asked(session, {row[0] for row in rows})
    lines = [
        (asked[form, question], count, float(average))
        for form, question, count, average in rows
        if (form, question) in asked
    ]
    return [
        ScoredQuestion(form_id=one.form, form=one.name, question_id=one.id, text=one.text, count=count, average=average)
        for one, count, average in sorted(lines, key=lambda line: line[0].order)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    form: UUID
    name: str
    id: UUID
    text: str
    order: tuple[str, int, int]


def _asked(session: Session, of: Iterable[UUID]) -> dict[tuple[UUID, UUID], _Asked]:
    """Each question as the newest version that asks it has it."""
    kept = select(ScoreFormVersion).where(ScoreFormVersion.form_id.in_(of)).order_by(ScoreFormVersion.number)
    known: dict[tuple[UUID, UUID], _Asked] = {}
    for version in session.scalars(kept):
        told = [one for section in forms.sections(version) for one in section.questions]
        for place, one in enumerate(told):
            if one.id:
                order = (version.name.casefold(), -version.number, place)
                known[version.form_id, one.id] = _Asked(
                    form=version.form_id, name=version.name, id=one.id, text=one.text, order=order
                )
    return known


def _names(session: Session, of: Iterable[UUID]) -> dict[UUID, str]:
    found = session.execute(select(User.id, User.display_name, User.username).where(User.id.in_(of)))
    return {id: name or username for id, name, username in found}


def _labels(session: Session) -> dict[tuple[str, str], str]:
    return {(row.pbx, row.name): row.label for row in session.execute(select(Queue.pbx, Queue.name, Queue.label))}
