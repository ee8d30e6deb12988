"""Alarms that are written down, and a wallboard that shows itself by a token."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter import api
from callcenter.crm import alarm_log
from callcenter.crm.models.floor import AlarmRow
from callcenter.crm.models.people import Team, User
from callcenter.db import Database
from callcenter.ledger import Ledger
from callcenter.pbx_events import LinkUp, MemberState
from callcenter.routing.gate import Gate
from callcenter.routing.keys import GATE
from callcenter.supervision import api_alarms, api_displays
from callcenter.supervision.alarm_book import Book
from callcenter.supervision.alarm_watch import AlarmWatch
from callcenter.supervision.alarms import AlarmKey, AlarmKind, Reading, Standing
from callcenter.supervision.throttle import Throttle
from tests.crm.office import Office, open_office, outside
from tests.screenpop.desk import member
from tests.spine.story import START

WAIT: AlarmKey = (AlarmKind.LONGEST_WAIT, "main", "support")


def join(app: web.Application, ledger: Ledger) -> None:
    bus = app[api.BUS]
    out = outside(app, ledger)
    app[GATE] = gate = Gate(out)
    watch = AlarmWatch(out, gate)
    bus.on(MemberState, gate.member_state)
    bus.on(LinkUp, watch.link_up)
    api_displays.provide(app, watch)
    api_displays.add_routes(app)
    api_alarms.add_routes(app)


@pytest.fixture
async def office(sqlite_db: Database) -> AsyncIterator[Office]:
    async with open_office(sqlite_db, more=join) as opened:
        yield opened


def standing(value: float) -> Standing:
    return Standing(reading=Reading(key=WAIT, value=value, limit=120), wrong_since=0, raised_at=START)


def test_an_alarm_keeps_its_id_and_how_far_it_went() -> None:
    book = Book()
    (first,) = book.stand([standing(130)], {("main", "support"): "Help"}, START)
    (again,) = book.stand([standing(190)], {}, START)
    book.stand([standing(125)], {}, START)
    assert book.stand([], {}, START + timedelta(minutes=2)) == ()
    assert (first.id, first.label) == (again.id, "Help")
    assert [one.id for one in book.page.raised] == [first.id]
    assert [(one.id, one.worst) for one in book.page.over] == [(first.id, 190)]
    (other,) = book.stand([standing(130)], {}, START + timedelta(minutes=3))
    assert other.id != first.id


def test_what_the_database_did_not_take_is_written_with_the_next_look() -> None:
    book = Book()
    book.stand([standing(130)], {}, START)
    book.stand([], {}, START)
    assert (len(book.page.raised), len(book.page.over)) == (1, 1)
    book.written(book.page)
    assert not book.page


def test_a_name_may_ask_so_many_times_in_so_long() -> None:
    throttle = Throttle(2, 10.0)
    assert [throttle.over("a", at) for at in (0, 1, 2, 11)] == [False, False, True, False]
    assert (throttle.spent("a", 12), throttle.over("b", 12)) == (False, False)


async def alarm(office: Office, **values: object) -> str:
    def write(session: Session) -> str:
        told: dict[str, Any] = {"kind": "longest_wait", "pbx": "main", "thing": "support", "limit": 120, "worst": 130}
        row = AlarmRow(**told, raised_at=START, **values)
        session.add(row)
        session.flush()
        return str(row.id)

    return await office.db.write(write)


async def in_teams(office: Office, people: dict[str, str]) -> None:
    def write(session: Session) -> None:
        teams = {name: Team(name=name) for name in people.values()}
        session.add_all(teams.values())
        session.flush()
        for username, team in people.items():
            session.scalars(select(User).where(User.username == username)).one().team_id = teams[team].id

    await office.db.write(write)


async def test_alarms_are_listed_acknowledged_by_the_first_and_taken_along(office: Office) -> None:
    sofia = await office.signed_in("sofia", "supervisor")
    vera = await office.signed_in("vera", "supervisor")
    await alarm(office, ended_at=START + timedelta(minutes=3))
    going = await alarm(office)
    assert (await sofia.post(f"/alarms/{going}/acknowledge")).status == 204
    assert (await vera.post(f"/alarms/{going}/acknowledge")).status == 204
    (told,) = (await vera.get("/alarms?open=true&kind=longest_wait&queue=support")).body["items"]
    assert (told["id"], told["acknowledged_by"]["username"], told["ended_at"]) == (going, "sofia", None)
    assert (await vera.get("/alarms?kind=waiting")).body["items"] == []
    first = (await vera.get("/alarms?limit=1")).body
    second = (await vera.get(f"/alarms?limit=1&cursor={first['next_cursor']}")).body
    assert {first["items"][0]["id"], second["items"][0]["id"]} > {going}
    assert second["next_cursor"] is None
    sheet = (await vera.get("/alarms/export?open=false")).text.splitlines()
    assert [line.split(";")[2] for line in sheet] == ["Seconds", "180"]


async def test_an_agents_alarm_is_for_those_who_supervise_him(office: Office) -> None:
    anna = await office.signed_in("anna", extension="101")
    sofia = await office.signed_in("sofia", "supervisor")
    vera = await office.signed_in("vera", "supervisor")
    await in_teams(office, {"anna": "north", "sofia": "north", "vera": "south"})
    made = await alarm(office, agent_id=anna.id)
    assert [one["id"] for one in (await sofia.get("/alarms")).body["items"]] == [made]
    assert (await vera.get("/alarms")).body["items"] == []
    assert (await vera.post(f"/alarms/{made}/acknowledge")).status == 404


async def test_what_went_on_when_the_service_ended_is_over(office: Office) -> None:
    await alarm(office)
    await office.db.write(lambda s: alarm_log.give_up(s, START + timedelta(hours=1)))
    assert await office.db.read(lambda s: s.scalars(select(AlarmRow.ended_at)).all()) == [START + timedelta(hours=1)]


async def shown(office: Office, token: str) -> tuple[int, Any]:
    caller = await office.caller()
    answer = await caller.get("/display", Authorization=f"Bearer {token}")
    return answer.status, answer.body


async def test_a_display_shows_its_queues_until_it_is_revoked_and_names_nobody(office: Office) -> None:
    sofia = await office.signed_in("sofia", "supervisor")
    await office.server.app[api.BUS].publish(member("PJSIP/101"))
    of_support = {"name": "Hall", "queues": [{"pbx": "main", "queue": "support"}]}
    made = (await sofia.post("/displays", of_support)).body
    other = (await sofia.post("/displays", {"name": "Door", "queues": [{"pbx": "main", "queue": "sales"}]})).body
    status, wall = await shown(office, made["token"])
    assert (status, wall["name"], [q["queue"] for q in wall["queues"]]) == (200, "Hall", ["support"])
    assert (await shown(office, other["token"]))[1]["queues"] == []
    listed = (await sofia.get("/displays")).body["items"]
    assert {(one["name"], one["token"], bool(one["used_at"])) for one in listed} == {
        ("Hall", "", True),
        ("Door", "", True),
    }
    assert (await sofia.delete(f"/displays/{made['id']}")).status == 204
    status, problem = await shown(office, made["token"])
    assert (status, problem["code"]) == (401, "display_revoked")


async def test_a_display_opens_nothing_else_and_is_throttled(office: Office) -> None:
    sofia = await office.signed_in("sofia", "supervisor")
    token = (await sofia.post("/displays", {"name": "Hall"})).body["token"]
    stranger = await office.caller()
    assert (await stranger.get("/alarms", Authorization=f"Bearer {token}")).status == 401
    asked = [(await shown(office, token))[0] for _ in range(31)]
    assert asked == [200] * 30 + [429]
    guesses = [(await shown(office, "ccd_guess"))[0] for _ in range(25)]
    assert guesses[:20] + guesses[-1:] == [401] * 20 + [429]
