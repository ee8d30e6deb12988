"""Captured calls of every other shape: hunts and groups, Local channels, phones that are elsewhere or not there, ways
out of a queue, calls that go out."""

from __future__ import annotations

from tests.captures.stage import ANNA, BORIS, CLARA, NUMBER, Stage, talking_leg
from tests.lab.others import gives_up, moved, refusing
from tests.until import until

MOBILE = "89160000101"
ROUTES = {
    "extensions_local.conf": f"""
[globals]
QUEUE_TIMEOUT=20
[from-trunk]
exten => 7201,1,Gosub(callcenter-direct,s,1(${{EXTEN}}))
 same => n,Dial(PJSIP/101&PJSIP/102&PJSIP/103,20)
exten => 7202,1,Gosub(callcenter-direct,s,1(${{EXTEN}}))
 same => n(again),Dial(PJSIP/101,1)
 same => n,Dial(PJSIP/102,1)
 same => n,Goto(again)
exten => 7203,1,Gosub(callcenter-queue,s,1(far,${{EXTEN}}))
 same => n,Queue(far,rt,,,20)
exten => 7204,1,Gosub(callcenter-queue,s,1(folding,${{EXTEN}}))
 same => n,Queue(folding,rt,,,20)
exten => 7205,1,Gosub(callcenter-direct,s,1(${{EXTEN}}))
 same => n,Dial(Local/7206@inner/n,20)
exten => 7207,1,Gosub(callcenter-direct,s,1(${{EXTEN}}))
 same => n,Dial(PJSIP/101&Local/{MOBILE}@away/n,20)
exten => 7208,1,Gosub(callcenter-direct,s,1(${{EXTEN}}))
 same => n,Set(__FORWARD_CONTEXT=away)
 same => n,Dial(PJSIP/101,20)
exten => 7209,1,Gosub(callcenter-direct,s,1(${{EXTEN}}))
 same => n,Set(contact=${{PJSIP_DIAL_CONTACTS(103)}})
 same => n,Dial(PJSIP/101&PJSIP/101/${{CUT(contact,/,3)}},20)
exten => 7210,1,Gosub(callcenter-queue,s,1(closed,${{EXTEN}}))
 same => n,Queue(closed,rt,,,20)
 same => n,Hangup()
exten => 7211,1,Gosub(callcenter-queue,s,1(narrow,${{EXTEN}}))
 same => n,Queue(narrow,rt,,,20)
 same => n,Hangup()
exten => 7212,1,Gosub(callcenter-queue,s,1(keyed,${{EXTEN}}))
 same => n,Answer()
 same => n,Queue(keyed,rt,,,20)
exten => 7213,1,Gosub(callcenter-queue,s,1(brief,${{EXTEN}}))
 same => n,Queue(brief,rt,,,2)
 same => n,Answer()
 same => n,VoiceMail(support@default,s)
 same => n,Hangup()
exten => 7214,1,Gosub(callcenter-direct,s,1(${{EXTEN}},PJSIP/nowhere))
 same => n,Dial(PJSIP/nowhere,20)
 same => n,Hangup()
[inner]
exten => 7206,1,Dial(Local/101@agents,20)
[keys]
exten => 1,1,Playback(vm-goodbye)
 same => n,Hangup()
[away]
exten => _X.,1,Dial(PJSIP/${{EXTEN}}@trunk,20)
exten => _1XX,1,Dial(PJSIP/${{EXTEN}},20)
[wrapped]
exten => _X.,1,Gosub(sub-out,s,1(${{EXTEN}}))
[sub-out]
exten => s,1,Set(CALLERID(num)=74950000000)
 same => n,Dial(PJSIP/${{ARG1}}@trunk,20)
 same => n,Return()
[agents]
exten => _9X.,1,Goto(wrapped,${{EXTEN:1}},1)
""",
    "queues_local.conf": """
[far](callcenter-queue)
timeout=4
member => Local/101@agents/n,0,Anna,PJSIP/101
member => Local/102@agents/n,0,Boris,PJSIP/102
[folding](callcenter-queue)
timeout=4
member => Local/101@agents,0,Anna,PJSIP/101
[closed](callcenter-queue)
[narrow](callcenter-queue)
maxlen=1
member => PJSIP/101,0,Anna,PJSIP/101
[keyed](callcenter-queue)
context=keys
member => PJSIP/101,0,Anna,PJSIP/101
[brief](callcenter-queue)
timeout=5
member => PJSIP/101,0,Anna,PJSIP/101
""",
    "pjsip_local.conf": "\n[nowhere](phone)\naors=nowhere\n[nowhere](phone-aor)\n",
}


