"""Numbers as people and trunks write them: one key for all spellings, none by accident."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.phone import is_withheld, parse

RUSSIAN = "+79161234567"
SPELLINGS = [
    ("+79161234567", "RU", RUSSIAN),
    ("+7 (916) 123-45-67", "RU", RUSSIAN),
    ("89161234567", "RU", RUSSIAN),
    ("8 (916) 123-45-67", "RU", RUSSIAN),
    ("79161234567", "RU", RUSSIAN),
    ("9161234567", "RU", RUSSIAN),
    ("0079161234567", "DE", RUSSIAN),
    ("+7.916.123.45.67", "IT", RUSSIAN),
    ("0501234567", "AZ", "+994501234567"),
    ("994501234567", "AZ", "+994501234567"),
    ("+994 50 123 45 67", "RU", "+994501234567"),
    ("012 345 67 89", "AZ", "+994123456789"),
    ("3331234567", "IT", "+393331234567"),
    ("00393331234567", "RU", "+393331234567"),
    ("06 1234 5678", "IT", "+390612345678"),
    ("(212) 555-2368", "US", "+12125552368"),
    ("030/123456", "DE", "+4930123456"),
    ("0043 1 5880 00", "DE", "+431588000"),
    ("+44 (0)20 7946 0958", "GB", "+442079460958"),
]


@pytest.mark.parametrize(("raw", "region", "key"), SPELLINGS)
def test_every_spelling_is_the_same_number(raw: str, region: str, key: str) -> None:
    assert parse(raw, region).key == key


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
