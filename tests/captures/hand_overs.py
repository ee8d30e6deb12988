"""Captured calls in which the customer is handed on, put aside, taken by another or heard by several."""

from __future__ import annotations

from tests.captures.stage import ANNA, BORIS, CLARA, NUMBER, Stage, keys, talking_leg
from tests.lab.phones import Phone
from tests.lab.refer import hold, refer, resume
from tests.until import until

CONFERENCE = {"extensions_local.conf": "[conference]\nexten => _8XX,1,ConfBridge(${EXTEN})\n"}
IMPATIENT_COLLEAGUE = {"features.conf": "[general](+)\natxfernoanswertimeout=2\natxfercallbackretries=1\n"}
PATIENT_COLLEAGUE = {"features.conf": "[general](+)\natxfernoanswertimeout=6\natxfercallbackretries=1\n"}
SHORT_PARKING = {"res_parking.conf": "[default](+)\nparkingtime=2\n"}


def blind_refer(stage: Stage) -> None:
    """Anna presses the transfer button of her phone (REFER): Boris has the customer."""
    anna = stage.floor.phone(ANNA)
    stage.floor.phone(BORIS)
    stage.floor.caller(NUMBER, "7101", talk_ms=3000)
    talking_leg(stage, ANNA)
    assert refer(anna, BORIS) == 202
    stage.over()


def blind_keys(stage: Stage) -> None:
    """Anna dials #1 102 in the talk."""
    stage.floor.phone(ANNA)
    stage.floor.phone(BORIS)
    stage.floor.caller(NUMBER, "7101", talk_ms=6000)
    keys(stage.taps[0], talking_leg(stage, ANNA), f"#1{BORIS}")
    stage.over()


def blind_unanswered(stage: Stage) -> None:
    """Boris does not pick up; the customer gives up."""
    anna = stage.floor.phone(ANNA)
    stage.floor.phone(BORIS, answer_ms=None)
    stage.floor.caller(NUMBER, "7101", talk_ms=3000)
    talking_leg(stage, ANNA)
    assert refer(anna, BORIS) == 202
    stage.over()


def attended_refer(stage: Stage) -> None:
    """Anna asks Boris on a second line, then joins the two (REFER with Replaces)."""
    anna = stage.floor.phone(ANNA)
    stage.floor.phone(BORIS)
    stage.floor.caller(NUMBER, "7101", talk_ms=5000)
    talking_leg(stage, ANNA)
    advice = stage.floor.agent_dials(ANNA, BORIS, talk_ms=None)
    until(advice.answered, 10, "Boris giving advice")
    assert refer(anna, BORIS, advice) == 202
    stage.over()


def attended_keys(stage: Stage) -> None:
    """Anna dials *2 102, talks with Boris, hangs up: he has the customer."""
    anna = stage.floor.phone(ANNA, talk_ms=6000)
    boris = stage.floor.phone(BORIS)
    stage.floor.caller(NUMBER, "7101", talk_ms=9000)
    keys(stage.taps[0], talking_leg(stage, ANNA), f"*2{BORIS}")
    until(boris.taken, 10, "Boris giving advice")
    until(lambda: [o for o in anna.offers() if o.ended_at], 10, "Anna gone")
    stage.over()


def consult_cancelled(stage: Stage) -> None:
    """Anna asks Boris and goes back to the customer (*1): nothing was handed over."""
    stage.floor.phone(ANNA)
    boris = stage.floor.phone(BORIS)
    stage.floor.caller(NUMBER, "7101", talk_ms=7000)
    leg = talking_leg(stage, ANNA)
    stage.taps[0].action("Atxfer", Channel=leg, Context="agents", Exten=BORIS)
    until(boris.taken, 10, "Boris giving advice")
    keys(stage.taps[0], leg, "*1")
    stage.over()


def consult_refused(stage: Stage) -> None:
    """Boris is busy: the customer is back with Anna."""
    stage.floor.phone(ANNA)
    stage.floor.phone(BORIS, busy=True)
    stage.floor.caller(NUMBER, "7101", talk_ms=5000)
    stage.taps[0].action("Atxfer", Channel=talking_leg(stage, ANNA), Context="agents", Exten=BORIS)
    stage.over()


