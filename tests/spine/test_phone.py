"""Numbers as people and trunks write them: one key for all spellings, none by accident."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.phone import emergency_numbers, is_withheld, parse

TABLE = Path(__file__).with_name("spellings.txt")
_INVISIBLE = str.maketrans({"␣": "\u00a0", "⍽": "\u202f", "‹": "\u202a", "›": "\u202c"})


def spellings() -> list[tuple[str, str, str, str]]:
    """Where written, as written, E.164, extension."""
    lines = [line for line in TABLE.read_text().splitlines() if line and not line.startswith("#")]
    cells = [[cell.strip() for cell in line.split(" | ")] for line in lines]
    return [(c[0], c[1].translate(_INVISIBLE), c[2], "".join(c[3:])) for c in cells]


@pytest.mark.parametrize(("region", "raw", "e164", "extension"), spellings())
def test_every_spelling_is_the_same_number(region: str, raw: str, e164: str, extension: str) -> None:
    phone = parse(raw, region)
    assert (phone.e164, phone.key, phone.extension, phone.raw) == (e164, e164, extension, raw)


def test_the_table_is_wide_enough() -> None:
    table = spellings()
    assert len(table) >= 200
    assert len({parse(raw, region).region for region, raw, _, _ in table}) >= 20


SHORT = [
    *("112", "102", "103", "911", "900", "0900", "115", "118", "116117", "116000", "118811", "101", "7001", "040"),
    *("2300101", "230-01-01", "6834000", "678 12 34", "4567890", "12345", "123456", "0000000", "*72", "*100#", "15"),
]


@pytest.mark.parametrize("region", ["RU", "AZ", "DE", "GB", "FR", "UA", "KZ", "TR", "US"])
@pytest.mark.parametrize("raw", SHORT)
def test_no_short_or_local_number_becomes_somebody_elses(raw: str, region: str) -> None:
    phone = parse(raw, region)
    assert (phone.e164, phone.tail, phone.key[:4]) == (None, "", "raw:")


@pytest.mark.parametrize(
    "raw", ["1-800-FLOWERS", "8-800-ПИЦЦА", "fax 030 123456", "+7 916 123-45-67 Anna", "sip:1001@pbx"]
)
def test_letters_are_not_dialled_for_their_keys(raw: str) -> None:
    assert parse(raw, "US").e164 is None


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("9161234567", "RU"), ("9161234567", "US")),
        (("+79161234567", "RU"), ("+19161234567", "RU")),
        (("+994501234567", "AZ"), ("+380501234567", "AZ")),
        (("+390612345678", "IT"), ("+33612345678", "IT")),
        (("030 123456", "DE"), ("030 123456", "AT")),
    ],
)
def test_numbers_of_two_countries_that_end_alike_are_two(first: tuple[str, str], second: tuple[str, str]) -> None:
    assert parse(*first).key != parse(*second).key


@pytest.mark.parametrize("raw", ["112", "900", "*72", "7001", "102", "sip:info", "2300101x"])
def test_short_and_strange_numbers_keep_to_themselves(raw: str) -> None:
    phone = parse(raw, "RU")
    assert (phone.e164, phone.tail) == (None, "")
    assert phone.key.startswith("raw:")
    assert phone.raw == raw


def test_an_extension_is_kept_apart() -> None:
    phone = parse("+7 495 123-45-67 доб. 204", "RU")
    assert (phone.key, phone.extension) == ("+74951234567", "204")


@pytest.mark.parametrize("raw", ["anonymous", "<unknown>", "Restricted", "", " PRIVATE "])
def test_hidden_numbers(raw: str) -> None:
    assert is_withheld(raw)


def test_numbers_are_shown_grouped_for_their_country() -> None:
    assert parse("89161234567", "RU").grouped == "+7 916 123-45-67"


@given(st.text(max_size=80), st.sampled_from(["RU", "AZ", "IT", "ZZ"]))
def test_nothing_a_caller_sends_breaks_it_and_the_raw_text_stays(raw: str, region: str) -> None:
    phone = parse(raw, region)
    assert phone.raw == raw
    assert phone.key


@pytest.mark.parametrize(("region", "numbers"), [("RU", {"101", "103", "112"}), ("US", {"911"}), ("ZZ", {"112"})])
def test_who_calls_for_help_is_known_by_the_region(region: str, numbers: set[str]) -> None:
    assert numbers <= set(emergency_numbers(region))
