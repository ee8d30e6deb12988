"""What administrators describe is hidden in what is written and said; what they may describe is bounded."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.crm import hiding
from callcenter.crm.card_digits import HIDDEN
from callcenter.crm.pattern_bounds import Unbounded, compiled

PASSPORT = compiled(r"\b\d{9}\b")
WORD = compiled(r"code ?word \w{1,30}")
SPELT = "one two three four five six seven eight nine"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("passport 123456789, thanks", "passport •••••••••, thanks"),
        ("Code word Mama!", "•••• •••• ••••!"),
        (f"it is {SPELT} yes", "it is • • • • • • • • • yes"),
        ("один два три четыре пять шесть семь восемь девять", "• • • • • • • • •"),
        ("order 12345678", "order 12345678"),
        ("one two three", "one two three"),
        ("", ""),
    ],
)
def test_written_words_are_hidden_as_described(text: str, kept: str) -> None:
    assert hiding.written(text, [PASSPORT, WORD]) == kept


def test_words_that_are_said_are_hidden_whole() -> None:
    said = f"my code word is code word mama and the passport {SPELT} please".split()
    hidden = hiding.spoken(said, [PASSPORT, WORD])
    kept = " ".join(HIDDEN if n in hidden else word for n, word in enumerate(said))
    assert kept == "my • • • • • • and the passport • • • • • • • • • please"


def test_card_numbers_are_hidden_without_any_rule() -> None:
    assert hiding.written("4111 1111 1111 1111") == "•••• •••• •••• ••••"
    assert hiding.spoken(["four", "one", "one", "one"] * 4) == set(range(16))


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(", "pattern_wrong"),
        ("[[a]", "pattern_wrong"),
        ("", "pattern_empty"),
        ("a?", "pattern_empty"),
        ("ab+", "pattern_unbounded"),
        (r"\d{9,}", "pattern_unbounded"),
        ("(a{1,20}){1,20}b", "pattern_unbounded"),
        ("(?:){0,4000000000}a", "pattern_unbounded"),
        ("a{0,64}a{0,64}b", "pattern_wide"),
        ("(?:ab?){1,9}c", "pattern_wide"),
        ("(?=a)ab", "pattern_not_allowed"),
        (r"(a)\1", "pattern_not_allowed"),
        ("x" * 201, "too_long"),
    ],
)
def test_a_pattern_that_could_keep_us_busy_is_not_taken(pattern: str, why: str) -> None:
    with pytest.raises(Unbounded, match=f"^{why}$"):
        compiled(pattern)


@pytest.mark.parametrize(
    "pattern", [r"\b[A-Z]{2}\d{2}[A-Z0-9 ]{11,30}\b", r"\d{3}[- ]?\d{2}[- ]?\d{4}", "(?:PIN|ПИН) \\d{4}"]
)
def test_what_people_need_is_taken(pattern: str) -> None:
    assert compiled(pattern).flags & re.IGNORECASE


def _taken(pattern: str) -> re.Pattern[str] | None:
    try:
        return compiled(pattern)
    except Unbounded:
        return None


@given(st.text("a1 (){}[]|?,.\\dw*+", min_size=1, max_size=14).map(_taken).filter(bool))
def test_whatever_is_taken_is_quick_on_the_worst_text(pattern: re.Pattern[str]) -> None:
    began = time.process_time()
    list(pattern.finditer("a1" * 500 + "a" * 1000 + " "))
    assert time.process_time() - began < 1.0
