"""Channel events without those of Dial, which FreePBX does not keep, conclude what they conclude with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count, islice

import pytest

from callcenter.ami.cel_rows import CelRow
from callcenter.ami.dialling import dials_told
from callcenter.lifecycle import apply
from tests.ami.tale import ROSTER, recorded, told
from tests.ami.test_cel import NAMES, PLAIN, concluded, filled, rows_of

WITH_DIALS = [name for name in NAMES if not name.startswith("freepbx")]


@pytest.mark.parametrize("name", sorted(set(PLAIN) & set(WITH_DIALS)))
def test_without_them_the_same_is_concluded(name: str) -> None:
    kept = [row for row in rows_of(name) if not (row.app == "Dial" and row.type.startswith("APP_"))]
    found = (apply(None, event, ROSTER) for event in filled(kept))
    live = [call for call in told(recorded(name)).calls if call.ended_at]
    assert [concluded(call) for call in sorted(filter(None, found), key=lambda call: call.started_at)] == [
        concluded(call) for call in live
    ]


def test_where_they_are_told_nothing_is_added() -> None:
    assert [name for name in WITH_DIALS if list(dials_told(rows_of(name))) != rows_of(name)] == []


def test_a_phone_that_rings_for_ever_holds_nothing_back() -> None:
    def rows() -> Iterator[CelRow]:
        trunk, phone = (row for row in rows_of("freepbx_direct") if row.type == "CHAN_START")
        yield from (trunk, phone)
        for minute in count(1):
            yield replace(trunk, type="ANSWER", at=trunk.at + timedelta(minutes=minute))

    assert [row.type for row in islice(dials_told(rows()), 4)] == ["CHAN_START", "APP_START", "CHAN_START", "ANSWER"]