def blonde(stage: Stage) -> None:
    """Anna hangs up while Boris' phone still rings; he answers."""
    anna = stage.floor.phone(ANNA, talk_ms=5000)
    boris = stage.floor.phone(BORIS, answer_ms=4000)
    stage.floor.caller(NUMBER, "7101", talk_ms=11_000)
    stage.taps[0].action("Atxfer", Channel=talking_leg(stage, ANNA), Context="agents", Exten=BORIS)
    until(boris.offers, 10, "Boris ringing")
    until(lambda: [o for o in anna.offers() if o.ended_at], 10, "Anna gone")
    stage.over()


def blonde_returned(stage: Stage) -> None:
    """Anna hangs up while Boris' phone rings in vain: hers rings again, and she has the customer back."""
    stage.floor.phone(ANNA, talk_ms=5000)
    stage.floor.phone(BORIS, answer_ms=None)
    stage.floor.caller(NUMBER, "7101", talk_ms=14_000)
    stage.taps[0].action("Atxfer", Channel=talking_leg(stage, ANNA), Context="agents", Exten=BORIS)
    stage.over()


def blonde_taken_off(stage: Stage) -> None:
    """As before, but her leg is taken off by the PBX (AMI Hangup), and Boris' phone rings for long before hers does."""
    stage.floor.phone(ANNA, talk_ms=None)
    boris = stage.floor.phone(BORIS, answer_ms=None)
    caller = stage.floor.caller(NUMBER, "7101", talk_ms=14_000)
    leg = talking_leg(stage, ANNA)
    stage.taps[0].action("Atxfer", Channel=leg, Context="agents", Exten=f"{BORIS}#")
    until(boris.offers, 10, "Boris ringing")
    stage.taps[0].action("Hangup", Channel=leg)
    until(caller.ended, 30, "the end")
    stage.over()


def three_way(stage: Stage) -> None:
    """Anna asks Boris and brings all three together (*3); she leaves, then Boris is alone with the customer."""
    stage.floor.phone(ANNA, talk_ms=6000)
    boris = stage.floor.phone(BORIS)
    stage.floor.caller(NUMBER, "7101", talk_ms=9000)
    leg = talking_leg(stage, ANNA)
    stage.taps[0].action("Atxfer", Channel=leg, Context="agents", Exten=BORIS)
    until(boris.taken, 10, "Boris giving advice")
    keys(stage.taps[0], leg, "*3")
    stage.over()


def parked_and_fetched(stage: Stage) -> None:
    """Anna parks the customer, Boris fetches him."""
    anna = stage.floor.phone(ANNA)
    stage.floor.phone(BORIS)
    customer = stage.floor.caller(NUMBER, "7101", talk_ms=6000)
    talking_leg(stage, ANNA)
    assert refer(anna, "700") == 202
    (parked,) = until(lambda: stage.taps[0].events("ParkedCall"), 10, "parked")
    stage.floor.agent_dials(BORIS, parked["ParkingSpace"], talk_ms=None)
    until(customer.ended, 20, "the end")
    stage.over()


def parked_too_long(stage: Stage) -> None:
    """Nobody fetches him: he rings at Anna's again, who answers."""
    anna = stage.floor.phone(ANNA)
    stage.floor.caller(NUMBER, "7101", talk_ms=7000)
    talking_leg(stage, ANNA)
    assert refer(anna, "700") == 202
    stage.over()


def parked_gives_up(stage: Stage) -> None:
    """The customer hangs up on the shelf."""
    anna = stage.floor.phone(ANNA)
    stage.floor.caller(NUMBER, "7101", talk_ms=2500)
    talking_leg(stage, ANNA)
    assert refer(anna, "700") == 202
    stage.over()


def picked_up_direct(stage: Stage) -> None:
    """Anna's phone rings, Boris takes the call (*8101)."""
    anna = stage.floor.phone(ANNA, answer_ms=None)
    customer = stage.floor.caller(NUMBER, "7101", talk_ms=2500)
    until(anna.offers, 10, "Anna ringing")
    stage.floor.agent_dials(BORIS, f"*8{ANNA}", talk_ms=None)
    until(customer.ended, 20, "the end")
    stage.over()