def group(stage: Stage) -> None:
    """Three phones ring at once by Dial, Boris takes it."""
    stage.floor.phone(ANNA, answer_ms=None)
    stage.floor.phone(BORIS, answer_ms=700)
    stage.floor.phone(CLARA, answer_ms=None)
    stage.floor.caller(NUMBER, "7201", talk_ms=1000)
    stage.over()


def hunt(stage: Stage) -> None:
    """Anna, Boris, Anna, Boris ...: two rounds ring in vain, then he gives up."""
    stage.floor.phone(ANNA, answer_ms=None)
    stage.floor.phone(BORIS, answer_ms=None)
    stage.floor.caller(NUMBER, "7202", patience_ms=5000)
    stage.over()


def hunt_answered(stage: Stage) -> None:
    """Anna is rung in vain, then Boris answers."""
    stage.floor.phone(ANNA, answer_ms=None)
    stage.floor.phone(BORIS)
    stage.floor.caller(NUMBER, "7202", talk_ms=1000)
    stage.over()


def far_member(stage: Stage) -> None:
    """A queue of Local channels that stay (/n): Anna does not answer, Boris does."""
    stage.floor.phone(ANNA, answer_ms=None)
    stage.floor.phone(BORIS)
    stage.floor.caller(NUMBER, "7203", talk_ms=1500)
    stage.over()


def folding_member(stage: Stage) -> None:
    """A queue of Local channels that fold away once answered."""
    stage.floor.phone(ANNA)
    stage.floor.caller(NUMBER, "7204", talk_ms=1500)
    stage.over()


def nested_local(stage: Stage) -> None:
    """A Local channel that dials another, which dials Anna."""
    stage.floor.phone(ANNA)
    stage.floor.caller(NUMBER, "7205", talk_ms=1500)
    stage.over()


def call_waiting(stage: Stage) -> None:
    """A second customer rings while Anna talks, and gives up."""
    stage.floor.phone(ANNA, answer_ms=700)
    stage.floor.caller(NUMBER, "7101", talk_ms=4000)
    talking_leg(stage, ANNA)
    stage.floor.caller("74957654321", "7101", patience_ms=500)
    stage.over()


def follow_me(stage: Stage) -> None:
    """Anna's desk and her mobile ring; she answers the mobile."""
    stage.floor.phone(ANNA, answer_ms=None)
    stage.floor.phone("trunk", answer_ms=700)
    stage.floor.caller(NUMBER, "7207", talk_ms=1500)
    stage.over()


def follow_me_at_desk(stage: Stage) -> None:
    """Anna's desk and her mobile ring; she answers at her desk."""
    stage.floor.phone(ANNA, answer_ms=700)
    stage.floor.phone("trunk", answer_ms=None)
    stage.floor.caller(NUMBER, "7207", talk_ms=1500)
    stage.over()


def moved_outside(stage: Stage) -> None:
    """Anna's phone sends its calls on to her mobile (302)."""
    moved(stage.floor, ANNA, MOBILE)
    stage.floor.phone("trunk", answer_ms=500)
    stage.floor.caller(NUMBER, "7208", talk_ms=1500)
    stage.over()


def moved_to_colleague(stage: Stage) -> None:
    """Anna's phone sends its calls on to Boris (302)."""
    moved(stage.floor, ANNA, BORIS)
    stage.floor.phone(BORIS, answer_ms=500)
    stage.floor.caller(NUMBER, "7208", talk_ms=1500)
    stage.over()


def two_contacts(stage: Stage) -> None:
    """Anna's line has two phones; both ring, the second is answered."""
    stage.floor.phone(ANNA, answer_ms=None)
    stage.floor.phone(CLARA, answer_ms=700)
    stage.floor.caller(NUMBER, "7209", talk_ms=1000)
    stage.over()


def one_contact_rejects(stage: Stage) -> None:
    """Anna's line has two phones; one is rejected while the other rings on and is answered."""
    stage.floor.phone(ANNA, busy=True, rings=True)
    stage.floor.phone(CLARA, answer_ms=1500)
    stage.floor.caller(NUMBER, "7209", talk_ms=1000)
    stage.over()


def queue_closed(stage: Stage) -> None:
    """Nobody is in the queue: it does not let him in."""
    stage.floor.caller(NUMBER, "7210")
    stage.over()


