"""One click calls: who may, whom, with which words to the PBX, once; and what is told of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from callcenter import api
from callcenter.bus import Bus
from callcenter.call import Changed
from callcenter.crm import rosters
from callcenter.db import Database
from callcenter.errors import Unavailable
from callcenter.events import Arrived, CallKey, Direction, Ended, Joined, Via
from callcenter.ledger import Ledger
from callcenter.news import RosterChanged
from callcenter.pbx_events import LegState, OriginatedLeg, OriginateFailed
from callcenter.routing import api_dial
from callcenter.routing.dialler import DialChanged, Dialler
from callcenter.routing.gate import Gate
from tests.crm.office import Caller, Office, open_office, outside, talked
from tests.spine.story import Story, device
from tests.tasks.test_api_tasks import gives_up, only
from tests.until import until_async

NUMBER = "+79161234567"


@dataclass
class Switchboard:
    """The PBX as the dialler sees it: what it was asked, and what it answers."""

    asked: list[Mapping[str, str]] = field(default_factory=list)
    fault: Unavailable | None = None
    told: list[DialChanged] = field(default_factory=list)
    office: Office | None = None
    dialler: Dialler | None = None

    async def send(self, action: Mapping[str, str], _timeout: float) -> Sequence[Mapping[str, str]]:
        self.asked.append(action)
        if self.fault:
            raise self.fault
        return [{"response": "Success"}]

    async def hear(self, change: DialChanged) -> None:
        self.told.append(change)

    def join(self, app: web.Application, ledger: Ledger) -> None:
        """The parts that click-to-call is made of."""
        bus: Bus = app[api.BUS]
        out = outside(app, ledger, self.send)
        gate = Gate(out)
        self.dialler = Dialler(out, gate.presence)
        bus.on(RosterChanged, gate.roster_changed)
        bus.on(Changed, gate.changed)
        bus.on(Changed, self.dialler.changed)
        bus.on(OriginatedLeg, self.dialler.leg)
        bus.on(OriginateFailed, self.dialler.refused)
        bus.on(DialChanged, self.hear)
        api_dial.add_routes(app)
        api_dial.provide(app, self.dialler, lambda _pbx, _trunk, number: number)

    async def leg(self, dial: str, *states: LegState, cause: int = 0) -> None:
        assert self.office
        for state in states:
            event = OriginatedLeg(pbx="main", at=self.office.clock.now(), uniqueid=dial, state=state, cause=cause)
            await self.office.ledger.deliver("main", [event])
        await self.settled()

    async def calls(self, dial: str, *, talk: bool = False, cause: int = 0) -> None:
        """The dialplan dials the customer out of that leg."""
        assert self.office
        key = CallKey(pbx="main", uniqueid=f"9.{len(self.asked)}")
        stamp: dict[str, Any] = {"call": key, "at": self.office.clock.now(), "mono": 0.0}
        take = self.office.ledger.take
        words: dict[str, Any] = {
            "number_raw": NUMBER,
            "name": "",
            "did": "",
            "trunk": "PJSIP/trunk",
            "region": "RU",
        }
        await take(Arrived(**stamp, direction=Direction.OUTBOUND, origin=dial, **words))
        if talk:
            await take(Joined(**stamp, leg=dial, device=device("101"), via=Via.ORIGINATE))
        await take(Ended(**stamp, cause=cause, by_customer=talk))

    async def settled(self) -> None:
        """All that was told has been taken: an event of ours goes through the same door."""
        assert self.office
        await self.office.ledger.take(Story("0.0").arrives().events[0])

    async def comes_to(self, state: str) -> None:
        await until_async(lambda: self.states[-1:] == [state], what=state)

    @property
    def states(self) -> list[str]:
        return [str(change.dial.reason or change.dial.state) for change in self.told]


@pytest.fixture
async def board(sqlite_db: Database) -> AsyncIterator[Switchboard]:
    made = Switchboard()
    async with open_office(sqlite_db, more=made.join) as office:
        made.office = office
        assert made.dialler
        running = asyncio.create_task(made.dialler.run())
        yield made
        running.cancel()


async def at_desk(board: Switchboard) -> Caller:
    assert board.office
    return await board.office.signed_in("anna", extension="101")


async def test_a_click_rings_ones_own_phone_first_and_shows_nobody_the_customers_number(board: Switchboard) -> None:
    assert board.office
    admin = await board.office.signed_in("root", "admin")
    rules = {"pbx": {"main": {"shown": "+74951234567", "trunk": "", "context": "callcenter-dial"}}}
    assert (await admin.put("/dialling", rules)).status == 200
    anna = await at_desk(board)
    made = await anna.post("/calls", {"number": "8 (916) 123-45-67"})
    assert (made.status, made.body["state"], made.body["number_display"]) == (201, "asked", "+7 916 123-45-67")
    (action,) = board.asked
    assert (action["Channel"], action["Context"], action["Exten"]) == ("PJSIP/101", "callcenter-dial", NUMBER)
    assert action["ChannelId"] == action["ActionID"] == made.body["id"]
    assert (action["CallerID"], action["Async"]) == ("+74951234567", "true")
    assert [name for name, value in action.items() if NUMBER in value] == ["Exten"]
    assert len(await board.office.trail("dial")) == 1


async def test_all_phones_of_an_extension_are_rung_together(board: Switchboard) -> None:
    assert board.office
    anna = await at_desk(board)
    phones = ["PJSIP/101", "PJSIP/99101", "PJSIP/1,System(x)"]
    await board.office.db.write(lambda s: rosters.put_extension(s, "main", "101", phones, ["PJSIP/101"]))
    made = await anna.post("/calls", {"number": NUMBER})
    (action,) = board.asked
    variables = dict(pair.split("=", 1) for pair in action["Variable"].split(","))
    assert (action["Channel"], action["Context"]) == ("Local/ring@callcenter-click/n", "callcenter-click")
    assert variables["CC_PHONES"] == "PJSIP/101&PJSIP/99101", "what is more than a phone to a dialplan is left out"
    assert (variables["__CC_EXTEN"], variables["__CC_CONTEXT"]) == (NUMBER, "callcenter-dial")
    assert action["ChannelId"] == made.body["id"]
    assert action["OtherChannelId"] == f"{made.body['id']}-other"
    assert int(action["Timeout"]) > int(variables["CC_RING"]) * 1000


async def test_a_click_that_is_sent_twice_calls_once(board: Switchboard) -> None:
    anna = await at_desk(board)
    clicks = (anna.post("/calls", {"number": NUMBER}, Idempotency_Key="one") for _ in range(3))
    answers = await asyncio.gather(*clicks)
    assert len(board.asked) == 1
    assert {a.status for a in answers} <= {201, 409}
    assert {a.code for a in answers if a.status == 409} <= {"dialling_already"}


async def test_of_two_clicks_at_once_one_calls(board: Switchboard) -> None:
    anna = await at_desk(board)
    answers = await asyncio.gather(*(anna.post("/calls", {"number": NUMBER}) for _ in range(2)))
    assert sorted(a.status for a in answers) == [201, 409]
    assert len(board.asked) == 1


async def test_who_sits_nowhere_talks_or_owes_may_not(board: Switchboard) -> None:
    assert board.office
    boris = await board.office.signed_in("boris")
    assert (await boris.post("/calls", {"number": NUMBER})).code == "no_desk"
    anna = await at_desk(board)
    await board.office.happens(Story("7.1").arrives().rings("101").answers("101"))
    assert (await anna.post("/calls", {"number": NUMBER})).code == "on_a_call"
    rest = Story("7.1")
    await board.office.happens(rest.parts("101").hangs_up("101").ends())
    assert (await anna.post("/calls", {"number": NUMBER})).code == "outcome_owed"
    assert board.asked == []


@pytest.mark.parametrize(
    "number", ["", "anonymous", "12", "7916\r\nAction: Logoff", "+7916123456,999999", "Local/1@x", "9" * 16, "101@x"]
)
async def test_what_is_no_number_is_refused_and_never_sent(board: Switchboard, number: str) -> None:
    anna = await at_desk(board)
    answer = await anna.post("/calls", {"number": number})
    assert answer.status == 422
    assert board.asked == []


async def test_a_colleagues_extension_is_no_customer(board: Switchboard) -> None:
    anna = await at_desk(board)
    assert (await anna.post("/calls", {"number": "101"})).code == "internal_number"


@pytest.mark.parametrize(("cause", "reason"), [(0, "you_no_answer"), (17, "you_rejected")])
async def test_ones_own_phone_that_is_not_picked_up_is_told(board: Switchboard, cause: int, reason: str) -> None:
    anna = await at_desk(board)
    dial = (await anna.post("/calls", {"number": NUMBER})).body["id"]
    await board.leg(dial, LegState.RINGING, LegState.ENDED, cause=cause)
    await board.comes_to(reason)
    assert board.states == ["ringing_you", reason]
    kept = (await anna.get("/me/dial")).body["dial"]
    assert (kept["state"], kept["reason"]) == ("failed", reason)
    assert (await anna.post("/calls", {"number": NUMBER})).status == 201, "the next click is free"


@pytest.mark.parametrize(("cause", "reason"), [(17, "customer_busy"), (0, "customer_no_answer"), (1, "number_unknown")])
async def test_a_customer_who_is_not_reached_is_told_apart(board: Switchboard, cause: int, reason: str) -> None:
    anna = await at_desk(board)
    dial = (await anna.post("/calls", {"number": NUMBER})).body["id"]
    await board.leg(dial, LegState.RINGING, LegState.ANSWERED)
    await board.calls(dial, cause=cause)
    await board.comes_to(reason)
    assert board.states == ["ringing_you", "dialling", "ringing_customer", reason]


async def test_a_call_back_from_a_task_takes_it_and_a_talk_closes_it(board: Switchboard) -> None:
    assert board.office
    anna = await at_desk(board)
    await board.office.happens(gives_up())
    task = await only(anna)
    dial = (await anna.post("/calls", {"task_id": task["id"]})).body
    assert (dial["number"], dial["customer_id"], dial["task_id"]) == (NUMBER, task["customer"]["id"], task["id"])
    assert (await only(anna, "mine=true"))["claimed_by"]["username"] == "anna"
    await board.leg(dial["id"], LegState.RINGING, LegState.ANSWERED)
    board.office.clock.move(60)
    await board.calls(dial["id"], cause=17)
    await board.comes_to("customer_busy")

    async def tried() -> list[Any]:
        told = (await only(anna))["tried"]
        return [told["times"], told["last_by"]] if told["last_reason"] == "customer_busy" else []

    assert await until_async(tried, what="it is written down") == [1, "Anna"]
    again = (await anna.post("/calls", {"task_id": task["id"]})).body
    await board.leg(again["id"], LegState.RINGING, LegState.ANSWERED)
    await board.calls(again["id"], talk=True)
    await board.comes_to("ended")
    closed = (await anna.get(f"/tasks/{task['id']}")).body
    assert (closed["state"], closed["closed_how"], closed["tried"]["times"]) == ("done", "talk", 2)
    assert board.states[-2:] == ["talking", "ended"]
    call = (await anna.get(f"/calls/{closed['result_call']}")).body
    assert (call["segments"][0]["via"], call["segments"][0]["outcome_state"]) == ("originate", "owed")


async def test_a_promise_is_kept_by_the_call_that_was_dialled_for_it_and_by_no_other(board: Switchboard) -> None:
    assert board.office
    anna = await at_desk(board)
    card = (await anna.post("/customers", {"name": "Ivan", "numbers": [{"raw": NUMBER}]})).body["id"]
    made = (await anna.post("/tasks", {"kind": "callback", "customer_id": card})).body
    boris = await board.office.signed_in("boris", extension="102")
    await board.office.happens(talked("102", uniqueid="5.5"))
    assert (await boris.get(f"/tasks/{made['id']}")).body["state"] == "open"
    dial = (await anna.post("/calls", {"task_id": made["id"]})).body
    await board.leg(dial["id"], LegState.RINGING, LegState.ANSWERED)
    await board.calls(dial["id"], talk=True)
    assert (await anna.get(f"/tasks/{made['id']}")).body["state"] == "done"


async def test_a_pbx_that_refuses_or_is_away_leaves_nothing_open(board: Switchboard) -> None:
    anna = await at_desk(board)
    for code in ("pbx_refused", "pbx_unavailable"):
        board.fault = Unavailable("no", code=code)
        answer = await anna.post("/calls", {"number": NUMBER})
        assert (answer.status, answer.code) == (503, code)
        assert (await anna.get("/me/dial")).body["dial"]["reason"] == "pbx_refused"
    board.fault = None
    assert (await anna.post("/calls", {"number": NUMBER})).status == 201


async def test_a_leg_whose_end_is_never_told_ends_by_what_the_pbx_said(board: Switchboard) -> None:
    assert board.dialler
    assert board.office
    anna = await at_desk(board)
    dial = (await anna.post("/calls", {"number": NUMBER})).body["id"]
    now = board.office.clock.now()
    failure = OriginateFailed(pbx="main", at=now, action=dial, reason=5, leg_lives=True)
    await board.office.ledger.deliver("main", [failure])
    await board.settled()
    assert board.states == []
    board.office.clock.move(6)
    await board.dialler.look()
    assert board.states == ["you_rejected"]


async def test_what_nobody_hears_of_is_given_up(board: Switchboard) -> None:
    assert board.dialler
    assert board.office
    anna = await at_desk(board)
    board.fault = Unavailable("no answer", code="pbx_no_answer")
    assert (await anna.post("/calls", {"number": NUMBER})).body["state"] == "asked"
    assert (await anna.post("/calls", {"number": NUMBER})).code == "dialling_already"
    board.office.clock.move(151)
    await board.dialler.look()
    assert board.states == ["no_news"]


async def test_whom_nobody_is_to_call_only_a_supervisor_calls_all_the_same(board: Switchboard) -> None:
    assert board.office
    anna = await at_desk(board)
    chief = await board.office.signed_in("chief", "supervisor", extension="102")
    made = await anna.post("/customers", {"name": "Olga", "numbers": [{"raw": NUMBER}]}, Idempotency_Key="olga-1")
    customer = made.body["id"]
    await anna.put(f"/customers/{customer}/do-not-call", {"why": "asked us to stop"})
    for click in ({"number": "8 916 123-45-67"}, {"customer_id": customer}):
        refused = await anna.post("/calls", click)
        assert (refused.status, refused.code) == (409, "do_not_call")
    assert (await anna.post("/calls", {"number": NUMBER, "all_the_same": True})).status == 403
    assert board.asked == []
    called = await chief.post("/calls", {"customer_id": customer, "all_the_same": True})
    assert (called.status, board.asked[0]["Exten"]) == (201, NUMBER)
    assert [line.details.get("all_the_same") for line in await board.office.trail("dial")] == [True]
