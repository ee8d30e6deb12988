"""What a filled form is worth."""

from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from callcenter.ids import new_id
from callcenter.scoring.score import Given, Question, QuestionKind, fits, score


def asked(kind: QuestionKind = QuestionKind.YES_NO, weight: int = 1, **more: object) -> Question:
    return Question(id=new_id(), kind=kind, weight=weight, **more)  # type: ignore[arg-type]


def yes(value: int) -> Given:
    return Given(value=value)


NOT_HERE = Given(does_not_apply=True)


def test_weights_scales_and_choices_by_hand() -> None:
    greeted, tone = asked(weight=1), asked(QuestionKind.SCALE, 2, most=5)
    solved = asked(QuestionKind.CHOICE, 1, points=(0, 50, 100))
    counted = score([greeted, tone, solved], {greeted.id: yes(1), tone.id: yes(4), solved.id: yes(1)})
    assert counted.value == (1 + 2 * 0.8 + 0.5) / 4
    assert (counted.failed, counted.missing) == ((), ())


def test_what_does_not_apply_counts_nowhere() -> None:
    greeted, sold = asked(), asked(weight=9, may_not_apply=True)
    assert score([greeted, sold], {greeted.id: yes(1), sold.id: NOT_HERE}).value == 1.0
    assert score([sold], {sold.id: NOT_HERE}).value is None
    assert score([sold], {sold.id: NOT_HERE}).missing == ()


def test_a_critical_question_makes_it_nothing() -> None:
    greeted, consent = asked(weight=10), asked(weight=0, critical=True)
    failed = score([greeted, consent], {greeted.id: yes(1), consent.id: yes(0)})
    assert (failed.value, failed.failed) == (0.0, (consent.id,))
    assert score([greeted, consent], {greeted.id: yes(1), consent.id: yes(1)}).value == 1.0


def test_words_are_never_owed_and_never_count() -> None:
    words, greeted = asked(QuestionKind.TEXT, 0), asked()
    assert score([words, greeted], {}).missing == (greeted.id,)
    assert not fits(words, yes(0))
    assert fits(words, Given())


@st.composite
def forms(draw: st.DrawFn) -> tuple[list[Question], dict[UUID, Given]]:
    questions, answers = [], {}
    for _ in range(draw(st.integers(1, 8))):
        kind = draw(st.sampled_from(QuestionKind))
        one = asked(
            kind,
            0 if kind is QuestionKind.TEXT else draw(st.integers(0, 10)),
            critical=draw(st.booleans()) and kind is not QuestionKind.TEXT,
            may_not_apply=draw(st.booleans()),
            most=draw(st.integers(1, 10)),
            points=tuple(draw(st.lists(st.integers(0, 100), min_size=2, max_size=5))),
        )
        given = draw(st.sampled_from([Given(), NOT_HERE, *map(yes, range(one.highest() + 1))]))
        questions.append(one)
        answers[one.id] = given if fits(one, given) else Given()
    return questions, answers


@given(forms())
def test_a_score_is_a_share_and_says_all(form: tuple[list[Question], dict[UUID, Given]]) -> None:
    questions, answers = form
    counted = score(questions, answers)
    assert counted.value is None or 0 <= counted.value <= 1
    assert not counted.failed or counted.value == 0
    silent = {one.id for one in questions if one.counts and answers[one.id] == Given()}
    assert set(counted.missing) == silent


@given(forms(), st.integers(2, 5))
def test_only_the_relation_of_weights_matters(form: tuple[list[Question], dict[UUID, Given]], times: int) -> None:
    questions, answers = form
    heavier = [
        Question(
            id=one.id,
            kind=one.kind,
            weight=one.weight * times,
            critical=one.critical,
            may_not_apply=one.may_not_apply,
            most=one.most,
            points=one.points,
        )
        for one in questions
    ]
    before, after = score(questions, answers).value, score(heavier, answers).value
    assert before == after or abs((before or 0) - (after or 0)) < 1e-9


@given(forms())
def test_a_better_answer_is_never_worth_less(form: tuple[list[Question], dict[UUID, Given]]) -> None:
    questions, answers = form
    best = {one.id: yes(_best(one)) if answers[one.id].value is not None else answers[one.id] for one in questions}
    assert (score(questions, best).value or 0) >= (score(questions, answers).value or 0)


def _best(one: Question) -> int:
    return max(range(one.highest() + 1), key=one.worth)
