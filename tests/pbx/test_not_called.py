"""A desk phone does not reach whom nobody is to call: Asterisk's own question, answered, unanswered, and not asked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from callcenter.phone import parse
from callcenter.routing.asking.agi import Asked, Ruling, ruled
from tests.lab.amitap import AmiTap
from tests.lab.asterisk import Asterisk
from tests.lab.freepbx.installed import freepbx
from tests.lab.phones import Caller, Floor
from tests.pbx.test_gate_customer import OUTSIDE, over, reached
from tests.pbx.test_gate_mechanics import ANNA, owes
from tests.pbx.test_routing import saying, told

MARKED, SILENT, HELP = "84957654321", "84951111111", "84951120112"
SOUNDS = "im-sorry&cannot-complete-as-dialed"
RULINGS = {MARKED: Ruling(refused=True, sound=SOUNDS), OUTSIDE: Ruling()}


def meant(number: str) -> str:
    """As anybody of this country dials it: a FreePBX writes it anew for the trunk first."""
    return f"8{(parse(number, 'RU').e164 or '')[2:]}"


def says(asked: Asked) -> list[bytes]:
    known = RULINGS.get(meant(asked.number))
    return ruled(known) if known else []


@pytest.fixture(params=["shipped", "freepbx"])
def pbx(request: pytest.FixtureRequest) -> Iterator[Asterisk]:
    with freepbx() if request.param == "freepbx" else Asterisk() as running:
        yield running


@pytest.fixture
def heard(floor: Floor, tap: AmiTap) -> Iterator[list[str]]:
    """The numbers the PBX asks about. About one that has no ruling nothing is said."""
    with saying(says) as (where, numbers):
        tap.action("DBPut", Family="callcenter-rules", Key="marked", Val=where)
        tap.action("DBPut", Family="callcenter-rules", Key="emergency", Val=f"103-{HELP}-7{HELP[1:]}")
        floor.phone("trunk")
        yield numbers


def dialled(floor: Floor, number: str) -> Caller:
    call = floor.agent_dials(ANNA, number, talk_ms=100)
    over(call)
    return call


def test_who_dials_a_number_that_is_not_to_be_called_hears_why(floor: Floor, tap: AmiTap, heard: list[str]) -> None:
    """Nothing goes out, and nothing is owed. Everybody else is called, and help without a question."""
    tap.action("Setvar", Variable="CC_ROUTE_PATIENCE", Value="5")
    refused = floor.agent_dials(ANNA, MARKED, talk_ms=None)
    over(refused)
    assert (refused.answered(), reached(floor), owes(floor.pbx, ANNA)) == (True, [], ())
    (news,) = [e for e in tap.events("UserEvent") if e["UserEvent"] == "CallcenterRefused"]
    assert (news["Interface"], news["Why"]) == (floor.pbx.shape.interface(ANNA), "do_not_call")
    assert SOUNDS in [e["AppData"] for e in tap.events("Newexten") if e["Application"] == "Playback"]
    for number in (HELP, OUTSIDE):
        dialled(floor, number)
    assert [meant(number) for number in reached(floor)] == [HELP, OUTSIDE]
    assert [meant(number) for number in heard] == [MARKED, OUTSIDE]


def test_a_question_that_nobody_answers_lets_the_call_through(floor: Floor, tap: AmiTap, heard: list[str]) -> None:
    """After 0.2 s of silence; the next one is not asked for at all, nor is one whose service is not there."""
    dialled(floor, SILENT)
    asked, gave_up = told(tap, "LOCAL(exits)")[-1][1], told(tap, "CALLCENTER_UNASKED")[-1][1]
    assert 0.15 < gave_up - asked < 1.0
    dialled(floor, MARKED)
    tap.action("Setvar", Variable="CALLCENTER_UNASKED", Value="0")
    tap.action("DBPut", Family="callcenter-rules", Key="marked", Val="127.0.0.1:1/main/secret")
    dialled(floor, MARKED)
    assert [meant(number) for number in reached(floor)] == [SILENT, MARKED, MARKED]
    assert [meant(number) for number in heard] == [SILENT]
