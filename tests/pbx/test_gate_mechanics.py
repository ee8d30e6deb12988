"""The gate as Asterisk itself keeps it, with no CRM alive: what the phones saw, nothing less."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.lab.amitap import AmiTap
from tests.lab.asterisk import Asterisk
from tests.lab.phones import Caller, Floor
from tests.until import at_moment, until

ANNA, BORIS, CLARA = "101", "102", "103"
NUMBER, OTHER = "74951234567", "74957654321"
DEBT = re.compile(r"\d+\.\d+\|\d{10}\|(\w*)\|([^|]*)\|([^|]*)")
NO_GATE = {"queues_local.conf": "[support](+)\nmembergosub=\n"}


def lunch(pbx: Asterisk, tap: AmiTap, *agents: str) -> None:
    """Take agents out of all queues for a reason that is not a debt."""
    for agent in agents:
        tap.action("QueuePause", Interface=pbx.shape.interface(agent), Paused="true", Reason="lunch")
    until(lambda: len(tap.events("QueueMemberPause")) >= 2 * len(agents), 5, "paused in both queues")


def settle(pbx: Asterisk, tap: AmiTap, agent: str) -> None:
    """What the product does once nothing is owed."""
    tap.action("DBDel", Family="callcenter-owes", Key=pbx.shape.interface(agent))
    tap.action("QueuePause", Interface=pbx.shape.interface(agent), Paused="false")


def owes(pbx: Asterisk, agent: str) -> tuple[str, ...]:
    """Queue, number and DID of the agent's debt; empty when there is none."""
    match = DEBT.fullmatch(pbx.database("callcenter-owes").get(pbx.shape.interface(agent), ""))
    return match.groups() if match else ()


def owed_calls(pbx: Asterisk, agent: str) -> list[str]:
    """Numbers of all customers the agent owes for, the oldest first."""
    above = f"{pbx.shape.interface(agent)}/"
    return [row.split("|")[3] for key, row in sorted(pbx.database("callcenter-debts").items()) if key.startswith(above)]


def leg(pbx: Asterisk, tap: AmiTap, agent: str) -> str:
    """The newest channel of the agent's phone."""
    name = f"{pbx.shape.device(agent)}-"
    return until(lambda: [e["Channel"] for e in tap.events("Newchannel") if e["Channel"].startswith(name)], 10, name)[
        -1
    ]


def in_bridge(pbx: Asterisk, tap: AmiTap, agent: str) -> bool:
    """The agent's phone hears somebody: a transfer has something to work on."""
    return any(e["Channel"].startswith(f"{pbx.shape.device(agent)}-") for e in tap.events("BridgeEnter"))


def support(floor: Floor) -> str:
    return floor.pbx.shape.queues["support"]


def talk(caller: Caller) -> None:
    """Wait for a whole call, from the answer to its end."""
    until(caller.ended, 20, "the call is over")
    attempt = caller.attempt()
    assert attempt is not None
    assert attempt.answered_at is not None


def test_member_is_paused_in_all_queues_before_the_voices_are_connected(floor: Floor, tap: AmiTap) -> None:
    floor.phone(ANNA)
    talk(floor.caller(NUMBER, "7001", talk_ms=300))
    names = [event["Event"] for event in tap.events()]
    anna = floor.pbx.shape.interface(ANNA)
    pauses = [event["Queue"] for event in tap.events("QueueMemberPause") if event["Interface"] == anna]
    assert set(pauses) == set(floor.pbx.shape.queues.values())
    last_pause = len(names) - names[::-1].index("QueueMemberPause")
    customer = tap.events("QueueCallerJoin")[0]["Channel"]
    talks = next(i for i, e in enumerate(tap.events()) if e["Event"] == "BridgeEnter" and e["Channel"] == customer)
    assert last_pause <= names.index("AgentConnect") < talks
    assert owes(floor.pbx, ANNA) == (support(floor), NUMBER, "7001")


