"""The search that guards the logs finds what it is for, and nothing that only looks like it."""

from __future__ import annotations

import pytest

from callcenter.log import mask
from tests.plain_numbers import plain_numbers


@pytest.mark.parametrize("number", ["+79161234567", "79161234567", "9161234567", "+994501234567", "+390612345678"])
def test_a_number_in_a_log_is_found_and_a_masked_one_is_not(number: str) -> None:
    assert len(plain_numbers(f"2026-11-26 call from={number} queue=support")) == 1
    assert plain_numbers(f"2026-11-26 call from={mask(number)} queue=support") == []


@pytest.mark.parametrize("text", ["call=1700000000.1", "epoch=1764201600", "id=01a21a12-7ea8-796e-9b9b-cbced9366a61"])
def test_ids_and_times_are_no_numbers(text: str) -> None:
    assert plain_numbers(text) == []
