"""Who may sit in on whose talk, with which words to the PBX, and what is kept of it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from aiohttp import web
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from callcenter import api
from callcenter.call import Changed
from callcenter.crm import rosters
from callcenter.crm.models.floor import SitInRow
from callcenter.crm.models.people import User
from callcenter.db import Database
from callcenter.ids import new_id
from callcenter.ledger import Ledger
from callcenter.news import RightsChanged, RosterChanged, SignedOff
from callcenter.pbx_events import LegState, LinkUp, OriginatedLeg
from callcenter.routing.gate import Gate
from callcenter.routing.keys import GATE
from callcenter.supervision import api_sit_ins
from callcenter.supervision.sitting import SitInChanged, Sitting
from tests.crm.office import Caller, Office, open_office, outside
from tests.spine.story import Story
from tests.until import until_async


@dataclass
class Board:
    """The PBX as whoever sits in sees it, and what his screen and the agent's are told."""

    asked: list[Mapping[str, str]] = field(default_factory=list)
    told: list[SitInChanged] = field(default_factory=list)
    answers: asyncio.Event = field(default_factory=asyncio.Event)
    office: Office = None  # type: ignore[assignment]
    sitting: Sitting = None  # type: ignore[assignment]

    async def send(self, action: Mapping[str, str], _timeout: float) -> Sequence[Mapping[str, str]]:
        self.asked.append(action)
        await self.answers.wait()
        return [{"response": "Success"}]

    async def hear(self, change: SitInChanged) -> None:
        self.told.append(change)

    def join(self, app: web.Application, ledger: Ledger) -> None:
        bus = app[api.BUS]
        out = outside(app, ledger, self.send)
        app[GATE] = gate = Gate(out)
        self.sitting = Sitting(out, gate.presence)
        bus.on(RosterChanged, gate.roster_changed)
        bus.on(Changed, gate.changed)
        bus.on(Changed, self.sitting.changed)
        bus.on(OriginatedLeg, self.sitting.leg)
        bus.on(LinkUp, self.sitting.link_up)
        bus.on(RightsChanged, self.sitting.rights_changed)
        bus.on(SignedOff, self.sitting.rights_changed)
        bus.on(SitInChanged, self.hear)
        api_sit_ins.add_routes(app)
        api_sit_ins.provide(app, self.sitting)

    async def leg(self, sit_in: str, *states: LegState) -> None:
        for state in states:
            event = OriginatedLeg(pbx="main", at=self.office.clock.now(), uniqueid=sit_in, state=state, phone=sit_in)
            await self.office.ledger.deliver("main", [event])
        await self.office.ledger.take(Story(f"0.{len(self.told)}").arrives().events[0])

    async def talk(self) -> UUID:
        """Anna talks with a customer; her part."""
        await self.office.happens(Story("7.1").arrives().rings("101").answers("101"))
        (call,) = (c for c in self.office.ledger.live().values() if c.key.uniqueid == "7.1")
        assert call.segments[0].id
        return call.segments[0].id

    async def lets_go(self, channel: str) -> None:
        order = {"Action": "Hangup", "Channel": channel}
        await until_async(lambda: order in self.asked, 5, "he is let go")

    @property
    def states(self) -> list[str]:
        return [str(change.sit_in.reason or change.sit_in.state) for change in self.told]


@pytest.fixture
async def board(sqlite_db: Database) -> AsyncIterator[Board]:
    made = Board()
    made.answers.set()
    async with open_office(sqlite_db, more=made.join) as office, asyncio.TaskGroup() as tasks:
        made.office = office
        running = tasks.create_task(made.sitting.run())
        yield made
        running.cancel()


def into(session: Session, teams: Mapping[str, str]) -> None:
    """Puts people into teams."""
    for name, team in teams.items():
        session.execute(update(User).where(User.username == name).values(team_id=UUID(team)))


async def floor(board: Board) -> tuple[Caller, UUID]:
    """Sofia at 103, and Anna's talk."""
    await board.office.signed_in("anna", extension="101")
    sofia = await board.office.signed_in("sofia", "supervisor", extension="103")
    return sofia, await board.talk()


