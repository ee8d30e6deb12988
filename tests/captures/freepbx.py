"""Captured calls of a PBX in the shape of FreePBX: persons apart from their devices, Local members, routes that rewrite
who calls; with the include-only variant on it."""

from __future__ import annotations

from typing import Final

from tests.captures.stage import ANNA, BORIS, CLARA, NUMBER, Stage, talking_leg
from tests.lab.refer import refer
from tests.lab.render import CONF
from tests.until import until

EXTRA: Final = {
    "cel_custom.conf": (CONF / "cel_custom.conf").read_text(),
    "queues_post_custom.conf": "[600](+)\ntimeout=2\n",
    "modules.conf": "noload=app_voicemail_odbc.so\nnoload=app_voicemail_imap.so\n",
    "voicemail.conf": "[general]\nformat=wav\nminsecs=1\nmaxsilence=2\n[default]\n101 => -7394,Anna Rossi\n",
    # a ring group, and a queue whose time is up before anybody answers: as FreePBX generates them
    "extensions_override_freepbx.conf": """
[ext-did]
exten => 7304,1,Set(__FROM_DID=${EXTEN})
 same => n,Set(CALLERID(num)=7${CALLERID(num):1})
 same => n,Goto(ext-group,610,1)
exten => 7305,1,Set(__FROM_DID=${EXTEN})
 same => n,Set(CALLERID(num)=7${CALLERID(num):1})
 same => n,Goto(ext-queues,605,1)
[ext-group]
exten => 610,1,Gosub(macro-user-callerid,s,1())
 same => n,Set(__RINGTIMER=20)
 same => n,Set(RingGroupMethod=ringall)
 same => n,Set(DSTRING=${PJSIP_DIAL_CONTACTS(2001)}&${PJSIP_DIAL_CONTACTS(2002)}&Local/103@from-internal/n)
 same => n,Dial(${DSTRING},20,${DIAL_OPTIONS}b(func-apply-sipheaders^s^1))
 same => n,Hangup()
[ext-queues]
exten => 605,1,Gosub(macro-user-callerid,s,1())
 same => n,Set(__NODEST=${EXTEN})
 same => n,Set(__QCONTEXT=0)
 same => n,Queue(600,tr,,,3,,${QGOSUB},,)
 same => n,Set(__NODEST=)
 same => n,Goto(ext-local,vmu101,1)
[ext-local]
exten => vmu101,1,Gosub(macro-vm,s,1(101,NOANSWER,))
 same => n,Hangup()
[macro-vm]
exten => s,1,Answer()
 same => n,VoiceMail(${ARG1}@default,su)
 same => n,Return()
""",
}


def freepbx_queue_answered(stage: Stage) -> None:
    """The first whom the queue rings answers, behind a Local channel that stays."""
    stage.floor.phone(ANNA)
    stage.floor.caller(NUMBER, "7001", talk_ms=1500)
    stage.over()


def freepbx_queue_noanswer_then_next(stage: Stage) -> None:
    """Anna does not answer, Boris does."""
    stage.floor.phone(ANNA, answer_ms=None)
    stage.floor.phone(BORIS)
    stage.floor.caller(NUMBER, "7001", talk_ms=1500)
    stage.over()


def freepbx_direct(stage: Stage) -> None:
    """Anna's own number; she hangs up first."""
    stage.floor.phone(ANNA, talk_ms=1500)
    stage.floor.caller(NUMBER, "7101", talk_ms=None)
    stage.over()


def freepbx_group(stage: Stage) -> None:
    """A ring group of two persons' devices and one behind a Local channel; Boris takes it."""
    stage.floor.phone(ANNA, answer_ms=None)
    stage.floor.phone(BORIS, answer_ms=700)
    stage.floor.phone(CLARA, answer_ms=None)
    stage.floor.caller(NUMBER, "7304", talk_ms=1000)
    stage.over()


def freepbx_follow_me(stage: Stage) -> None:
    """Clara's desk and her mobile ring; she answers the mobile."""
    stage.floor.phone(CLARA, answer_ms=None)
    stage.floor.phone("trunk", answer_ms=700)
    stage.floor.caller(NUMBER, "7303", talk_ms=1500)
    stage.over()


def freepbx_blind(stage: Stage) -> None:
    """Anna has him from the queue and presses the transfer button of her phone: Boris has the customer."""
    anna = stage.floor.phone(ANNA)
    stage.floor.phone(BORIS)
    stage.floor.caller(NUMBER, "7001", talk_ms=3500)
    talking_leg(stage, ANNA)
    assert refer(anna, BORIS) == 202
    stage.over()


def freepbx_attended(stage: Stage) -> None:
    """Anna asks Boris on a second line, then joins the two (REFER with Replaces)."""
    anna = stage.floor.phone(ANNA)
    stage.floor.phone(BORIS)
    stage.floor.caller(NUMBER, "7001", talk_ms=5000)
    talking_leg(stage, ANNA)
    advice = stage.floor.agent_dials(ANNA, BORIS, talk_ms=None)
    until(advice.answered, 10, "Boris giving advice")
    assert refer(anna, BORIS, advice) == 202
    stage.over()


def freepbx_to_queue(stage: Stage) -> None:
    """Anna sends the customer on to the other queue, where Boris answers."""
    anna = stage.floor.phone(ANNA)
    stage.floor.phone(BORIS, answer_ms=600)
    stage.floor.phone(CLARA, answer_ms=None)
    stage.floor.caller(NUMBER, "7001", talk_ms=3500)
    talking_leg(stage, ANNA)
    assert refer(anna, "601") == 202
    stage.over()


def freepbx_parked_and_fetched(stage: Stage) -> None:
    """Anna parks the customer, Boris fetches him."""
    anna = stage.floor.phone(ANNA)
    customer = stage.floor.caller(NUMBER, "7101", talk_ms=6000)
    talking_leg(stage, ANNA)
    assert refer(anna, "70") == 202
    (parked,) = until(lambda: stage.taps[0].events("ParkedCall"), 10, "parked")
    stage.floor.agent_dials(BORIS, parked["ParkingSpace"], talk_ms=None)
    until(customer.ended, 20, "the end")
    stage.over()


def freepbx_picked_up(stage: Stage) -> None:
    """The queue rings Anna, Boris takes the call (**101)."""
    anna = stage.floor.phone(ANNA, answer_ms=None)
    customer = stage.floor.caller(NUMBER, "7001", talk_ms=2500)
    until(anna.offers, 10, "Anna ringing")
    stage.floor.agent_dials(BORIS, f"**{ANNA}", talk_ms=None)
    until(customer.ended, 20, "the end")
    stage.over()


def freepbx_voicemail(stage: Stage) -> None:
    """The queue's time is up; he leaves a message for Anna."""
    stage.floor.phone(ANNA, answer_ms=None)
    stage.floor.caller(NUMBER, "7305", talk_ms=14_000)
    stage.over()


def freepbx_outgoing(stage: Stage) -> None:
    """Anna dials a customer, whose number a route rewrites."""
    stage.floor.phone("trunk")
    stage.floor.agent_dials(ANNA, "89161234567", talk_ms=800)
    stage.over()


SCENES: Final = (
    freepbx_queue_answered, freepbx_queue_noanswer_then_next, freepbx_direct, freepbx_group, freepbx_follow_me,
    freepbx_blind, freepbx_attended, freepbx_to_queue, freepbx_parked_and_fetched, freepbx_picked_up,
    freepbx_voicemail, freepbx_outgoing,
)  # fmt: skip
