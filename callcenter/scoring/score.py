"""What a filled form is worth. Pure.

Each answer is worth a share of its question's weight, from 0 to 1; what does not apply counts nowhere. A critical
question that is worth nothing makes the whole score 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, assert_never
from uuid import UUID

FULL: Final = 100
"""Points of a choice that is worth everything."""


class QuestionKind(StrEnum):
    YES_NO = "yes_no"
    SCALE = "scale"
    CHOICE = "choice"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """``most`` is the highest step of a scale that begins at 0, ``points`` what each choice is worth, 0 to 100."""

    id: UUID
    kind: QuestionKind
    weight: int
    critical: bool = False
    may_not_apply: bool = False
    most: int = 1
    points: tuple[int, ...] = ()

    @property
    def counts(self) -> bool:
        """Whether it must be answered before a form is complete."""
        return self.kind is not QuestionKind.TEXT

    def highest(self) -> int:
        """The highest answer that can be given."""
        match self.kind:
            case QuestionKind.YES_NO:
                return 1
            case QuestionKind.SCALE:
                return self.most
            case QuestionKind.CHOICE:
                return len(self.points) - 1
            case QuestionKind.TEXT:
                return -1
            case _:
                assert_never(self.kind)

    def worth(self, given: int) -> float:
        """The share of the weight that an answer is worth."""
        return self.points[given] / FULL if self.kind is QuestionKind.CHOICE else given / self.highest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An answer. ``value`` None: none yet, or it does not apply."""

    value: int | None = None
    does_not_apply: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """``value`` is from 0 to 1, None where nothing counted. ``failed``: critical questions that make it 0; ``missing``:
    questions without an answer; ``shares``: what each answer is worth."""

    value: float | None
    failed: tuple[UUID, ...]
    missing: tuple[UUID, ...]
    shares: Mapping[UUID, float]


NOTHING: Final = Given()


def score(questions: Sequence[Question], answers: Mapping[UUID, Given]) -> Score:
    """Of these questions, which may be a section's or a whole form's."""
    shares = dict(_shares(questions, answers))
    failed = tuple(one.id for one in questions if one.critical and shares.get(one.id) == 0)
    missing = tuple(
        one.id
        for one in questions
        if one.counts and one.id not in shares and not answers.get(one.id, NOTHING).does_not_apply
    )
    return Score(value=0.0 if failed else _mean(questions, shares), failed=failed, missing=missing, shares=shares)


def fits(question: Question, given: Given) -> bool:
    """Whether it is an answer to this question."""
    if given.does_not_apply:
        return question.may_not_apply and given.value is None
    return given.value is None or 0 <= given.value <= question.highest()


def _shares(questions: Iterable[Question], answers: Mapping[UUID, Given]) -> Iterable[tuple[UUID, float]]:
    for one in questions:
        value = answers.get(one.id, NOTHING).value
        if value is not None:
            yield one.id, one.worth(value)


def _mean(questions: Iterable[Question], shares: Mapping[UUID, float]) -> float | None:
    counted = [one for one in questions if one.id in shares]
    weight = sum(one.weight for one in counted)
    return sum(one.weight * shares[one.id] for one in counted) / weight if weight else None
