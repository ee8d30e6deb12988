"""Names as they sound, and how much two cards are alike: pure."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.crm.matching import ALIKE, Face, Reason, keys_of, likeness, name_likeness, one_slip, sounds, words_of

LETTERS = st.text(alphabet="abcdefghijklmnopqrstuvwxyzабвгдежзиклмнопрстуфхцчшщыэюяёə", min_size=1, max_size=14)
SAME = [
    ("Щербаков", "Shcherbakov", "Scherbakov"),
    ("Дмитрий", "Dmitriy", "Dmitry", "Dmitrii"),
    ("Семёнов", "Semenov", "Semyonov", "Семенов"),
    ("Юрий", "Yuri", "Yuriy", "Jurij"),
    ("Евгений", "Evgeny", "Yevgeniy"),
    ("Хрущёв", "Khrushchev"),
    ("Чайковский", "Tchaikovsky", "Chaikovskiy"),
    ("Александр", "Aleksandr"),
    ("Əliyev", "Алиев", "Aliyev"),
    ("Qarayev", "Гараев", "Garayev"),
    ("Наталья", "Natalya", "Natalia"),
    ("Цветаева", "Tsvetaeva"),
    ("Яковлев", "Yakovlev", "Iakovlev"),
    ("Шевченко", "Shevchenko", "Ševčenko"),
]


@pytest.mark.parametrize("spellings", SAME, ids=lambda s: s[-1])
def test_spellings_of_one_name_sound_alike(spellings: tuple[str, ...]) -> None:
    (first,) = sounds(spellings[0])
    assert [s for s in spellings if not sounds(s)[0] & first] == []


@pytest.mark.parametrize(("a", "b"), [("Иванов", "Петров"), ("Anna", "Olga"), ("Ким", "Цой"), ("Rossi", "Russo")])
def test_other_names_are_other_names(a: str, b: str) -> None:
    assert name_likeness(a, b) == 0


@given(LETTERS)
def test_a_word_always_shares_a_key_with_itself(word: str) -> None:
    for readings in sounds(word):
        assert all(reading in keys_of(reading) for reading in readings)


@given(st.text(alphabet="abcdeik", min_size=4, max_size=10), st.data())
def test_one_slip_of_the_finger_always_shares_a_key(word: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(word) - 2))
    letter = data.draw(st.sampled_from("abcxyz"))
    slips = (
        word[:at] + word[at + 1 :],
        word[:at] + letter + word[at:],
        word[:at] + letter + word[at + 1 :],
        word[:at] + word[at + 1] + word[at] + word[at + 2 :],
    )
    slip = data.draw(st.sampled_from(slips))
    assert one_slip(word, slip)
    assert one_slip(slip, word)
    keys = keys_of(slip) | {slip[:i] + slip[i + 1 :] for i in range(len(slip))}
    assert keys & keys_of(word)


@given(LETTERS, LETTERS)
def test_likeness_does_not_depend_on_the_order(a: str, b: str) -> None:
    assert name_likeness(a, b) == pytest.approx(name_likeness(b, a))
    assert 0 <= name_likeness(f"{a} {b}", f"{b} {a}") <= 1


@pytest.mark.parametrize(
    ("a", "b", "alike", "reasons"),
    [
        (Face(name="Иван Петров"), Face(name="Petrov Ivan"), True, [Reason.SIMILAR_NAME]),
        (Face(name="Иван Петров"), Face(name="Ivan Petrow"), True, [Reason.SIMILAR_NAME]),
        (Face(name="Иван"), Face(name="Ivan"), False, [Reason.SIMILAR_NAME]),
        (Face(name="Anna", emails=frozenset({"a@b.c"})), Face(emails=frozenset({"a@b.c"})), True, [Reason.SAME_EMAIL]),
        (
            Face(name="Anna Kim", numbers=frozenset({"+1"})),
            Face(name="Kim Anna", numbers=frozenset({"+1"})),
            True,
            [Reason.SAME_NUMBER, Reason.SIMILAR_NAME],
        ),
        (
            Face(name="Anna", numbers=frozenset({"+1"})),
            Face(name="Boris", numbers=frozenset({"+1"})),
            False,
            ["same_number"],
        ),
        (Face(organisation="ООО Ромашка"), Face(organisation="Romashka LLC"), False, [Reason.SIMILAR_NAME]),
    ],
)
def test_cards_that_may_be_one_are_told_with_the_reason(a: Face, b: Face, alike: bool, reasons: list[str]) -> None:
    found = likeness(a, b)
    assert (found.score >= ALIKE, list(found.reasons)) == (alike, reasons)
    assert likeness(b, a).score == found.score


def test_e_mail_addresses_are_words_of_their_own() -> None:
    assert words_of("", "", " Ivan@Example.com ") == {"@ivan@example.com"}


def test_matching_needs_no_database() -> None:
    probe = "import sys, callcenter.crm.matching; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout.split()
    assert not {"sqlalchemy", "aiohttp", "asyncio"} & set(loaded)
