"""What must be concluded of awkward calls, told message by message."""

from __future__ import annotations

import pytest

from callcenter.ami.tracks import SETTLE_SECONDS
from callcenter.events import Direction
from callcenter.pbxmap import Kind, PbxMap, Rule
from tests.ami.says import Pbx
from tests.ami.tale import fields_of, fold, offers, talkers, told, visits


@pytest.fixture
def pbx() -> Pbx:
    return Pbx()


def test_a_colleague_rung_by_a_colleague_is_no_call(pbx: Pbx) -> None:
    anna = pbx.channel("PJSIP/101", "Ring", exten="102")
    boris = pbx.rings(anna, "PJSIP/102")
    pbx.talk("b", anna, boris)
    pbx.hangup(anna)
    pbx.hangup(boris)
    tale = told(pbx.stream)
    assert tale.events == []
    assert tale.left == (0, 0)


def test_a_blind_transfer_is_one_call_with_two_talks(pbx: Pbx) -> None:
    customer = pbx.customer()
    anna = pbx.rings(customer)
    pbx.talk("b1", customer, anna)
    pbx.say("BlindTransfer", **anna.shown("Transferer"), **customer.shown("Transferee"), Extension="102")
    pbx.leaves("b1", customer)
    pbx.leaves("b1", anna)
    pbx.hangup(anna)
    boris = pbx.rings(customer, "PJSIP/102")
    pbx.talk("b2", customer, boris)
    pbx.hangup(customer, asked=True)
    pbx.hangup(boris)
    call = told(pbx.stream).call
    assert talkers(call) == ["PJSIP/101", "PJSIP/102"]
    assert [segment.via for segment in call.segments] == ["direct", "blind"]


def test_a_redirect_without_any_transfer_event_is_the_same(pbx: Pbx) -> None:
    customer = pbx.customer()
    anna = pbx.rings(customer)
    pbx.talk("b1", customer, anna)
    pbx.leaves("b1", customer)
    pbx.leaves("b1", anna)
    pbx.hangup(anna)
    boris = pbx.rings(customer, "PJSIP/102")
    pbx.talk("b2", customer, boris)
    pbx.hangup(boris, asked=True)
    pbx.hangup(customer)
    call = told(pbx.stream).call
    assert [segment.via for segment in call.segments] == ["direct", "blind"]
    assert [segment.outcome_state for segment in call.segments] == ["draft", "owed"]


def test_a_consulted_colleague_joins_only_with_the_customer(pbx: Pbx) -> None:
    customer = pbx.customer()
    anna = pbx.rings(customer)
    pbx.talk("b1", customer, anna)
    consult = pbx.channel("PJSIP/101", "Ring", exten="102")
    boris = pbx.rings(consult, "PJSIP/102")
    pbx.talk("b2", consult, boris)
    before = told(pbx.stream)
    assert talkers(before.call) == ["PJSIP/101"]
    assert offers(before.call) == [("PJSIP/101", "answered")]
    pbx.say("AttendedTransfer", **anna.shown("OrigTransferer"), **consult.shown("SecondTransferer"))
    boris.linkedid = customer.linkedid
    pbx.leaves("b2", boris)
    pbx.enters("b1", boris, swap=anna)
    pbx.leaves("b1", anna)
    for line in (anna, consult, boris, customer):
        pbx.hangup(line)
    tale = told(pbx.stream)
    assert talkers(tale.call) == ["PJSIP/101", "PJSIP/102"]
    assert tale.call.segments[1].via == "attended"
    assert tale.left == (0, 0)


def test_a_transfer_made_while_the_colleague_rings_pops_at_once(pbx: Pbx) -> None:
    customer = pbx.customer()
    anna = pbx.rings(customer)
    pbx.talk("b1", customer, anna)
    consult = pbx.channel("PJSIP/101", "Ring", exten="102")
    pbx.rings(consult, "PJSIP/102")
    pbx.say("AttendedTransfer", **anna.shown("OrigTransferer"), **consult.shown("SecondTransferer"))
    assert offers(told(pbx.stream).call) == [("PJSIP/101", "answered"), ("PJSIP/102", "")]


