"""Forms and their versions. What was decided once is never changed: a change makes another version."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints, TypeAdapter, model_validator
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter.api import Body, Line
from callcenter.crm.models.scores import Evaluation, ScoreForm, ScoreFormVersion
from callcenter.errors import Invalid, NotFound
from callcenter.ids import new_id
from callcenter.scoring.score import FULL, Question, QuestionKind

Words = Annotated[Line, StringConstraints(min_length=1)]
_MOST_QUESTIONS: Final = 100


class ScoreOption(Body):
    """``points``: 100 is worth the whole weight, 0 nothing."""

    model_config = ConfigDict(frozen=True)
    label: Words
    points: Annotated[int, Field(ge=0, le=FULL)]


class QuestionBody(Body):
    """``id`` null: a new question. The same id in the next version is the same question in reports. ``most``: the
    highest step of a scale from 0; ``choices`` of a choice. ``weight`` 0 counts nothing, but may be critical."""

    model_config = ConfigDict(frozen=True)
    id: UUID | None = None
    kind: QuestionKind
    text: Words
    hint: Annotated[str, StringConstraints(max_length=1000)] = ""
    weight: Annotated[int, Field(ge=0, le=1000)] = 1
    critical: bool = False
    may_not_apply: bool = False
    most: Annotated[int, Field(ge=1, le=10)] = 5
    choices: Annotated[list[ScoreOption], Field(max_length=12)] = Field(default_factory=list)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.kind is QuestionKind.CHOICE and len(self.choices) < 2:
            raise ValueError("a choice is between two at least")
        return self

    def value(self) -> Question:
        """The same as it is scored."""
        assert self.id is not None
        return Question(
            id=self.id,
            kind=self.kind,
            weight=self.weight if self.kind is not QuestionKind.TEXT else 0,
            critical=self.critical and self.kind is not QuestionKind.TEXT,
            may_not_apply=self.may_not_apply,
            most=self.most,
            points=tuple(one.points for one in self.choices),
        )


class ScoreSection(Body):
    model_config = ConfigDict(frozen=True)
    title: Words
    questions: Annotated[list[QuestionBody], Field(min_length=1, max_length=_MOST_QUESTIONS)]


class FormBody(Body):
    """A form as an administrator writes it."""

    name: Words
    active: bool = True
    sections: Annotated[list[ScoreSection], Field(min_length=1, max_length=20)]

    @model_validator(mode="after")
    def _once(self) -> Self:
        questions = [one for section in self.sections for one in section.questions]
        known = [one.id for one in questions if one.id]
        if len(questions) > _MOST_QUESTIONS or len(set(known)) < len(known):
            raise ValueError("too many questions, or one of them twice")
        return self


_SECTIONS: Final = TypeAdapter(list[ScoreSection])


def sections(version: ScoreFormVersion) -> list[ScoreSection]:
    return _SECTIONS.validate_python(version.content)


def questions(told: list[ScoreSection]) -> list[Question]:
    """All, in order, as they are scored."""
    return [one.value() for section in told for one in section.questions]


def every(session: Session) -> list[tuple[ScoreForm, ScoreFormVersion, int]]:
    """All by name, retired ones too, with the version in use and how often each was filled in."""
    used = select(func.count()).where(Evaluation.form_id == ScoreForm.id).scalar_subquery()
    found = (
        select(ScoreForm, ScoreFormVersion, used)
        .join(ScoreFormVersion, ScoreFormVersion.form_id == ScoreForm.id)
        .where(ScoreFormVersion.number == ScoreForm.number)
        .order_by(ScoreForm.name)
    )
    return [(form, version, count or 0) for form, version, count in session.execute(found)]


def get(session: Session, form_id: UUID) -> tuple[ScoreForm, ScoreFormVersion, int]:
    """Raises NotFound."""
    for found in every(session):
        if found[0].id == form_id:
            return found
    raise NotFound("there is no such form")


def create(session: Session, body: FormBody, by: UUID, now: datetime) -> UUID:
    """Raises Invalid when there is one of that name."""
    _free(session, body.name, None)
    form = ScoreForm(name=body.name, active=body.active, number=1)
    session.add(form)
    session.flush()
    _keep(session, form, _minted(body), by, now)
    return form.id


def change(session: Session, form: ScoreForm, body: FormBody, by: UUID, now: datetime) -> bool:
    """Whether that made another version: what is asked did change. Evaluations keep the version they were begun with.

    Raises Invalid when another form has that name.
    """
    _free(session, body.name, form.id)
    kept = select(ScoreFormVersion).where(ScoreFormVersion.form_id == form.id, ScoreFormVersion.number == form.number)
    before, told = session.scalars(kept).one(), _minted(body)
    form.active, form.version = body.active, form.version + 1
    news = (before.name, sections(before)) != (body.name, told)
    if news:
        form.name, form.number = body.name, form.number + 1
        _keep(session, form, told, by, now)
    session.flush()
    return news


def _keep(session: Session, form: ScoreForm, told: list[ScoreSection], by: UUID, now: datetime) -> None:
    content = _SECTIONS.dump_python(told, mode="json")
    session.add(
        ScoreFormVersion(form_id=form.id, number=form.number, name=form.name, content=content, by_id=by, at=now)
    )
    session.flush()


def _minted(body: FormBody) -> list[ScoreSection]:
    """The sections, each question with an id."""
    return [
        section.model_copy(
            update={"questions": [one.model_copy(update={"id": one.id or new_id()}) for one in section.questions]}
        )
        for section in body.sections
    ]


def _free(session: Session, name: str, form_id: UUID | None) -> None:
    other = session.scalar(select(ScoreForm.id).where(ScoreForm.name == name))
    if other not in (None, form_id):
        raise Invalid("there is such a form already", fields={"name": "taken"})
