"""A debt keeps its agent from his next call of a queue and never a customer from a person, with no CRM alive."""

from __future__ import annotations

import pytest

from tests.lab.amitap import AmiTap
from tests.lab.phones import Caller, Floor, Phone
from tests.lab.refer import refer
from tests.pbx.test_gate_mechanics import ANNA, BORIS, CLARA, NUMBER, OTHER, in_bridge, leg, owes, settle, talk
from tests.until import until

OUTSIDE = "89161234567"
RULES = {"outgoing": "refuse|cannot-complete-as-dialed", "emergency": "101-102-103-112"}


@pytest.fixture
def owing(floor: Floor, tap: AmiTap) -> Floor:
    """Anna owes, and the rules refuse whoever does."""
    for key, value in RULES.items():
        tap.action("DBPut", Family="callcenter-rules", Key=key, Val=value)
    floor.phone(ANNA)
    floor.phone("trunk")
    talk(floor.caller(NUMBER, "7001", talk_ms=100))
    assert owes(floor.pbx, ANNA)
    return floor


def reached(floor: Floor) -> list[str]:
    """What the provider was asked for."""
    return [offer.dialled for offer in floor.log().of("trunk")]


def over(caller: Caller) -> None:
    until(caller.ended, 20, "the call is over")


def test_who_owes_hears_why_he_may_not_dial_out_but_help_is_always_reached(owing: Floor, tap: AmiTap) -> None:
    refused = owing.agent_dials(ANNA, OUTSIDE, talk_ms=None)
    over(refused)
    attempt = refused.attempt()
    assert attempt is not None
    assert (attempt.answered_at is not None, reached(owing)) == (True, [])
    assert [event["Interface"] for event in tap.events("UserEvent")][-1:] == ["PJSIP/101"]
    over(owing.agent_dials(ANNA, "112", talk_ms=100))
    assert reached(owing) == ["112"]
    settle(owing.pbx, tap, ANNA)
    over(owing.agent_dials(ANNA, OUTSIDE, talk_ms=100))
    assert reached(owing) == ["112", OUTSIDE]


def test_a_customer_reaches_who_owes_and_with_him_on_the_line_advice_may_be_asked_outside(
    owing: Floor, tap: AmiTap
) -> None:
    caller = owing.caller(OTHER, "7101", talk_ms=4000)
    until(lambda: caller.answered() and in_bridge(owing.pbx, tap, ANNA), 10, "he has her")
    over(owing.agent_dials(ANNA, OUTSIDE, talk_ms=100))
    assert reached(owing) == [OUTSIDE]
    talk(caller)
    assert [offer.customer for offer in owing.log().of(ANNA)] == [NUMBER, OTHER]


def test_where_she_does_not_answer_he_may_leave_a_message(floor: Floor) -> None:
    floor.phone(ANNA, busy=True)
    caller = floor.caller(NUMBER, "7101", talk_ms=1500)
    talk(caller)
    assert floor.log().of(ANNA)[0].answered_at is None


def rung(floor: Floor, agent: str, times: int = 1) -> None:
    until(lambda: len(floor.log().of(agent)) == times, 20, f"{agent} rung {times} times")


def handed_on(owing: Floor, tap: AmiTap, colleague: Phone) -> Caller:
    """Anna, who owes, talks with another customer and sends him to a colleague who does not take him."""
    caller = owing.caller(OTHER, "7101", talk_ms=None)
    until(lambda: caller.answered() and in_bridge(owing.pbx, tap, ANNA), 10, "he has her")
    assert refer(owing.phones[0], colleague.extension) == 202
    rung(owing, colleague.extension)
    return caller


def test_whom_nobody_took_comes_back_to_her_who_handed_him_on_though_she_owes(owing: Floor, tap: AmiTap) -> None:
    caller = handed_on(owing, tap, owing.phone(BORIS, busy=True))
    anna = owing.phones[0]
    until(lambda: len(anna.taken()) == 3 and anna.hears_somebody(), 10, "Anna has him back")
    assert not caller.ended()
    tap.action("Hangup", Channel=leg(owing.pbx, tap, ANNA))
    over(caller)
    assert [offer.customer for offer in anna.offers()] == [NUMBER, OTHER, OTHER]
    assert owes(owing.pbx, ANNA) == ("", OTHER, "7101")
    assert owes(owing.pbx, BORIS) == ()


def test_who_comes_back_to_nobody_may_leave_a_message(owing: Floor, tap: AmiTap) -> None:
    caller = handed_on(owing, tap, owing.phone(BORIS, answer_ms=None))
    owing.phones[0].close()
    again = owing.phone(ANNA, busy=True)
    tap.action("Hangup", Channel=leg(owing.pbx, tap, BORIS))
    until(again.offers, 10, "he comes back to her, who refuses")
    until(lambda: [e for e in tap.events("Newexten") if e["Application"] == "VoiceMail"], 20, "the voicemail")
    assert not caller.ended()
    assert len(again.offers()) == 1


def test_who_owes_does_not_pick_up_what_rings_at_a_colleagues_where_the_rules_refuse_it(
    owing: Floor, tap: AmiTap
) -> None:
    owing.phone(BORIS, answer_ms=None)
    caller = owing.caller(OTHER, "7102", talk_ms=None)
    rung(owing, BORIS)
    for keys in ("*8102", "*8"):
        refused = owing.agent_dials(ANNA, keys, talk_ms=None)
        over(refused)
        assert refused.answered()
    assert [event["Interface"] for event in tap.events("UserEvent") if event["UserEvent"] == "CallcenterRefused"] == [
        "PJSIP/101"
    ] * 2
    assert not caller.answered()
    settle(owing.pbx, tap, ANNA)
    owing.agent_dials(ANNA, "*8", talk_ms=None)
    until(caller.answered, 10, "Anna, who owes nothing, has him")
    until(lambda: owes(owing.pbx, ANNA), 5, "and owes")
    assert owes(owing.pbx, ANNA) == ("", OTHER, "7102")
    assert owes(owing.pbx, BORIS) == ()


def test_two_who_owe_pick_up_where_no_rule_refuses_it_and_owe_for_those_customers_too(
    floor: Floor, tap: AmiTap
) -> None:
    for agent in (ANNA, CLARA):
        floor.phone(agent)
        talk(floor.caller(NUMBER, f"71{agent[1:]}", talk_ms=100))
    floor.phone(BORIS, answer_ms=None)
    for times, (agent, keys) in enumerate(((ANNA, "*8102"), (CLARA, "*8")), start=1):
        caller = floor.caller(f"{OTHER[:-1]}{times}", "7102", talk_ms=None)
        rung(floor, BORIS, times)
        floor.agent_dials(agent, keys, talk_ms=None)
        until(caller.answered, 10, "picked up")
    new = [("", f"{OTHER[:-1]}{times}", "7102") for times in (1, 2)]
    until(lambda: [owes(floor.pbx, agent) for agent in (ANNA, CLARA)] == new, 5, "both owe for the new ones")
    assert owes(floor.pbx, BORIS) == ()
