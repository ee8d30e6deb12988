"""The calls that are captured: each plays on a PBX of its own and says what happens."""

from __future__ import annotations

from collections.abc import Callable

from tests.captures import freepbx, hand_overs, shapes
from tests.captures.stage import ANNA, BORIS, CLARA, NUMBER, Stage, talking_leg
from tests.lab.asterisk import Asterisk
from tests.lab.freepbx.installed import freepbx as freepbx_with_ours
from tests.until import until

SHORT_RING = {"queues_local.conf": "[support](+)\ntimeout=2\n[sales](+)\ntimeout=3\n"}


def queue_rrmemory_answered(stage: Stage) -> None:
    """One agent at a time; the first rung answers."""
    for phone in (ANNA, BORIS, CLARA):
        stage.floor.phone(phone)
    stage.floor.caller(NUMBER, "7001")
    stage.over()


def queue_ringall_answered(stage: Stage) -> None:
    """Three phones ring, Boris is quickest."""
    stage.floor.phone(ANNA, answer_ms=None)
    stage.floor.phone(BORIS, answer_ms=700)
    stage.floor.phone(CLARA, answer_ms=None)
    stage.floor.caller(NUMBER, "7002")
    stage.over()


def queue_noanswer_then_next(stage: Stage) -> None:
    """The first phone rings in vain until one that answers has its turn."""
    stage.floor.phone(ANNA, answer_ms=None)
    stage.floor.phone(BORIS)
    stage.floor.phone(CLARA, answer_ms=None)
    stage.floor.caller(NUMBER, "7001")
    stage.over()


def queue_abandoned_waiting(stage: Stage) -> None:
    """Everybody is paused: no phone ever rings."""
    for agent in (ANNA, BORIS, CLARA):
        stage.taps[1].action("QueuePause", Interface=f"PJSIP/{agent}", Paused="true", Reason="lunch")
    paused = stage.taps[0]
    until(lambda: len(paused.events("QueueMemberPause")) == 6, 5, "three members paused in two queues")
    stage.floor.caller(NUMBER, "7001", patience_ms=2500)
    stage.over()


def queue_abandoned_ringing(stage: Stage) -> None:
    """He gives up while three phones ring."""
    for phone in (ANNA, BORIS, CLARA):
        stage.floor.phone(phone, answer_ms=None)
    stage.floor.caller(NUMBER, "7002", patience_ms=1500)
    stage.over()


def direct_did_answered(stage: Stage) -> None:
    """Anna's own number; she hangs up first."""
    stage.floor.phone(ANNA, talk_ms=1500)
    stage.floor.caller(NUMBER, "7101", talk_ms=None)
    stage.over()


def direct_did_abandoned(stage: Stage) -> None:
    """Anna's own number, nobody picks up, he gives up."""
    stage.floor.phone(ANNA, answer_ms=None)
    stage.floor.caller(NUMBER, "7101", patience_ms=1500)
    stage.over()


def withheld_anonymous(stage: Stage) -> None:
    """The anonymous caller of RFC 3323."""
    stage.floor.phone(ANNA)
    stage.floor.caller("anonymous", "7101", display="Anonymous", privacy=True)
    stage.over()


def withheld_unknown(stage: Stage) -> None:
    """A From without any user part."""
    stage.floor.phone(ANNA)
    stage.floor.caller("", "7101")
    stage.over()


def agent_to_agent(stage: Stage) -> None:
    """Colleagues talk; no customer anywhere."""
    stage.floor.phone(BORIS)
    stage.floor.agent_dials(ANNA, BORIS)
    stage.over()


def outgoing_answered(stage: Stage) -> None:
    """Anna rings a customer, who answers."""
    stage.floor.phone("trunk")
    stage.floor.agent_dials(ANNA, "89161234567")
    stage.over()


def reject_busy(stage: Stage) -> None:
    """Two phones press reject, the third answers."""
    stage.floor.phone(ANNA, busy=True)
    stage.floor.phone(BORIS, busy=True)
    stage.floor.phone(CLARA)
    stage.floor.caller(NUMBER, "7001")
    stage.over()


def hostile_callerid(stage: Stage) -> None:
    """A number that writes lines, a whole event, into the stream of whoever does not filter."""
    for phone in (ANNA, BORIS, CLARA):
        stage.floor.phone(phone)
    stage.floor.caller("7495%0d%0a%0d%0aEvent%3a%20Hangup%0d%0aUniqueid%3a%201.1%0d%0a", "7101")
    stage.over()
    stage.floor.caller("7495%0d%0aEvent%3a%20Hangup',$(id)$%7bEPOCH%7d%7c%22,x", "7001")
    stage.over()


def utf8_name(stage: Stage) -> None:
    """A name in Cyrillic; one with Azerbaijani letters, an apostrophe, quotes and a backslash."""
    names = ("Олена Гончаренко", 'Şəhla \\"Ə\\" O\'Brien \\\\')
    stage.floor.phone(ANNA)
    for index, name in enumerate(names):
        stage.floor.caller(f"7495123456{index}", "7101", display=name, talk_ms=300)
        stage.over()


def queue_timeout(stage: Stage) -> None:
    """Nobody answers; the queue's time is up, the dialplan apologises and hangs up."""
    for phone in (ANNA, BORIS, CLARA):
        stage.floor.phone(phone, answer_ms=None)
    stage.floor.caller(NUMBER, "7002", talk_ms=None)
    stage.over()


