"""The demo's scorecard: what a supervisor listens for."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.crm.models.people import User
from callcenter.scoring import forms
from callcenter.scoring.forms import FormBody, QuestionBody, ScoreOption, ScoreSection
from callcenter.scoring.score import QuestionKind

_OPENING: Final = ScoreSection(
    title="Opening",
    questions=[
        QuestionBody(kind=QuestionKind.YES_NO, text="Greeted and said his name"),
        QuestionBody(kind=QuestionKind.YES_NO, text="Said that the call is recorded", weight=0, critical=True),
    ],
)
_TALK: Final = ScoreSection(
    title="The talk",
    questions=[
        QuestionBody(
            kind=QuestionKind.SCALE,
            text="Listened and asked the right questions",
            hint="0: talked over the customer; 5: knew what it is about after one question",
            weight=2,
        ),
        QuestionBody(
            kind=QuestionKind.CHOICE,
            text="Was it solved?",
            weight=3,
            may_not_apply=True,
            choices=[
                ScoreOption(label="At once", points=100),
                ScoreOption(label="Promised with a date", points=60),
                ScoreOption(label="No", points=0),
            ],
        ),
        QuestionBody(kind=QuestionKind.TEXT, text="What would have been better?"),
    ],
)


def lay_out(session: Session, now: datetime) -> None:
    """A form, decided by the administrator."""
    by = session.scalars(select(User.id).where(User.role == "admin")).first()
    if by is not None and not forms.every(session):
        forms.create(session, FormBody(name="Service call", sections=[_OPENING, _TALK]), by, now)
