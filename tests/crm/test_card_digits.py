"""Card numbers are hidden before they are kept, written or spoken; other numbers stay."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.crm import card_digits
from callcenter.crm.card_digits import HIDDEN
from tests.crm.office import Office, talked


@pytest.mark.parametrize(
    "written",
    [
        "4111111111111111",
        "card 4111 1111 1111 1111, thanks",
        "5500-0000-0000-0004",
        "378282246310005",
        "номер 6011.0009.9013.9424",
    ],
)
def test_written_card_numbers_are_hidden(written: str) -> None:
    kept = card_digits.hide(written)
    assert not any(c.isdigit() for c in kept)
    assert len(kept) == len(written)


@pytest.mark.parametrize(
    "written",
    [
        "4111111111111112",
        "+7 916 123-45-67",
        "order 20261124 of 2026-11-24 09:00",
        "№ 123456789012",
        "one two three",
        "",
    ],
)
def test_other_numbers_stay(written: str) -> None:
    assert card_digits.hide(written) == written


@pytest.mark.parametrize(
    "spoken",
    [
        "four one one one two two two two three three three three four four four four",
        "четыре один один один два два два два три три три три четыре ноль семь восемь",
        "quattro uno uno uno due due due due tre tre tre tre zero sei sette nove",
        "dörd bir bir bir iki iki iki iki üç üç üç üç sıfır altı yeddi doqquz",
        "forty one eleven twenty-two twenty two thirty three thirty three four four",
    ],
)
def test_spoken_card_numbers_are_hidden_and_what_is_around_is_not(spoken: str) -> None:
    kept = card_digits.hide(f"it is {spoken} thank you").split()
    assert kept == ["it", "is", *[HIDDEN] * len(spoken.split()), "thank", "you"]


def test_a_telephone_number_that_is_spoken_stays() -> None:
    spoken = "my number is seven nine one six one two three four five six seven call me"
    assert card_digits.hide(spoken) == spoken


@given(
    st.integers(min_value=10**11, max_value=10**18 - 1),
    st.text("abc \n.,", max_size=9),
    st.sampled_from(["", " ", "-"]),
)
def test_every_number_that_passes_the_check_is_hidden(number: int, around: str, between: str) -> None:
    body = str(number)
    check = next(str(digit) for digit in range(10) if card_digits.luhn(f"{body}{digit}"))
    kept = card_digits.hide(f"{around}x{between.join(body + check)}x{around}")
    assert not any(c.isdigit() for c in kept)
    assert card_digits.hide(kept) == kept


async def test_notes_and_outcomes_never_hold_one(office: Office) -> None:
    anna = await office.signed_in("anna", extension="101")
    await office.happens(talked("101"))
    (call,) = (await anna.get("/calls")).body["items"]
    card, segment = call["customer"]["id"], call["segments"][0]["id"]
    note = await anna.post(f"/customers/{card}/notes", {"text": "pays by 4111 1111 1111 1111"})
    assert note.body["text"] == "pays by •••• •••• •••• ••••"
    comment = {"outcome": "other", "comment": "4111111111111111"}
    assert (await anna.put(f"/segments/{segment}/outcome", comment)).body["outcome_comment"] == HIDDEN * 16
    assert (await anna.get("/search?q=4111111111111111")).body["items"] == []


def test_what_an_engine_wrote_in_digits_is_hidden_like_what_was_spelt() -> None:
    """Whisper writes numbers in groups; one of their digits may have been misheard."""
    heard = ["it", "is", "4111", "1111", "1111", "1112", "thank", "you", "2026"]
    assert card_digits.hidden(heard, heard=True) == {2, 3, 4, 5}
    assert card_digits.hidden(heard) == set()