def back_to_back(stage: Stage) -> None:
    """One phone; the second customer waits until Anna owes nothing any more."""
    stage.floor.phone(ANNA)
    for agent in (BORIS, CLARA):
        stage.taps[1].action("QueuePause", Interface=f"PJSIP/{agent}", Paused="true", Reason="lunch")
    first = stage.floor.caller(NUMBER, "7001", talk_ms=1500)
    until(first.answered, 10, "the first customer answered")
    stage.floor.caller("74957654321", "7001", talk_ms=1000)
    until(first.ended, 10, "the first customer gone")
    settle(stage, "PJSIP/101")
    stage.over()


def settle(stage: Stage, interface: str) -> None:
    """What the product does once the outcome is logged."""
    stage.taps[1].action("DBDel", Family="callcenter-owes", Key=interface)
    stage.taps[1].action("QueuePause", Interface=interface, Paused="false")


def kill(stage: Stage) -> None:
    """Asterisk dies in the middle of a talk and comes back; then another customer rings."""
    stage.floor.phone(ANNA)
    stage.floor.phone(BORIS)
    first = stage.floor.caller(NUMBER, "7101", talk_ms=60_000)
    until(first.answered, 10, "talking")
    until(lambda: len(stage.taps[0].events("BridgeEnter")) == 2, 5, "two in the bridge")
    stage.pbx.kill()
    stage.pbx.start()
    stage.reconnect()
    second = stage.floor.caller("74957654321", "7102")
    until(second.ended, 20, "the second customer gone")
    until(lambda: "0 active channels" in stage.pbx.cli("core show channels count"), 10, "no channel left")


def restart(stage: Stage) -> None:
    """A tidy restart in the middle of a talk: everybody is hung up and told so."""
    stage.floor.phone(ANNA)
    first = stage.floor.caller(NUMBER, "7101", talk_ms=None)
    until(first.answered, 10, "talking")
    until(lambda: len(stage.taps[0].events("BridgeEnter")) == 2, 5, "two in the bridge")
    stage.pbx.restart()
    stage.reconnect()
    stage.floor.caller("74957654321", "7101", talk_ms=500)
    stage.over()


def two_calls_same_number(stage: Stage) -> None:
    """One customer, two lines at once, two agents."""
    stage.floor.phone(ANNA)
    stage.floor.phone(BORIS)
    stage.floor.caller(NUMBER, "7101")
    stage.floor.caller(NUMBER, "7102")
    stage.over()


def blind_transfer(stage: Stage) -> None:
    """Anna answers from the queue and hands the customer to Boris; both owe."""
    stage.floor.phone(ANNA)
    stage.floor.phone(BORIS)
    stage.floor.caller(NUMBER, "7001", talk_ms=3000)
    stage.taps[0].action("BlindTransfer", Channel=talking_leg(stage, ANNA), Context="agents", Exten=BORIS)
    stage.over()


def redirect(stage: Stage) -> None:
    """The same by AMI Redirect of the customer's channel: no transfer event at all."""
    stage.floor.phone(ANNA)
    stage.floor.phone(BORIS)
    stage.floor.caller(NUMBER, "7001", talk_ms=3000)
    talking_leg(stage, ANNA)
    customer = stage.taps[0].events("QueueCallerJoin")[0]["Channel"]
    stage.taps[0].action("Redirect", Channel=customer, Context="agents", Exten=BORIS, Priority="1")
    stage.over()


def ringall_two_answer(stage: Stage) -> None:
    """Two phones pick up in the same moment: both believe they have the customer, one has."""
    stage.floor.phone(ANNA, answer_ms=None)
    stage.floor.phone(BORIS, answer_ms=500)
    stage.floor.phone(CLARA, answer_ms=500)
    stage.floor.caller(NUMBER, "7002")
    stage.over()


def attended_transfer(stage: Stage) -> None:
    """Anna asks Boris first (AMI Atxfer), then hangs up: he has the customer."""
    stage.floor.phone(ANNA, talk_ms=6000)
    stage.floor.phone(BORIS)
    stage.floor.caller(NUMBER, "7001", talk_ms=8000)
    stage.taps[0].action("Atxfer", Channel=talking_leg(stage, ANNA), Context="agents", Exten=BORIS)
    stage.over()


def transfer_to_queue(stage: Stage) -> None:
    """Anna sends the customer on to the other queue; he is one call with two visits."""
    stage.floor.phone(ANNA)
    stage.floor.phone(BORIS, answer_ms=600)
    stage.floor.phone(CLARA, answer_ms=None)
    stage.floor.caller(NUMBER, "7001", talk_ms=3000)
    stage.taps[0].action("BlindTransfer", Channel=talking_leg(stage, ANNA), Context="agents", Exten="7002")
    stage.over()


SCENARIOS: dict[str, Callable[[Stage], None]] = {
    scene.__name__: scene
    for scene in (
        queue_rrmemory_answered, queue_ringall_answered, queue_noanswer_then_next, queue_abandoned_waiting,
        queue_abandoned_ringing, direct_did_answered, direct_did_abandoned, withheld_anonymous, withheld_unknown,
        agent_to_agent, outgoing_answered, reject_busy, hostile_callerid, utf8_name, queue_timeout, back_to_back,
        kill, restart, two_calls_same_number, blind_transfer, redirect, attended_transfer, transfer_to_queue,
        ringall_two_answer, *hand_overs.SCENES, *shapes.SCENES, *freepbx.SCENES,
    )
}  # fmt: skip
EXTRA = {
    **hand_overs.EXTRA,
    **shapes.EXTRA,
    "queue_noanswer_then_next": SHORT_RING,
    "queue_timeout": {**SHORT_RING, "extensions_local.conf": "[globals]\nQUEUE_TIMEOUT=4\n"},
}


def pbx_of(name: str) -> Asterisk:
    """The PBX a scene plays on, not started."""
    if SCENARIOS[name] in freepbx.SCENES:
        return freepbx_with_ours(freepbx.EXTRA)
    return Asterisk(EXTRA.get(name))
