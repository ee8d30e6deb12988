"""What is exported holds nobody's number, name or SIP identity, and is understood like what it was made from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.ami import framing
from callcenter.explaining.masking import Mask
from callcenter.pbxmap import Kind, PbxMap, Rule
from tests.ami.tale import MAP, recorded
from tests.explaining.told import kept, steps

ALL = sorted(path.stem for path in (Path(__file__).parents[1] / "captures").glob("*.ami"))
_NUMBERED = re.compile(r"^\w*(?:CallerIDNum|ConnectedLineNum|DialString): (.+)$", re.MULTILINE)
_NAMED = re.compile(r"^\w*(?:CallerIDName|ConnectedLineName|MemberName): (.+)$", re.MULTILINE)
_IDS = re.compile(r"^\w*(?:Uniqueid|Linkedid|Timestamp|Customer): .*$", re.MULTILINE | re.IGNORECASE)


def masked(name: str) -> tuple[str, PbxMap]:
    mask = Mask(MAP)
    stream, _left = mask.messages(message for _, message in kept(recorded(name)))
    rules = tuple(Rule(pattern=r.rpartition("=")[0], kind=Kind(r.rpartition("=")[2])) for r in mask.rules)
    return stream.decode(), PbxMap(pbx="main", region="RU", rules=rules)


def digits_of(name: str) -> set[str]:
    text = "\n".join(framing.decode(message).replace("\r\n", "\n") for _, message in kept(recorded(name)))
    return {run for value in _NUMBERED.findall(text) for run in re.findall(r"\d{3,}", value)}


@pytest.mark.parametrize("name", ALL)
def test_no_digit_run_of_a_number_survives(name: str) -> None:
    stream = _IDS.sub("", masked(name)[0].replace("\r\n", "\n"))
    runs = set(re.findall(r"\d+", stream))
    assert not {run for run in digits_of(name) if run in runs or (len(run) > 5 and run in stream)}


@pytest.mark.parametrize("name", ALL)
def test_no_name_and_no_sip_identity_survives(name: str) -> None:
    stream, _map = masked(name)
    text = "\n".join(framing.decode(message).replace("\r\n", "\n") for _, message in kept(recorded(name)))
    names = {value for value in _NAMED.findall(text) if value != "<unknown>"}
    assert not {value for value in names if value in stream}
    assert not re.search(r"PJSIP/(?:\d|trunk[^-])", stream)


@pytest.mark.parametrize("name", ALL)
def test_the_masked_stream_is_understood_like_the_true_one(name: str) -> None:
    stream, map = masked(name)
    again = [type(event) for step in steps(stream.encode(), map) for event in step.told]
    assert again == [type(event) for step in steps(recorded(name)) for event in step.told]


def test_one_number_is_one_mask_however_it_is_written() -> None:
    mask = Mask(MAP)
    spellings = ("89161234567", "+7 (916) 123-45-67", "79161234567", "0079161234567")
    assert len({mask.number(text) for text in spellings}) == 1
    assert mask.number("89161234568") != mask.number("89161234567")


@given(number=st.from_regex(r"\A\+?\d{6,15}\Z"), name=st.text(st.characters(categories=["L"]), min_size=3, max_size=20))
def test_whatever_stands_in_headers_nobody_thought_of_is_not_let_through(number: str, name: str) -> None:
    message = (
        f"Event: UserEvent\r\nPrivilege: user,all\r\nUserEvent: Any\r\nStrange: {number}\r\nAppData: {name},{number}"
    )
    told = Mask(MAP).message(message.encode()).decode()
    assert number.lstrip("+") not in told
    assert f"{name}," not in told
