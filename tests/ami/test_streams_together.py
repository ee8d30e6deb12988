"""Several captured streams at once, on other channels: every call ends as it would have ended alone."""

from __future__ import annotations

import re
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ami.tale import Tale, answered, fields_of, fold, recorded
from tests.ami.whole import UNBROKEN, check, patiently

NAMES: Final = tuple(f"{stem}.least" for stem in UNBROKEN)
FIELDS: Final = {name: fields_of(recorded(name)) for name in NAMES}
_UNIQUEID: Final = re.compile(r"\b1\d{9}\.(\d+)\b")
_CHANNEL: Final = re.compile(r"((?:PJSIP|Local|Surrogate)/[^,&\s]+?)-0{4}([0-9a-f]{4})")
_PHONE: Final = re.compile(r"\bPJSIP/10(\d)\b")
_BRIDGE: Final = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\b")
less_often = settings(patiently, max_examples=patiently.max_examples // 4)
parts = st.lists(st.tuples(st.sampled_from(NAMES), st.floats(0, 6)), min_size=2, max_size=5)


def elsewhere(name: str, place: int, later: float) -> list[dict[str, str]]:
    """The stream on channels and bridges that are no other's, ``later`` seconds after the beginning."""
    begins = float(next(fields["timestamp"] for fields in FIELDS[name] if "timestamp" in fields))
    found = []
    for fields in FIELDS[name]:
        at = max(begins, float(fields.get("timestamp", begins))) - begins + later
        found.append({key: _elsewhere(value, place) for key, value in fields.items()} | {"timestamp": f"{at:.6f}"})
    return found


def _elsewhere(value: str, place: int) -> str:
    value = _UNIQUEID.sub(rf"{1_600_000_000 + place}.\1", value)
    value = _CHANNEL.sub(rf"\1-{place:04x}\2", value)
    return _BRIDGE.sub(rf"{place:08x}\1", value)


def concluded(tale: Tale) -> dict[str, tuple[object, ...]]:
    """What came of each call, and who talked and owes in it."""
    return {
        call.key.uniqueid: (
            call.result,
            call.number,
            [(visit.queue, visit.result) for visit in call.queues],
            [(s.device.name, s.role, s.via, s.outcome_state) for s in answered(call)],
        )
        for call in tale.calls
    }


def on_phones_of_its_own(stream: list[dict[str, str]], place: int) -> list[dict[str, str]]:
    return [{key: _PHONE.sub(rf"PJSIP/1{place}\1", value) for key, value in fields.items()} for fields in stream]


def together(streams: list[list[dict[str, str]]]) -> Tale:
    return fold(sorted((fields for s in streams for fields in s), key=lambda fields: float(fields["timestamp"])))


def alone(streams: list[list[dict[str, str]]]) -> dict[str, tuple[object, ...]]:
    return {uniqueid: what for stream in streams for uniqueid, what in concluded(fold(stream)).items()}


@less_often
@given(chosen=parts)
def test_calls_at_once_end_as_they_would_alone(chosen: list[tuple[str, float]]) -> None:
    streams = [
        on_phones_of_its_own(elsewhere(name, place, later), place)
        for place, (name, later) in enumerate(chosen, start=1)
    ]
    tale = together(streams)
    check(tale)
    assert tale.left == (0, 0)
    assert concluded(tale) == alone(streams)


@less_often
@given(chosen=parts)
def test_calls_at_once_on_the_same_phones_lose_nobody(chosen: list[tuple[str, float]]) -> None:
    streams = [elsewhere(name, place, later) for place, (name, later) in enumerate(chosen, start=1)]
    tale = together(streams)
    check(tale)
    assert tale.left == (0, 0)
    assert {key: what[0] for key, what in concluded(tale).items()} == {k: what[0] for k, what in alone(streams).items()}


def test_a_new_customer_of_who_just_transferred_is_not_the_old_one_coming_back() -> None:
    before, after = elsewhere("blonde.least", 1, 0.0), elsewhere("attended_refer.least", 2, 6.0)
    tale = together([before, after])
    check(tale)
    assert concluded(tale) == alone([before, after])