def queue_full(stage: Stage) -> None:
    """One waits, the queue holds no second."""
    stage.floor.phone(ANNA, answer_ms=None)
    stage.floor.caller(NUMBER, "7211", patience_ms=2500)
    until(lambda: stage.taps[0].events("QueueCallerJoin"), 10, "one waiting")
    stage.floor.caller("74957654321", "7211")
    stage.over()


def queue_key(stage: Stage) -> None:
    """He presses 1 and leaves the queue."""
    stage.taps[1].action("QueuePause", Interface=f"PJSIP/{ANNA}", Paused="true", Reason="lunch")
    stage.floor.caller(NUMBER, "7212", talk_ms=None)
    until(lambda: stage.taps[0].events("QueueCallerJoin"), 10, "waiting")
    customer = stage.taps[0].events("QueueCallerJoin")[0]["Channel"]
    stage.taps[0].action("PlayDTMF", Channel=customer, Digit="1", Duration="120", Receive="true")
    stage.over()


def voicemail(stage: Stage) -> None:
    """The queue's time is up; he leaves a message."""
    stage.floor.phone(ANNA, answer_ms=None)
    stage.floor.caller(NUMBER, "7213", talk_ms=9000)
    stage.over()


def voicemail_declined(stage: Stage) -> None:
    """The queue's time is up; he hangs up before the tone."""
    stage.floor.phone(ANNA, answer_ms=None)
    stage.floor.caller(NUMBER, "7213", talk_ms=500)
    stage.over()


def not_there(stage: Stage) -> None:
    """Anna's phone is unplugged: it never rings."""
    stage.floor.caller(NUMBER, "7101", patience_ms=9000)
    stage.over()


def never_registered(stage: Stage) -> None:
    """A phone that never registered: the PBX knows no address for it."""
    stage.floor.caller(NUMBER, "7214", patience_ms=5000)
    stage.over()


def presented_as_private(stage: Stage) -> None:
    """A real number whose owner asked to hide it (Privacy: id)."""
    stage.floor.phone(ANNA)
    stage.floor.caller(NUMBER, "7101", privacy=True, talk_ms=800)
    stage.over()


def asserted_as_private(stage: Stage) -> None:
    """An anonymous caller whose trusted provider tells the number all the same (P-Asserted-Identity, Privacy: id)."""
    stage.floor.phone(ANNA)
    stage.floor.caller("anonymous", "7101", display="Anonymous", privacy=True, asserted=NUMBER, talk_ms=800)
    stage.over()


def outgoing(stage: Stage, prefix: str = "") -> None:
    stage.floor.agent_dials(ANNA, f"{prefix}89161234567", talk_ms=800)
    stage.over()


def outgoing_busy(stage: Stage) -> None:
    """The customer is busy."""
    stage.floor.phone("trunk", busy=True)
    outgoing(stage)


def outgoing_wrong(stage: Stage) -> None:
    """There is no such number."""
    refusing(stage.floor, "trunk", "404 Not Found")
    outgoing(stage)


def outgoing_congested(stage: Stage) -> None:
    """The provider has no line."""
    refusing(stage.floor, "trunk", "503 Service Unavailable")
    outgoing(stage)


def outgoing_given_up(stage: Stage) -> None:
    """Anna hangs up before the customer answers."""
    stage.floor.phone("trunk", answer_ms=None)
    gives_up(stage.floor, ANNA, "89161234567", 1500)
    stage.over()


def outgoing_wrapped(stage: Stage) -> None:
    """The way out leads through a subroutine that shows the company's number."""
    stage.floor.phone("trunk")
    outgoing(stage, "9")


SCENES = (
    group, far_member, folding_member, nested_local, call_waiting, follow_me, follow_me_at_desk, moved_outside,
    moved_to_colleague, two_contacts, one_contact_rejects, queue_closed, queue_full, queue_key, voicemail,
    voicemail_declined, not_there, never_registered, presented_as_private, asserted_as_private, outgoing_busy,
    outgoing_wrong, outgoing_congested, outgoing_given_up, outgoing_wrapped, hunt, hunt_answered,
)  # fmt: skip
TRUSTING = {**ROUTES, "pjsip_local.conf": f"{ROUTES['pjsip_local.conf']}[anonymous](+)\ntrust_id_inbound=yes\n"}
EXTRA = {**{scene.__name__: ROUTES for scene in SCENES}, "asserted_as_private": TRUSTING}
