"""What is known of a form of events takes nothing on trust: an event is read the same whether or not its like came."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.ami import framing
from callcenter.ami.parsing import VARIABLES, WANTED
from callcenter.ami.reader import worth
from tests.ami.tale import recorded
from tests.ami.whole import UNBROKEN, patiently

STREAMS = [f"{stem}{kind}" for stem in UNBROKEN for kind in ("", ".least")]
EVENTS = [m for name in STREAMS for m in framing.Framer().feed(recorded(name)) if m.startswith(b"Event: ")]
ONE_OF_EACH = list({(framing.event_name(m), m.count(b"\n")): m for m in EVENTS if worth(m)}.values())
EDITS = (b"\r\n", b"\n", b"\r", b": ", b":", b"", b" ", b"x", b"none", b"\r\nUniqueid: 1.1", b"\r\nPrivilege: call,all")


def read(message: bytes, *, timed: bool) -> dict[str, str] | str:
    try:
        return framing.event_fields(message, timed=timed)
    except framing.Broken as wrong:
        return str(wrong)


def unknown(message: bytes, *, timed: bool) -> dict[str, str] | str:
    framing._FORMS.clear()
    return read(message, timed=timed)


def matters(message: bytes) -> bool:
    fields = dict(line.split(": ", 1) for line in message.decode("latin-1").split("\r\n") if ": " in line)
    name = fields["Event"]
    if name == "VarSet":
        return fields["Variable"].lstrip("_") in VARIABLES
    if name == "NewCallerid":
        return fields["CID-CallingPres"].partition(" ")[0] in {"32", "33", "34", "35"}
    return name in WANTED


@pytest.mark.parametrize("timed", [False, True])
def test_every_recorded_event_is_read_the_same_when_its_like_came_before(timed: bool) -> None:
    first = [unknown(message, timed=timed) for message in EVENTS]
    assert [read(message, timed=timed) for message in EVENTS] == first
    assert sum(isinstance(fields, dict) for fields in first) > len(EVENTS) / 2


@patiently
@given(
    event=st.sampled_from(ONE_OF_EACH),
    at=st.integers(0, 2000),
    cut=st.integers(0, 12),
    edit=st.sampled_from(EDITS),
    timed=st.booleans(),
)
def test_a_forged_event_is_read_the_same_when_a_genuine_one_came_before(
    event: bytes, at: int, cut: int, edit: bytes, timed: bool
) -> None:
    at %= len(event)
    forged = event[:at] + edit + event[at + cut :]
    expected = unknown(forged, timed=timed)
    framing._FORMS.clear()
    read(event, timed=timed)
    assert read(forged, timed=timed) == expected


def test_what_is_worth_parsing_is_decided_by_name_and_by_what_some_must_say() -> None:
    for message in EVENTS:
        assert worth(message) is matters(message), message
        assert worth(b"\r\n" + message) is matters(message), message
    kinds = Counter(worth(message) for message in EVENTS)
    assert min(kinds[True], kinds[False]) > 1000


NOISE = (b"", b"\r\n", b"Response: Success\r\nMessage: Hangup", b"Hangup\r\n", b"Xvent: Hangup\r\n")


@pytest.mark.parametrize("noise", NOISE)
def test_what_is_no_event_is_not_worth_parsing(noise: bytes) -> None:
    assert not worth(noise)