async def test_his_own_phone_rings_and_then_hears_the_channel_of_that_talk_alone(board: Board) -> None:
    sofia, talk = await floor(board)
    made = await sofia.post(f"/segments/{talk}/sit-in", {"mode": "listen"})
    assert (made.status, made.body["state"]) == (201, "asked")
    (action,) = board.asked
    assert (action["Channel"], action["Context"], action["Exten"]) == ("PJSIP/103", "callcenter-spy", "listen")
    assert (action["Variable"], action["CallerID"]) == ("CC_SPIED=101", "101")
    assert (await sofia.post(f"/segments/{talk}/sit-in", {"mode": "barge"})).code == "sitting_in_already"
    assert (await sofia.patch("/me/sit-in", {"mode": "whisper"})).code == "not_picked_up"
    await board.leg(made.body["id"], LegState.RINGING, LegState.ANSWERED)
    assert (await sofia.patch("/me/sit-in", {"mode": "whisper"})).body["mode"] == "whisper"
    to = {"Context": "callcenter-spy", "Exten": "whisper", "Priority": "1"}
    assert board.asked[-1] == {"Action": "Redirect", "Channel": made.body["id"], **to}
    assert (await sofia.delete("/me/sit-in")).status == 204
    await board.leg(made.body["id"], LegState.ENDED)
    assert board.states == ["asked", "ringing", "on", "on", "ended"]
    assert [(row.details["mode"], row.thing) for row in await board.office.trail("sit_in")] == [
        ("listen", "call"), ("whisper", "call"),
    ]  # fmt: skip

    async def written() -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = (await sofia.get(f"/calls/{made.body['call_id']}/sit-ins")).body["items"]
        return [item for item in items if item["ended_at"]]

    (kept,) = await until_async(written, what="it is written down")
    assert ([turn["mode"] for turn in kept["turns"]], kept["ended_at"] is None) == (["listen", "whisper"], False)


async def test_the_end_of_the_talk_is_the_end_of_sitting_in(board: Board) -> None:
    sofia, talk = await floor(board)
    made = await sofia.post(f"/segments/{talk}/sit-in", {"mode": "listen"})
    await board.leg(made.body["id"], LegState.RINGING, LegState.ANSWERED)
    await board.office.happens(Story("7.1", seconds=9).parts("101").hangs_up("101").ends())
    assert board.states[-1] == "talk_over"
    await board.lets_go(made.body["id"])
    assert (await sofia.post(f"/segments/{talk}/sit-in", {"mode": "listen"})).code == "talk_over"
    assert (await sofia.get("/me/sit-in")).body == {"sit_in": None}


async def test_who_clicks_twice_at_once_sits_in_once(board: Board) -> None:
    sofia, talk = await floor(board)
    way = f"/segments/{talk}/sit-in"
    made = await asyncio.gather(*(sofia.post(way, {"mode": "listen"}) for _ in range(2)))
    assert sorted(one.status for one in made) == [201, 409]
    assert [action["Action"] for action in board.asked] == ["Originate"]

    async def going_on() -> bool:
        rows = await board.office.db.read(lambda s: list(s.scalars(select(SitInRow))))
        return [row.ended_at is None for row in rows].count(True) == 1

    await until_async(going_on, what="the other one is over")


async def test_a_pbx_that_does_not_answer_keeps_nobody_from_the_news_of_a_call(board: Board) -> None:
    sofia, talk = await floor(board)
    made = await sofia.post(f"/segments/{talk}/sit-in", {"mode": "listen"})
    await board.leg(made.body["id"], LegState.RINGING, LegState.ANSWERED)
    board.answers.clear()
    async with asyncio.timeout(5):
        await board.office.happens(Story("7.1", seconds=9).parts("101").hangs_up("101").ends())
        await board.office.happens(Story("7.2", seconds=9).arrives().rings("101"))
    assert board.states[-1] == "talk_over"
    await board.lets_go(made.body["id"])


async def test_agents_may_not_and_supervisors_only_on_their_own_people(board: Board) -> None:
    sofia, talk = await floor(board)
    boris = await board.office.signed_in("boris", extension="102")
    assert (await boris.post(f"/segments/{talk}/sit-in", {"mode": "listen"})).status == 403
    admin = await board.office.signed_in("root", "admin")
    teams = [(await admin.post("/teams", {"name": name})).body["id"] for name in ("one", "two")]
    await board.office.db.write(lambda s: into(s, dict(zip(("anna", "sofia"), teams, strict=True))))
    unknown = await sofia.post(f"/segments/{new_id()}/sit-in", {"mode": "listen"})
    hidden = await sofia.post(f"/segments/{talk}/sit-in", {"mode": "listen"})
    assert (hidden.status, hidden.body) == (404, unknown.body)
    assert (await admin.post(f"/segments/{talk}/sit-in", {"mode": "listen"})).code == "no_desk"
    assert board.asked == []