def picked_up_from_queue(stage: Stage) -> None:
    """The queue rings Anna and Clara, Boris takes the call (*8)."""
    anna = stage.floor.phone(ANNA, answer_ms=None)
    stage.floor.phone(BORIS, answer_ms=None)
    stage.floor.phone(CLARA, answer_ms=None)
    customer = stage.floor.caller(NUMBER, "7002", talk_ms=2500)
    until(anna.offers, 10, "Anna ringing")
    stage.floor.agent_dials(BORIS, f"*8{ANNA}", talk_ms=None)
    until(customer.ended, 20, "the end")
    stage.over()


def held_and_back(stage: Stage) -> None:
    """Anna puts the customer on hold for a while."""
    anna = stage.floor.phone(ANNA)
    stage.floor.caller(NUMBER, "7101", talk_ms=4000)
    talking_leg(stage, ANNA)
    on_hold(stage, anna)
    resume(anna)
    stage.over()


def abandoned_on_hold(stage: Stage) -> None:
    """The customer hangs up on hold: an answered call all the same."""
    anna = stage.floor.phone(ANNA)
    stage.floor.caller(NUMBER, "7101", talk_ms=2500)
    talking_leg(stage, ANNA)
    on_hold(stage, anna)
    stage.over()


def on_hold(stage: Stage, phone: Phone) -> None:
    hold(phone)
    until(lambda: stage.taps[0].events("Hold"), 5, "on hold")


def conference(stage: Stage) -> None:
    """Anna takes the customer into a conference room, Boris comes in as well; Anna leaves first."""
    stage.floor.phone(ANNA, talk_ms=4000)
    stage.floor.phone(BORIS, talk_ms=5000)
    stage.floor.caller(NUMBER, "7101", talk_ms=7000)
    leg = talking_leg(stage, ANNA)
    customer = next(e["Channel"] for e in stage.taps[0].events("BridgeEnter") if e["Channel"] != leg)
    stage.taps[0].action(
        "Redirect", Channel=customer, ExtraChannel=leg, Context="conference", Exten="800", Priority="1",
        ExtraContext="conference", ExtraExten="800", ExtraPriority="1",
    )  # fmt: skip
    until(lambda: len(stage.taps[0].events("ConfbridgeJoin")) == 2, 5, "both in the room")
    stage.taps[0].action(
        "Originate", Channel=f"PJSIP/{BORIS}", Context="conference", Exten="800", Priority="1", Async="true"
    )
    until(lambda: len(stage.taps[0].events("ConfbridgeJoin")) == 3, 5, "Boris too")
    stage.over()


def listened_to(stage: Stage) -> None:
    """Clara listens to Anna's talk (ChanSpy) and never speaks with the customer."""
    stage.floor.phone(ANNA)
    stage.floor.phone(CLARA)
    customer = stage.floor.caller(NUMBER, "7101", talk_ms=3000)
    talking_leg(stage, ANNA)
    stage.taps[0].action(
        "Originate", Channel=f"PJSIP/{CLARA}", Application="ChanSpy", Data=f"PJSIP/{ANNA},qB", Async="true"
    )
    until(lambda: stage.taps[0].events("ChanSpyStart"), 5, "listening")
    until(customer.ended, 10, "the customer gone")
    stage.pbx.cli("channel request hangup all")
    stage.over()


SCENES = (
    blind_refer, blind_keys, blind_unanswered, attended_refer, attended_keys, consult_cancelled, consult_refused,
    blonde, blonde_returned, blonde_taken_off, three_way, parked_and_fetched, parked_too_long, parked_gives_up,
    picked_up_direct, picked_up_from_queue, held_and_back, abandoned_on_hold, conference, listened_to,
)  # fmt: skip
EXTRA = {
    "conference": CONFERENCE,
    "blonde_returned": IMPATIENT_COLLEAGUE,
    "blonde_taken_off": PATIENT_COLLEAGUE,
    "parked_too_long": SHORT_PARKING,
}