def test_a_local_member_rings_and_talks_as_his_device(pbx: Pbx) -> None:
    customer = pbx.customer()
    pbx.queue("QueueCallerJoin", customer)
    one, two = pbx.local("101@agents", customer.linkedid)
    pbx.dial(customer, one)
    anna = pbx.rings(two)
    pbx.queue("QueueCallerLeave", customer)
    pbx.talk("b2", two, anna)
    assert talkers(told(pbx.stream).call) == []
    pbx.talk("b1", customer, one)
    call = told(pbx.stream).call
    assert offers(call) == [("PJSIP/101", "answered")]
    assert talkers(call) == ["PJSIP/101"]
    assert visits(call) == [("sales", "answered")]
    assert call.segments[0].via == "queue"


def test_a_local_channel_that_folds_away_interrupts_nobody(pbx: Pbx) -> None:
    customer = pbx.customer()
    one, two = pbx.local("101@agents", customer.linkedid)
    pbx.dial(customer, one)
    anna = pbx.rings(two)
    pbx.talk("b2", two, anna)
    pbx.talk("b1", customer, one)
    pbx.seconds -= 1 - SETTLE_SECONDS / 5
    pbx.leaves("b2", anna)
    pbx.seconds -= 1 - SETTLE_SECONDS / 5
    pbx.enters("b1", anna, swap=one)
    for line in (one, two):
        pbx.hangup(line)
    assert "Left" not in told(pbx.stream).kinds()
    pbx.hangup(anna, asked=True)
    pbx.hangup(customer)
    tale = told(pbx.stream)
    assert tale.kinds().count("Joined") == 1
    assert tale.kinds()[-3:] == ["Left", "LegEnded", "Ended"]


def test_a_ring_without_end_of_the_talk_is_told_when_time_has_passed(pbx: Pbx) -> None:
    customer = pbx.customer()
    anna = pbx.rings(customer)
    pbx.talk("b1", customer, anna)
    pbx.leaves("b1", anna)
    tale = told(pbx.stream)
    assert tale.kinds()[-1] == "Left"
    assert not tale.call.segments[0].leg_ended


@pytest.mark.parametrize("order", [1, -1])
def test_parked_customers_hear_nobody_and_come_back(pbx: Pbx, order: int) -> None:
    customer = pbx.customer()
    anna = pbx.rings(customer)
    pbx.talk("b1", customer, anna)
    pbx.leaves("b1", customer)
    pbx.enters("lot", customer, technology="holding_bridge")
    pbx.hangup(anna)
    visitor = pbx.channel("PJSIP/103", "Ring", exten="701")
    pbx.enters("lot", visitor, technology="holding_bridge")
    pbx.leaves("lot", visitor)
    boris = pbx.channel("PJSIP/102", "Ring", exten="701")
    pbx.say("UnParkedCall", **customer.shown("Parkee"), **boris.shown("Retriever"))
    pbx.blocks[-2:] = pbx.blocks[-2:][::order]
    pbx.leaves("lot", customer)
    pbx.talk("b2", customer, boris)
    call = told(pbx.stream).call
    assert talkers(call) == ["PJSIP/101", "PJSIP/102"]
    assert call.segments[1].via == "park"


@pytest.mark.parametrize("order", [1, -1])
def test_a_pickup_is_the_talk_of_who_picked_up(pbx: Pbx, order: int) -> None:
    customer = pbx.customer()
    anna = pbx.rings(customer)
    boris = pbx.channel("PJSIP/102", "Ring", exten="*8")
    pbx.say("Pickup", **boris.shown(), **anna.shown("Target"))
    pbx.blocks[-2:] = pbx.blocks[-2:][::order]
    pbx.talk("b1", customer, boris)
    pbx.hangup(anna, 26)
    call = told(pbx.stream).call
    assert offers(call) == [("PJSIP/101", "answered_elsewhere")]
    assert talkers(call) == ["PJSIP/102"]
    assert [s.via for s in call.segments] == ["direct", "pickup"]


@pytest.mark.parametrize(
    ("result", "causes"),
    [
        ("no_answer", (0, 127, 16, 19)),
        ("rejected", (17, 21)),
        ("answered_elsewhere", (26,)),
        ("unreachable", (20,)),
    ],
)
def test_why_a_phone_stopped_ringing(result: str, causes: tuple[int, ...]) -> None:
    for cause in causes:
        pbx = Pbx()
        customer = pbx.customer()
        pbx.hangup(pbx.rings(customer), cause)
        assert offers(told(pbx.stream).call) == [("PJSIP/101", result)]


