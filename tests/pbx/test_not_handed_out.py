"""Nobody is handed to whom nobody is to call: what an agent dials to transfer is asked about like what he calls."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator

import pytest

from callcenter.pbxmap import peer
from callcenter.routing.asking.agi import Asked, Ruling, ruled
from tests.captures.stage import keys
from tests.lab.amitap import AmiTap
from tests.lab.asterisk import Asterisk
from tests.lab.ears import heard
from tests.lab.freepbx.installed import freepbx
from tests.lab.phones import Caller, Floor, Phone, Sipp
from tests.lab.refer import refer
from tests.lab.speech import tone
from tests.pbx.test_gate_customer import OUTSIDE, reached
from tests.pbx.test_gate_mechanics import ANNA, NUMBER, in_bridge, leg
from tests.pbx.test_not_called import HELP, MARKED, RULINGS, SILENT, meant
from tests.pbx.test_routing import saying, told
from tests.until import until

WHY = 1700
"""The pitch (Hz) of what says why."""


@pytest.fixture(params=["shipped", "freepbx"])
def pbx(request: pytest.FixtureRequest) -> Iterator[Asterisk]:
    with freepbx() if request.param == "freepbx" else Asterisk() as running:
        yield running


@pytest.fixture
def asked(floor: Floor, tap: AmiTap) -> Iterator[list[tuple[str, str]]]:
    """The numbers the PBX asks about, and whose phone it says dials them."""
    found: list[tuple[str, str]] = []
    shutil.copy(tone(WHY), floor.pbx.log / "why.ulaw")
    rulings = RULINGS | {MARKED: Ruling(refused=True, sound=f"/srv/{floor.pbx.name}/log/why")}

    def says(question: Asked) -> list[bytes]:
        found.append((meant(question.number), peer(question.channel)))
        known = rulings.get(meant(question.number))
        return ruled(known) if known else []

    with saying(says) as (where, _):
        tap.action("DBPut", Family="callcenter-rules", Key="marked", Val=where)
        tap.action("DBPut", Family="callcenter-rules", Key="emergency", Val=f"103-{HELP}-7{HELP[1:]}")
        floor.phone("trunk")
        yield found


def at_annas(floor: Floor, tap: AmiTap) -> tuple[Phone, Caller]:
    """A customer who talks with her."""
    anna = floor.phone(ANNA, talk_ms=None)
    caller = floor.caller(NUMBER, "7101", talk_ms=None)
    until(lambda: caller.answered() and in_bridge(floor.pbx, tap, ANNA), 10, "he has her")
    return anna, caller


def taken(floor: Floor, tap: AmiTap) -> list[str]:
    """The legs outside that answered; what the dialplan does with them is done by then."""
    inside = (f"{floor.pbx.shape.device(ANNA)}-", "Local/")
    answered = [e["DestChannel"] for e in tap.events("DialEnd") if e["DialStatus"] == "ANSWER"]
    return [channel for channel in answered if not channel.startswith(inside)]


def hears_why(tap: AmiTap, phone: Sipp) -> bool:
    until(lambda: [e for e in tap.events("Newexten") if e["Application"] == "Playback"], 20, "the reason is played")
    return asyncio.run(heard((WHY,), phone)) == [{WHY}]


def refusals(tap: AmiTap) -> list[tuple[str, str]]:
    news = [e for e in tap.events("UserEvent") if e["UserEvent"] == "CallcenterRefused"]
    return [(one["Interface"], one["Why"]) for one in news]


@pytest.mark.parametrize("number", [HELP, OUTSIDE, SILENT])
def test_a_customer_is_sent_on_to_whom_anybody_may_call(
    floor: Floor, tap: AmiTap, asked: list[tuple[str, str]], number: str
) -> None:
    """Help without a question, and a number of which nobody says anything after 0.2 s."""
    anna, _ = at_annas(floor, tap)
    assert refer(anna, number) == 202
    until(lambda: taken(floor, tap), 10, "the trunk has answered")
    assert [meant(one) for one in reached(floor)] == [number]
    assert asked == [(number, floor.pbx.shape.device(ANNA))] * (number != HELP)
    assert refusals(tap) == []
    assert set(floor.pbx.database("callcenter-owes")) == {floor.pbx.shape.interface(ANNA)}, "and she alone owes"


def test_a_customer_who_is_sent_to_whom_nobody_is_to_call_hears_why_and_is_back_with_her(
    floor: Floor, tap: AmiTap, asked: list[tuple[str, str]]
) -> None:
    tap.action("Setvar", Variable="CC_ROUTE_PATIENCE", Value="5")
    anna, caller = at_annas(floor, tap)
    assert refer(anna, MARKED) == 202
    assert hears_why(tap, caller)
    until(lambda: len(anna.taken()) == 2, 20, "Anna has him back")
    assert not caller.ended()
    assert (reached(floor), asked) == ([], [(MARKED, floor.pbx.shape.device(ANNA))])
    assert refusals(tap) == [(floor.pbx.shape.interface(ANNA), "do_not_call")]


@pytest.mark.parametrize("number", [HELP, OUTSIDE, SILENT])
def test_with_a_customer_on_hold_she_asks_whom_anybody_may_call(
    floor: Floor, tap: AmiTap, asked: list[tuple[str, str]], number: str
) -> None:
    at_annas(floor, tap)
    keys(tap, leg(floor.pbx, tap, ANNA), f"*2{number}")
    until(lambda: taken(floor, tap), 10, "the trunk has answered")
    assert [meant(one) for one in reached(floor)] == [number]
    assert asked == [(number, floor.pbx.shape.device(ANNA))] * (number != HELP)
    assert refusals(tap) == []
    assert set(floor.pbx.database("callcenter-owes")) == {floor.pbx.shape.interface(ANNA)}, "and she alone owes"


def test_with_a_customer_on_hold_she_hears_why_she_may_not_ask_whom_nobody_is_to_call(
    floor: Floor, tap: AmiTap, asked: list[tuple[str, str]]
) -> None:
    """And has her customer back: what spoke to her was never answered."""
    tap.action("Setvar", Variable="CC_ROUTE_PATIENCE", Value="5")
    phone, caller = at_annas(floor, tap)
    keys(tap, leg(floor.pbx, tap, ANNA), f"*2{MARKED}")
    assert hears_why(tap, phone)
    anna = f"{floor.pbx.shape.device(ANNA)}-"

    def entered() -> list[str]:
        return [e["BridgeUniqueid"] for e in tap.events("BridgeEnter") if e["Channel"].startswith(anna)]

    until(lambda: len(entered()) == 3, 30, "back with the customer")
    assert entered()[0] == entered()[2]
    assert not caller.ended()
    assert (reached(floor), asked) == ([], [(MARKED, floor.pbx.shape.device(ANNA))])
    assert refusals(tap) == [(floor.pbx.shape.interface(ANNA), "do_not_call")]


def test_a_question_that_nobody_answered_is_asked_no_more_for_a_while(
    floor: Floor, tap: AmiTap, asked: list[tuple[str, str]]
) -> None:
    """The service is silent, then gone: whoever is not to be called is reached, and quickly."""
    anna, _ = at_annas(floor, tap)
    assert refer(anna, SILENT) == 202
    until(lambda: reached(floor), 10, "the trunk is dialled")
    gave_up = until(lambda: told(tap, "CALLCENTER_UNASKED"), 10, "nobody answered")[-1][1]
    question = told(tap, "LOCAL(exits)")[-1][1]
    assert 0.15 < gave_up - question < 1.0
    floor.agent_dials(ANNA, MARKED, talk_ms=100)
    until(lambda: len(reached(floor)) == 2, 10, "the trunk is dialled again")
    assert asked == [(SILENT, floor.pbx.shape.device(ANNA))]
