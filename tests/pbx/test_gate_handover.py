"""The gate when a customer goes from hand to hand: who has him owes, who only gave advice does not."""

from __future__ import annotations

from tests.lab.amitap import AmiTap
from tests.lab.phones import Caller, Floor
from tests.lab.refer import refer
from tests.pbx.test_gate_mechanics import ANNA, BORIS, CLARA, NUMBER, in_bridge, leg, lunch, owes, support, talk
from tests.until import until


def consult(floor: Floor, tap: AmiTap, *, talk_ms: int) -> Caller:
    """Anna has the customer, asks Boris for advice, and Boris gives it."""
    floor.phone(ANNA)
    floor.phone(BORIS)
    caller = floor.caller(NUMBER, "7101", talk_ms=talk_ms)
    until(caller.answered, 10, "Anna talks")
    until(lambda: in_bridge(floor.pbx, tap, ANNA), 10, "both in the bridge")
    tap.action("Atxfer", Channel=leg(floor.pbx, tap, ANNA), Context=floor.pbx.shape.inside, Exten=f"{BORIS}#")
    until(lambda: all(in_bridge(floor.pbx, tap, one) for one in (ANNA, BORIS)), 20, "Boris talks with Anna")
    return caller


def test_who_picks_up_owes_and_not_who_was_rung(floor: Floor, tap: AmiTap) -> None:
    floor.phone(ANNA, answer_ms=None)
    lunch(floor.pbx, tap, BORIS, CLARA)
    caller = floor.caller(NUMBER, "7001", talk_ms=1500)
    leg(floor.pbx, tap, ANNA)
    until(lambda: floor.log().of(ANNA), 10, "Anna's phone rings")
    floor.agent_dials(BORIS, f"{floor.pbx.shape.pickup}{ANNA}", talk_ms=None)
    talk(caller)
    assert owes(floor.pbx, BORIS) == (support(floor), NUMBER, "7001")
    assert owes(floor.pbx, ANNA) == ()


def test_advice_owes_nothing_until_the_customer_is_handed_over(floor: Floor, tap: AmiTap) -> None:
    caller = consult(floor, tap, talk_ms=9_000)
    assert owes(floor.pbx, BORIS) == ()
    tap.action("Hangup", Channel=leg(floor.pbx, tap, ANNA))
    until(lambda: owes(floor.pbx, BORIS), 5, "Boris owing")
    assert not caller.ended()
    talk(caller)
    assert [owes(floor.pbx, agent) for agent in (ANNA, BORIS)] == [("", NUMBER, "7101")] * 2


def test_advice_after_which_the_customer_stays_owes_nothing(floor: Floor, tap: AmiTap) -> None:
    caller = consult(floor, tap, talk_ms=9_000)
    tap.action("Hangup", Channel=leg(floor.pbx, tap, BORIS))
    talk(caller)
    assert owes(floor.pbx, ANNA) == ("", NUMBER, "7101")
    assert owes(floor.pbx, BORIS) == ()


def test_a_transfer_by_the_phones_own_button_owes_too(floor: Floor, tap: AmiTap) -> None:
    anna, _ = floor.phone(ANNA), floor.phone(BORIS)
    caller = floor.caller(NUMBER, "7101", talk_ms=4000)
    until(lambda: in_bridge(floor.pbx, tap, ANNA), 10, "Anna talks")
    advice = floor.agent_dials(ANNA, BORIS, talk_ms=None)
    until(lambda: in_bridge(floor.pbx, tap, BORIS), 10, "Boris gives advice")
    assert owes(floor.pbx, BORIS) == ()
    assert refer(anna, BORIS, advice) == 202
    until(lambda: owes(floor.pbx, BORIS), 5, "Boris owing")
    assert not caller.ended()
    talk(caller)
    assert [owes(floor.pbx, agent) for agent in (ANNA, BORIS)] == [("", NUMBER, "7101")] * 2