def test_a_second_round_is_another_offer_of_the_same_segment(pbx: Pbx) -> None:
    customer = pbx.customer()
    for _ in range(2):
        pbx.hangup(pbx.rings(customer), 0)
    call = told(pbx.stream).call
    assert len(call.segments) == 1
    assert offers(call) == [("PJSIP/101", "no_answer")] * 2


def test_two_phones_of_one_agent_are_one_pop_until_the_last_stops(pbx: Pbx) -> None:
    customer = pbx.customer()
    first, second = pbx.rings(customer), pbx.rings(customer)
    pbx.hangup(first, 17)
    assert told(pbx.stream).call.segments[0].ringing
    pbx.hangup(second, 17)
    assert not told(pbx.stream).call.segments[0].ringing


@pytest.mark.parametrize(
    ("status", "result"), [("TIMEOUT", "timeout"), ("LEAVEEMPTY", "empty"), ("FULL", "full"), ("CONTINUE", "exit")]
)
def test_why_a_queue_gave_the_caller_back(pbx: Pbx, status: str, result: str) -> None:
    customer = pbx.customer()
    pbx.queue("QueueCallerJoin", customer)
    pbx.queue("QueueCallerAbandon", customer)
    pbx.queue("QueueCallerLeave", customer)
    pbx.variable(customer, "QUEUESTATUS", status)
    pbx.hangup(customer, asked=True)
    assert visits(told(pbx.stream).call) == [("sales", result)]


def test_a_second_queue_is_a_second_visit_of_one_call(pbx: Pbx) -> None:
    customer = pbx.customer()
    pbx.queue("QueueCallerJoin", customer)
    anna = pbx.rings(customer, queue="sales")
    pbx.queue("QueueCallerLeave", customer)
    pbx.talk("b1", customer, anna)
    pbx.leaves("b1", customer)
    pbx.hangup(anna)
    pbx.queue("QueueCallerJoin", customer, "support")
    pbx.hangup(customer, asked=True)
    call = told(pbx.stream).call
    assert visits(call) == [("sales", "answered"), ("support", "abandoned")]
    assert call.result == "answered"


def test_who_leaves_a_queue_by_a_key_has_left_it(pbx: Pbx) -> None:
    customer = pbx.customer()
    pbx.queue("QueueCallerJoin", customer)
    pbx.queue("QueueCallerLeave", customer)
    anna = pbx.rings(customer)
    pbx.talk("b1", customer, anna)
    call = told(pbx.stream).call
    assert visits(call) == [("sales", "exit")]
    assert call.segments[0].via == "direct"


def test_hold_counts_only_where_somebody_held(pbx: Pbx) -> None:
    customer = pbx.customer()
    anna = pbx.rings(customer)
    pbx.talk("b1", customer, anna)
    pbx.say("Unhold", **anna.shown())
    pbx.say("Hold", **anna.shown())
    pbx.seconds += 9
    pbx.say("Unhold", **anna.shown())
    tale = told(pbx.stream)
    assert tale.kinds().count("Resumed") == 1
    assert tale.call.segments[0].hold_s == 10


@pytest.mark.parametrize("dial_string", ["89161234567@trunk", "trunk/89161234567", "trunk/sip:89161234567@1.2.3.4"])
def test_an_outgoing_call_is_to_the_number_dialled(pbx: Pbx, dial_string: str) -> None:
    anna = pbx.channel("PJSIP/101", "Ring", exten="989161234567", number="74951112233")
    trunk = pbx.channel("PJSIP/trunk", family=anna.linkedid, number="s")
    pbx.dial(anna, trunk, dial_string)
    pbx.talk("b1", anna, trunk)
    pbx.hangup(trunk, asked=True)
    pbx.hangup(anna)
    call = told(pbx.stream).call
    assert (call.direction, call.number_raw, call.result) == (Direction.OUTBOUND, "89161234567", "answered")
    assert call.segments[0].via == "outbound"


def test_a_click_to_call_is_outgoing_and_never_pops_as_incoming(pbx: Pbx) -> None:
    anna = pbx.channel("PJSIP/101", number="89161234567", connected="89161234567")
    pbx.dial(None, anna)
    pbx.state(anna, "Ringing")
    assert told(pbx.stream).calls == []
    pbx.state(anna, "Up")
    trunk = pbx.channel("PJSIP/trunk", family=anna.linkedid)
    pbx.dial(anna, trunk, "89161234567@trunk")
    pbx.talk("b1", anna, trunk)
    call = told(pbx.stream).call
    assert (call.direction, call.segments[0].via) == (Direction.OUTBOUND, "originate")


