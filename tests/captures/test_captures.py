"""The captures are what they claim: complete streams, and the least-privilege user saw nothing more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

HERE = Path(__file__).parent
NAMES = sorted(path.stem for path in HERE.glob("*.json"))


def events(name: str) -> list[bytes]:
    """The blocks of a stream that are events; a session's own FullyBooted is not shared."""
    # Asterisk ends some TestEvents with one empty line too many
    blocks = [block.lstrip(b"\r\n") for block in (HERE / name).read_bytes().split(b"\r\n\r\n")]
    return [block for block in blocks if block.startswith(b"Event: ") and b"FullyBooted" not in block]


def test_there_are_captures() -> None:
    assert len(NAMES) >= 19


@pytest.mark.parametrize("name", NAMES)
def test_least_privilege_user_saw_a_subset_in_the_same_order(name: str) -> None:
    everything = iter(events(f"{name}.ami"))
    assert all(event in everything for event in events(f"{name}.least.ami"))


@pytest.mark.parametrize("name", NAMES)
def test_every_customer_of_the_phones_is_in_the_stream(name: str) -> None:
    truth = json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))
    stream = (HERE / f"{name}.least.ami").read_bytes().decode("utf-8")
    assert all(caller["number"] in stream for caller in truth["callers"])