def test_ringall_makes_only_the_answerer_owe(floor: Floor) -> None:
    floor.phone(ANNA, answer_ms=None)
    floor.phone(BORIS, answer_ms=400)
    floor.phone(CLARA, answer_ms=None)
    talk(floor.caller(NUMBER, "7002", talk_ms=300))
    assert owes(floor.pbx, BORIS) == (floor.pbx.shape.queues["sales"], NUMBER, "7002")
    assert [owes(floor.pbx, agent) for agent in (ANNA, CLARA)] == [(), ()]


def aimed_end(floor: Floor, tap: AmiTap, offset: float) -> None:
    """One talk that ends `offset` seconds from the moment the waiting caller looks for an agent again."""
    lunch(floor.pbx, tap, BORIS, CLARA)
    floor.phone(ANNA, answer_ms=100)
    first = floor.caller(NUMBER, "7001", talk_ms=None)
    until(first.answered, 10, "the first customer answered")
    waiting = floor.caller(OTHER, "7001", patience_ms=4500)
    joined = until(lambda: tap.events("QueueCallerJoin")[1:], 5, "the second customer waits")[0]
    at_moment(float(joined["Timestamp"]) + 2 + offset)
    tap.action("Hangup", Channel=tap.events("QueueCallerJoin")[0]["Channel"])
    until(waiting.ended, 10, "the second customer has given up or was served")


@pytest.mark.parametrize("offset", [-0.015, -0.005, 0.0, 0.005, 0.015, 0.3])
def test_owing_agent_is_offered_nothing_though_a_customer_waits(floor: Floor, tap: AmiTap, offset: float) -> None:
    aimed_end(floor, tap, offset)
    assert [offer.customer for offer in floor.log().of(ANNA)] == [NUMBER]
    assert [attempt.final_code for attempt in floor.log().attempts] == [200, 487]


@pytest.fixture
def ungated() -> Iterator[Asterisk]:
    with Asterisk(NO_GATE) as running:
        yield running


def test_without_the_gate_the_same_aim_does_hit(ungated: Asterisk) -> None:
    with Floor(ungated) as floor:
        tap = AmiTap(ungated)
        aimed_end(floor, tap, 0.0)
        tap.close()
        assert [offer.customer for offer in floor.log().of(ANNA)] == [NUMBER, OTHER]


def test_customers_stay_while_everybody_owes_and_are_served_once_somebody_is_free(floor: Floor, tap: AmiTap) -> None:
    for agent in (ANNA, BORIS, CLARA):
        floor.phone(agent)
        talk(floor.caller(NUMBER, f"71{agent[1:]}", talk_ms=100))
    before = len(floor.log().offers)
    waiting = [floor.caller(f"7495000000{n}", "7001", talk_ms=100) for n in range(2)]
    until(lambda: len(tap.events("QueueCallerJoin")) == 2, 10, "both customers were let in")
    at_moment(float(tap.events("QueueCallerJoin")[1]["Timestamp"]) + 5)
    assert [caller.ended() for caller in waiting] == [False, False]
    assert len(floor.log().offers) == before
    settle(floor.pbx, tap, BORIS)
    until(lambda: any(caller.answered() for caller in waiting), 10, "one customer served")
    settle(floor.pbx, tap, CLARA)
    until(lambda: all(caller.ended() for caller in waiting), 10, "both served")
    assert [offer.phone for offer in floor.log().offers[before:]] == [BORIS, CLARA]


def test_customers_stay_while_everybody_talks(floor: Floor, tap: AmiTap) -> None:
    for agent in (ANNA, BORIS, CLARA):
        floor.phone(agent)
    talking = [floor.caller(f"7495000000{n}", "7001", talk_ms=None) for n in range(3)]
    until(lambda: all(caller.answered() for caller in talking), 15, "three talks")
    waiting = floor.caller(NUMBER, "7001", patience_ms=4000)
    until(waiting.ended, 10, "he gave up")
    attempt = waiting.attempt()
    assert attempt is not None
    assert (attempt.final_code, attempt.ended_by) == (487, "caller")