def test_a_recording_begun_before_the_number_was_dialled_belongs_to_the_call(pbx: Pbx) -> None:
    anna = pbx.channel("PJSIP/101", "Ring", exten="89161234567")
    pbx.variable(anna, "MIXMONITOR_FILENAME", "/spool/1.wav")
    trunk = pbx.channel("PJSIP/trunk", family=anna.linkedid)
    pbx.dial(anna, trunk, "89161234567@trunk")
    assert told(pbx.stream).call.recordings == ("/spool/1.wav",)


@pytest.mark.parametrize("exten", ["s", ""])
def test_the_number_dialled_comes_with_a_variable_where_the_trunk_hides_it(pbx: Pbx, exten: str) -> None:
    customer = pbx.customer(exten=exten)
    pbx.seconds -= 0.9
    pbx.variable(customer, "FROM_DID", "74951234567")
    pbx.rings(customer)
    tale = told(pbx.stream)
    assert tale.kinds() == ["Arrived", "Offered"]
    assert tale.call.did == "74951234567"


def test_a_hidden_number_dialled_that_never_comes_hides_no_call(pbx: Pbx) -> None:
    customer = pbx.customer(exten="s")
    pbx.rings(customer)
    assert told(pbx.stream).kinds() == ["Arrived", "Offered"]
    assert told(pbx.blocks[0]).kinds() == ["Arrived"]


def test_names_lose_the_escapes_of_asterisk(pbx: Pbx) -> None:
    pbx.customer(caller=r"O\'Brien \"Ivan\" \\")
    assert told(pbx.stream).call.name == 'O\'Brien "Ivan" \\'


@pytest.mark.parametrize("tech", ["SIP", "IAX2", "DAHDI"])
def test_any_technology_can_be_a_trunk(pbx: Pbx, tech: str) -> None:
    map = PbxMap(
        pbx="main",
        region="RU",
        rules=(Rule(pattern=f"{tech}/*", kind=Kind.TRUNK, region="AZ"), Rule(pattern="PJSIP/*", kind=Kind.DEVICE)),
    )
    customer = pbx.channel(f"{tech}/branch-office", "Ring", number="0501234567", exten="12")
    pbx.rings(customer)
    call = told(pbx.stream, map).call
    assert (call.trunk, call.region, call.segments[0].device.name) == (f"{tech}/branch-office", "AZ", "PJSIP/101")


def test_a_member_is_told_when_he_changes(pbx: Pbx) -> None:
    for paused in ("0", "0", "1"):
        pbx.say(
            "QueueMemberStatus",
            "agent,all",
            Queue="sales",
            MemberName="Anna",
            Interface="PJSIP/101",
            StateInterface="PJSIP/101",
            Membership="static",
            Penalty=0,
            CallsTaken=0,
            LastCall=0,
            InCall=0,
            Status=1,
            Paused=paused,
            PausedReason="callcenter-owes",
        )
    assert [state.paused for state in told(pbx.stream).events] == [False, True]  # type: ignore[union-attr]


def test_two_customers_and_two_agents_in_one_conference_hear_each_other(pbx: Pbx) -> None:
    lines = [
        pbx.customer(),
        pbx.customer("+74957654321"),
        pbx.channel("PJSIP/101", "Ring"),
        pbx.channel("PJSIP/102", "Ring"),
    ]
    pbx.talk("room", *lines)
    for line in lines:
        pbx.hangup(line)
    tale = told(pbx.stream)
    assert [talkers(call) for call in tale.calls] == [["PJSIP/101", "PJSIP/102"]] * 2
    assert all(segment.leg_ended for call in tale.calls for segment in call.segments)
    assert tale.left == (0, 0)


def test_nothing_stays_in_memory_when_all_have_gone(pbx: Pbx) -> None:
    for _ in range(300):
        customer = pbx.customer()
        pbx.queue("QueueCallerJoin", customer)
        anna = pbx.rings(customer, queue="sales")
        pbx.talk(f"b{customer.uniqueid}", customer, anna)
        pbx.hangup(customer)
        pbx.hangup(anna)
    tale = fold(fields_of(pbx.stream))
    assert len(tale.calls) == 300
    assert tale.left == (0, 0)