@pytest.mark.parametrize("device", ["PJSIP/103,x", "PJSIP/103\r\nAction: Logoff", "Local/1@from-internal/n"])
async def test_what_is_more_than_a_phone_does_not_ring_beside_one(board: Board, device: str) -> None:
    sofia, talk = await floor(board)
    phones = ["PJSIP/103", "PJSIP/99103", device]
    await board.office.db.write(lambda s: rosters.put_extension(s, "main", "103", phones, ["PJSIP/103"]))
    await sofia.post(f"/segments/{talk}/sit-in", {"mode": "barge"})
    variables = dict(pair.split("=", 1) for pair in board.asked[0]["Variable"].split(","))
    assert (variables["CC_PHONES"], variables["__CC_SPIED"]) == ("PJSIP/103&PJSIP/99103", "101")
    assert (variables["__CC_CONTEXT"], variables["__CC_EXTEN"]) == ("callcenter-spy", "barge")


async def sits_in(board: Board) -> tuple[Caller, str]:
    """Sofia hears Anna."""
    sofia, talk = await floor(board)
    made = await sofia.post(f"/segments/{talk}/sit-in", {"mode": "listen"})
    await board.leg(made.body["id"], LegState.RINGING, LegState.ANSWERED)
    assert board.states[-1] == "on"
    return sofia, made.body["id"]


async def ended_for_want_of_a_right(board: Board, sit_in: str) -> None:
    await board.lets_go(sit_in)
    await until_async(lambda: board.states[-1] == "not_allowed", what="he hears no more")


async def test_whose_right_to_it_is_taken_hears_no_more(board: Board) -> None:
    sofia, sit_in = await sits_in(board)
    admin = await board.office.signed_in("root", "admin")
    assert (await admin.patch(f"/users/{sofia.id}", {"role": "agent"})).status == 200
    await ended_for_want_of_a_right(board, sit_in)
    assert (await sofia.get("/me/sit-in")).body == {"sit_in": None}


async def test_who_signs_out_of_his_last_session_hears_no_more(board: Board) -> None:
    sofia, sit_in = await sits_in(board)
    elsewhere = await board.office.caller()
    await board.office.sign_in(elsewhere, "sofia")
    await sofia.delete("/session")
    await board.sitting.look_who_may()
    assert board.states[-1] == "on", "he is signed in elsewhere"
    await elsewhere.delete("/session")
    await ended_for_want_of_a_right(board, sit_in)


async def test_who_is_told_of_a_pbx_does_not_wait_for_a_locked_database(board: Board) -> None:
    """And what could not be written then is written when it can be."""
    sofia, talk = await floor(board)
    sit_in = (await sofia.post(f"/segments/{talk}/sit-in", {"mode": "listen"})).body["id"]
    db, at = board.office.db, board.office.clock.now()
    other = sqlite3.connect(db.url.database or "", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    first = asyncio.create_task(db.write(lambda s: s.execute(text("SELECT 1"))))
    for state in (LegState.RINGING, LegState.ANSWERED):
        event = OriginatedLeg(pbx="main", at=at, uniqueid=sit_in, state=state, phone=sit_in)
        await board.office.ledger.deliver("main", [event])
    await until_async(lambda: board.states[-1] == "on", what="he is told that he hears")
    assert not first.done()
    other.execute("ROLLBACK")
    other.close()
    await first

    async def written() -> bool:
        return bool(await db.read(lambda s: s.scalar(select(SitInRow.began_at))))

    await until_async(written, what="his row says so")


async def test_who_sat_in_when_the_service_ended_is_let_go_when_it_is_back(board: Board) -> None:
    sofia, talk = await floor(board)
    made = await sofia.post(f"/segments/{talk}/sit-in", {"mode": "listen"})
    await board.sitting.start()
    board.asked.clear()
    await board.office.ledger.deliver("main", [LinkUp(pbx="main", at=board.office.clock.now(), rebooted=False)])
    await board.leg(made.body["id"])
    await board.lets_go(made.body["id"])
    (row,) = await board.office.db.read(lambda s: list(s.scalars(select(SitInRow))))
    assert (row.reason, row.ended_at is None) == ("no_news", False)


async def test_the_rules_decide_what_the_agent_is_told(board: Board) -> None:
    sofia, talk = await floor(board)
    admin = await board.office.signed_in("root", "admin")
    rules = {"tell_agent": False, "after_decline": False}
    assert (await sofia.put("/sit-ins/rules", rules)).status == 403
    changed = await admin.put("/sit-ins/rules", rules, If_Match=(await admin.get("/sit-ins/rules")).headers["ETag"])
    assert (changed.status, changed.body) == (200, rules)
    made = await sofia.post(f"/segments/{talk}/sit-in", {"mode": "listen"})
    await board.leg(made.body["id"], LegState.ANSWERED)
    assert [change.sit_in.shown for change in board.told] == [False, False]