@pytest.mark.parametrize("how", [Asterisk.restart, lambda pbx: (pbx.kill(), pbx.start())], ids=["restart", "kill"])
def test_debt_outlives_asterisk_and_is_honoured_before_the_first_offer(floor: Floor, how: object) -> None:
    pbx = floor.pbx
    floor.phone(ANNA)
    talk(floor.caller(NUMBER, "7001", talk_ms=2500))
    assert callable(how)
    how(pbx)
    assert "paused" not in pbx.cli("queue show support")
    floor.phone(BORIS)
    talk(floor.caller(OTHER, "7001", talk_ms=100))
    assert [(offer.phone, offer.customer) for offer in floor.log().offers] == [(ANNA, NUMBER), (BORIS, OTHER)]
    assert owes(pbx, ANNA) == (support(floor), NUMBER, "7001")


def test_direct_call_owes_too(floor: Floor) -> None:
    floor.phone(ANNA)
    floor.phone(BORIS)
    talk(floor.caller(NUMBER, "7101", talk_ms=100))
    assert owes(floor.pbx, ANNA) == ("", NUMBER, "7101")
    talk(floor.caller(OTHER, "7001", talk_ms=100))
    assert [(offer.phone, offer.customer) for offer in floor.log().offers] == [(ANNA, NUMBER), (BORIS, OTHER)]
    talk(floor.caller(OTHER, "7101", talk_ms=100))
    assert owes(floor.pbx, ANNA) == ("", OTHER, "7101")
    assert owed_calls(floor.pbx, ANNA) == [NUMBER, OTHER], "a later call is no reason to forget an earlier one"


def test_whoever_gets_a_transferred_customer_owes_too(floor: Floor, tap: AmiTap) -> None:
    floor.phone(ANNA)
    floor.phone(BORIS)
    lunch(floor.pbx, tap, BORIS, CLARA)
    caller = floor.caller(NUMBER, "7001", talk_ms=3000)
    until(lambda: in_bridge(floor.pbx, tap, ANNA), 10, "talking")
    tap.action("BlindTransfer", Channel=leg(floor.pbx, tap, ANNA), Context=floor.pbx.shape.inside, Exten=BORIS)
    talk(caller)
    assert [owes(floor.pbx, agent) for agent in (ANNA, BORIS)] == [(support(floor), NUMBER, "7001")] * 2


def test_outgoing_call_owes_and_reaches_the_number(floor: Floor) -> None:
    floor.phone("trunk")
    talk(floor.agent_dials(ANNA, "89161234567", talk_ms=100))
    assert owes(floor.pbx, ANNA) == ("", "89161234567", "")
    assert [offer.dialled for offer in floor.log().of("trunk")] == ["89161234567"]


def test_colleagues_owe_nothing(floor: Floor) -> None:
    floor.phone(BORIS)
    talk(floor.agent_dials(ANNA, BORIS, talk_ms=100))
    assert floor.pbx.database("callcenter-owes") == {}


def test_who_did_not_answer_owes_nothing(floor: Floor) -> None:
    floor.phone(ANNA, busy=True)
    floor.phone(BORIS, answer_ms=None)
    floor.phone(CLARA, answer_ms=None)
    until(floor.caller(NUMBER, "7001", patience_ms=2500).ended, 10, "he gave up")
    assert floor.pbx.database("callcenter-owes") == {}


@pytest.mark.parametrize(
    ("number", "kept"),
    [
        ("7495%0d%0aEvent%3a%20Hangup%7c%7c%7c", "7495EventHangup"),
        ("1%22),System(touch%20/tmp/x)$%7bSHELL(id)%7d", "1SystemtouchtmpxSHELLid"),
        ("+7495%2f..%2f..%2fetc", "%2B7495....etc"),
        ("", ""),
        ("anonymous", "anonymous"),
    ],
)
def test_whatever_a_caller_calls_himself_stays_data(floor: Floor, number: str, kept: str) -> None:
    floor.phone(ANNA)
    talk(floor.caller(number, "7001", talk_ms=300))
    assert owes(floor.pbx, ANNA) == (support(floor), kept, "7001")
    recordings = sorted(path.name for path in (floor.pbx.spool / "monitor").iterdir())
    assert [re.sub(r"^\d+\.\d+", "ID", name) for name in recordings] == ["ID-in.wav", "ID-out.wav", "ID.wav"]
