"""From the ledger to a tab's socket: what comes, in what order, and who is shut out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import aiohttp
import pytest
import websockets
from prometheus_client import REGISTRY
from sqlalchemy import text
from sqlalchemy.orm import Session

from callcenter.crm import access, rosters, sessions, tasks
from callcenter.crm.models.customers import Customer
from callcenter.crm.models.people import SignIn
from callcenter.db import Database
from callcenter.decision_events import OutcomeDeferred, OutcomeDue, PutOff
from callcenter.events import OfferResult
from callcenter.news import CustomerChanged, RosterChanged, SignedOff, TasksChanged
from callcenter.routing.presence import Mood, Presence, PresenceChanged, Why
from callcenter.routing.why import ReasonKind
from callcenter.screenpop.messages import Floor
from tests.screenpop.desk import member
from tests.screenpop.house import House, Tab
from tests.spine.story import START, Story, answered
from tests.until import until_async


@pytest.fixture
async def house(db: Database) -> AsyncIterator[House]:
    house = await House(db).open({"anna": "101", "boris": "102"})
    yield house
    assert house.bus.failures == 0
    await house.close()


def metric(name: str) -> float:
    return REGISTRY.get_sample_value(name) or 0.0


async def fresh(house: House, tab: Tab, name: str) -> None:
    """What the tab would see anew is what it gets when it asks."""
    await tab.say(type="resume", seq=tab.seq)
    snapshot = await tab.next()
    other = await house.tab(name)
    assert snapshot["board"] == other.board
    await other.socket.close()


async def test_a_tab_is_greeted_and_gets_its_board(house: House) -> None:
    tab = await house.tab("anna")
    assert (tab.hello["type"], tab.hello["protocol"]) == ("hello", 1)
    assert tab.board["me"]["extension"] == "101"
    assert tab.board["presence"]["state"] == "available"
    assert tab.board["pops"] == []


async def test_a_ringing_call_pops_on_its_agents_tabs_only(house: House) -> None:
    first, second, boris = await house.tab("anna"), await house.tab("anna"), await house.tab("boris")
    popped = metric("callcenter_pop_seconds_count")
    await house.happens(Story().arrives().joins().rings("101").events)
    pops = [(await tab.next("pop_offered"))["pop"] for tab in (first, second)]
    assert pops[0] == pops[1]
    assert pops[0]["number_display"] == "+7 916 123-45-67"
    assert pops[0]["customer"]["provisional"] is True
    assert metric("callcenter_pop_seconds_count") == popped + 2
    await fresh(house, boris, "boris")
    assert boris.board["pops"] == []


async def test_all_of_a_half_written_outcome_is_there_in_other_tabs_and_after_a_restart(house: House) -> None:
    tab, other = await house.tab("anna"), await house.tab("anna")
    await house.happens(answered().events)
    pop, _ = [(await each.next("outcome_owed"))["pop"] for each in (tab, other)]
    written = {
        "outcome": "order",
        "comment": "two",
        "extras": ["complaint", "solved"],
        "card": {"email": "olga@example.com", "own:contract": "A-17"},
        "next_step": {"due_at": "2026-11-27T15:30:00Z", "by_me": False},
    }
    assert await house.put("anna", f"/segments/{pop['id']}/draft", written) == 204
    for each in (tab, other):
        assert (await each.next("pop_updated"))["pop"]["draft"] == written
    await fresh(house, tab, "anna")
    await house.hub.start()
    assert [pop["draft"] for pop in (await house.tab("anna")).board["pops"]] == [written]
    assert await house.put("anna", f"/segments/{pop['id']}/draft", {}) == 204
    await house.hub.start()
    blank: dict[str, Any] = {"outcome": None, "comment": "", "extras": [], "card": {}, "next_step": None}
    assert [pop["draft"] for pop in (await house.tab("anna")).board["pops"]] == [blank]


async def test_an_outcome_that_was_put_off_comes_back_with_what_is_written_of_it(house: House) -> None:
    tab = await house.tab("anna")
    await house.happens(answered().events)
    pop = (await tab.next("outcome_owed"))["pop"]
    await house.put("anna", f"/segments/{pop['id']}/draft", {"comment": "two"})
    (call,) = house.ledger.live().values()
    me, of = house.people["anna"], call.key
    put_off = OutcomeDeferred(call=of, at=START, mono=9.0, segment=0, by=me, why=PutOff.AGENT, holder=me)
    await house.ledger.take(put_off)
    await tab.next("outcome_settled")
    assert await house.put("anna", f"/segments/{pop['id']}/draft", {"comment": "two, and a third later"}) == 204
    await house.ledger.take(OutcomeDue(call=of, at=START, mono=9.0, segment=0))
    assert (await tab.next("outcome_owed"))["pop"]["draft"]["comment"] == "two, and a third later"
    assert [pop["draft"]["comment"] for pop in (await house.tab("anna")).board["pops"]] == ["two, and a third later"]


async def test_a_reloaded_tab_has_the_same_pop_once(house: House) -> None:
    tab = await house.tab("anna")
    await house.happens(Story().arrives().joins().rings("101").events)
    pop = (await tab.next("pop_offered"))["pop"]
    await tab.socket.close()
    assert (await house.tab("anna")).board["pops"] == [pop]


async def test_the_whole_life_of_a_call_arrives_numbered(house: House) -> None:
    tab = await house.tab("anna")
    await house.happens(answered().events)
    owed = await tab.next("outcome_owed")
    assert (owed["pop"]["phase"], owed["pop"]["outcome_state"]) == ("wrapup", "owed")
    presence = (await tab.next("presence"))["presence"]
    while presence["state"] != "wrapup":
        presence = (await tab.next("presence"))["presence"]
    assert (presence["reasons"], presence["debts"]) == (["debt"], 1)
    await fresh(house, tab, "anna")


async def test_a_restarted_service_shows_the_debt_again(house: House, db: Database) -> None:
    await house.happens(answered().events)
    before = (await house.tab("anna")).board["pops"]
    again = House(db)
    again.people, again._tokens = house.people, house._tokens
    await again.open({})
    after = (await again.tab("anna")).board["pops"]
    await again.close()
    assert [(p["id"], p["phase"]) for p in after] == [(p["id"], p["phase"]) for p in before]


async def test_a_colleague_who_answers_is_named(house: House) -> None:
    tab = await house.tab("anna")
    await house.happens(Story().arrives().joins().rings("101").rings("102").answers("102").events)
    story = Story(seconds=20)
    await tab.next("pop_offered")
    await house.happens(story.stops_ringing("101", OfferResult.ANSWERED_ELSEWHERE).events)
    gone = await tab.next("pop_withdrawn")
    assert (gone["reason"], gone["by"]) == ("answered_elsewhere", "Boris")


async def test_queue_lines_are_told_together(house: House) -> None:
    await house.bus.publish(member("PJSIP/101"))
    tab = await house.tab("anna")
    for serial in range(20):
        await house.happens(Story(uniqueid=f"{serial}").arrives().joins().events)
    lines = await tab.next("queues")
    while lines["queues"][0]["waiting"] < 20:
        lines = await tab.next("queues")
    assert tab.seq < 20
    await fresh(house, tab, "anna")


async def test_a_changed_card_is_fresh_on_the_pop(house: House) -> None:
    tab = await house.tab("anna")
    await house.happens(Story().arrives().joins().rings("101").events)
    customer = (await tab.next("pop_offered"))["pop"]["customer"]["id"]

    def rename(session: Session) -> Customer:
        found = session.query(Customer).one()
        found.name = "Olena"
        return found

    await house.bus.publish(CustomerChanged(customer=(await house.db.write(rename)).id))
    updated = (await tab.next("pop_updated"))["pop"]["customer"]
    assert (updated["id"], updated["name"]) == (customer, "Olena")


async def test_health_reaches_everybody(house: House) -> None:
    tab = await house.tab("boris")
    await house.health.ill("pbx:main", "lost", "start Asterisk")
    health = (await tab.next("health"))["health"]
    assert [(p["name"], p["up"], p["code"]) for p in health["pbx"]] == [("main", False, "lost")]
    await fresh(house, tab, "boris")


async def test_changing_desks_brings_the_board_anew(house: House) -> None:
    tab = await house.tab("anna")
    await house.db.write(lambda s: rosters.unbind(s, house.people["anna"], house.clock.now()))
    await house.bus.publish(RosterChanged(roster=await house.db.read(rosters.load)))
    await tab.next()
    assert (tab.board["me"]["extension"], tab.board["presence"]["state"]) == (None, "offline")


async def test_who_is_not_signed_in_is_told_so(house: House) -> None:
    assert await (await house.knock()).closed() == 4401
    assert await (await house.knock(query="?ticket=guessed")).closed() == 4401


async def test_a_ticket_opens_one_socket(house: House) -> None:
    headers = {**house.cookie("anna"), "X-Requested-With": "callcenter"}
    url = f"http://{house.address}/api/v1/session/ticket"
    async with aiohttp.ClientSession() as http, http.post(url, headers=headers) as answer:
        ticket = (await answer.json())["ticket"]
    assert (await house.tab(query=f"?ticket={ticket}")).board["me"]["username"] == "anna"
    assert await (await house.knock(query=f"?ticket={ticket}")).closed() == 4401


async def test_a_foreign_page_gets_no_socket(house: House) -> None:
    with pytest.raises(websockets.InvalidStatus) as refused:
        await house.knock("anna", headers={"Origin": "https://evil.example"})
    assert refused.value.response.status_code == 403
    await house.tab("anna", headers={"Origin": f"http://{house.address}"})


async def test_an_old_page_is_told_to_reload(house: House) -> None:
    assert await (await house.knock("anna", query="?protocol=0")).closed() == 4412


async def test_signing_off_closes_the_tabs_of_that_session(house: House) -> None:
    tab, other = await house.tab("anna"), await house.tab("boris")
    token = house.cookie("anna")["Cookie"].partition("=")[2]
    actor = await house.db.read(lambda s: sessions.actor(s, token, house.clock.now()))
    assert actor is not None
    await house.bus.publish(SignedOff(session=actor.session, user=actor.id))
    assert await tab.closed() == 4401
    await fresh(house, other, "boris")


async def test_an_expired_session_loses_its_tab(house: House) -> None:
    tab = await house.tab("anna")

    def expire(session: Session) -> None:
        for row in session.query(SignIn):
            row.expires_at = house.clock.now()

    await house.db.write(expire)
    await house.hub.end_expired()
    assert await tab.closed() == 4401


@pytest.mark.parametrize("said", ['{"type":"shout"}', "not json", '{"type":"resume","seq":0,"more":1}', "[" * 3000])
async def test_nonsense_ends_the_conversation(house: House, said: str) -> None:
    tab = await house.tab("anna")
    await tab.socket.send(said)
    assert await tab.closed() == 1008


async def test_too_long_and_too_much_end_it_too(house: House) -> None:
    long, much = await house.tab("anna"), await house.tab("anna")
    await long.socket.send("x" * 5000)
    assert await long.closed() == 1009
    for _ in range(101):
        await much.say(type="painted", pop=str(house.people["anna"]), paint_ms=1.0)
    assert await much.closed() == 1008


async def test_paint_times_are_measured(house: House) -> None:
    tab = await house.tab("anna")
    painted = metric("callcenter_paint_seconds_count")
    await tab.say(type="painted", pop=str(house.people["anna"]), paint_ms=12.3)
    await until_async(lambda: metric("callcenter_paint_seconds_count") == painted + 1)


async def test_a_tab_that_does_not_read_is_dropped_and_slows_nobody(house: House) -> None:
    asleep, awake = await house.tab("anna"), await house.tab("anna")
    open_tabs = metric("callcenter_tabs")
    asleep.socket.transport.pause_reading()
    anna = house.people["anna"]
    long = Why(kind=ReasonKind.FORCED, ref=str(anna), since=START, note="x" * 60_000)
    dropped = metric("callcenter_tabs_dropped_total")
    for serial in range(400):
        told = Presence(state=Mood.PAUSED, since=START + timedelta(seconds=serial), why=(long,))
        await house.bus.publish(PresenceChanged(agent=anna, presence=told))
        await awake.next("presence")
        await asyncio.sleep(0)
    assert metric("callcenter_tabs_dropped_total") == dropped + 1
    await until_async(lambda: metric("callcenter_tabs") == open_tabs - 1)
    await fresh(house, awake, "anna")
    asleep.socket.transport.abort()


async def test_the_floor_is_for_supervisors(house: House) -> None:
    await house.hire("olga", "supervisor")
    olga, anna = await house.tab("olga"), await house.tab("anna")
    await olga.say(type="subscribe", topic="floor")
    floor = await olga.next()
    assert [(a["me"]["display_name"], a["presence"]["debts"]) for a in floor["agents"]] == [("Anna", 0), ("Boris", 0)]
    await house.happens(answered().events)
    while floor["agents"][0]["presence"]["debts"] == 0:
        floor = await olga.next()
    await anna.say(type="subscribe", topic="floor")
    assert await anna.closed() == 4403


def folded(shown: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """The floor after what was told."""
    kept = {a["me"]["id"]: a for a in shown.get("agents", ()) if a["me"]["id"] not in told.get("gone", ())}
    return {**shown, **told, "agents": [*(kept | {a["me"]["id"]: a for a in told["agents"]}).values()]}


async def watched(tab: Tab, shown: dict[str, Any], kinds: list[str]) -> None:
    async for frame in tab.socket:
        told = json.loads(frame)
        kinds.append(told.pop("type"))
        shown |= folded(shown, told)
        shown.pop("gone", None)


async def test_what_changes_on_the_floor_adds_up_to_the_floor(house: House) -> None:
    changes, whole = dict[str, Any](), dict[str, Any]()
    of_olga, of_vera = list[str](), list[str]()
    async with asyncio.TaskGroup() as tasks:
        for name, shown, kinds in (("olga", changes, of_olga), ("vera", whole, of_vera)):
            await house.hire(name, "supervisor")
            tab = await house.tab(name)
            await tab.say(type="subscribe", topic="floor", changes=name == "olga")
            tasks.create_task(watched(tab, shown, kinds))
        await until_async(lambda: changes and whole)
        await house.happens(answered().events)
        await until_async(lambda: whole["agents"][0]["presence"]["debts"] and changes == whole)
        await house.close()
    assert set(of_olga[1:]) == {"floor_change"}
    assert set(of_vera) == {"floor"}
    Floor.model_validate({**changes, "type": "floor"})


async def overdue(house: House) -> tuple[Tab, datetime, UUID]:
    """A supervisor's tab on the floor, and a call back that was due three minutes ago: nobody has told her yet."""
    await house.hire("olga", "supervisor")
    olga = await house.tab("olga")
    await olga.say(type="subscribe", topic="floor")
    assert (await olga.next())["missed"] == []
    due = house.clock.now() - timedelta(minutes=3)
    task = {"kind": "callback", "pbx": "main", "queue": "support", "missed": 1, "due_at": due}
    made = await house.db.write(lambda s: tasks.create(s, task, house.people["olga"], due))
    return olga, due, made


async def missed(tab: Tab) -> list[dict[str, Any]]:
    floor = await tab.next()
    while not floor.get("missed"):
        floor = await tab.next()
    found: list[dict[str, Any]] = floor["missed"]
    return found


async def test_the_floor_says_at_once_who_waits_too_long_for_a_call_back(house: House) -> None:
    olga, due, made = await overdue(house)
    await house.bus.publish(TasksChanged(tasks=(made,)))
    (line,) = await missed(olga)
    assert (line["queue"], line["waiting"], line["overdue"]) == ("support", 1, 1)
    assert datetime.fromisoformat(line["due_since"]) == due


def failed() -> float:
    return REGISTRY.get_sample_value("callcenter_contained_failures_total", {"part": "floor"}) or 0.0


@pytest.mark.parametrize("db_url", ["postgres"], indirect=True)  # SQLite would call it an outage, which mends itself
async def test_a_look_that_fails_is_the_floors_own_and_the_next_one_tells(house: House) -> None:
    olga, _, made = await overdue(house)
    before = failed()
    await house.db.write(lambda s: s.execute(text("ALTER TABLE tasks RENAME TO tasks_elsewhere")))
    await house.bus.publish(TasksChanged(tasks=(made,)))
    await until_async(lambda: failed() > before)
    await house.db.write(lambda s: s.execute(text("ALTER TABLE tasks_elsewhere RENAME TO tasks")))
    await house.bus.publish(TasksChanged(tasks=(made,)))
    assert [line["waiting"] for line in await missed(olga)] == [1]


async def test_the_board_is_there_without_a_socket(house: House) -> None:
    tab = await house.tab("anna")
    url = f"http://{house.address}/api/v1/me/board"
    async with aiohttp.ClientSession() as http:
        async with http.get(url, headers=house.cookie("anna")) as answer:
            assert await answer.json() == tab.board
        async with http.get(url, headers={"Cookie": f"{access.COOKIE}=no"}) as answer:
            assert answer.status == 401


async def test_a_stopping_service_says_goodbye(house: House) -> None:
    tab = await house.tab("anna")
    house.hub.close()
    assert await tab.closed() == 1001
