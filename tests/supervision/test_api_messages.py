"""A line from a supervisor: to whom it goes, and that it is read once."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from callcenter import api
from callcenter.db import Database
from callcenter.ledger import Ledger
from callcenter.news import RosterChanged
from callcenter.pbx_events import MemberState
from callcenter.routing.gate import Gate
from callcenter.routing.keys import GATE
from callcenter.supervision import api_messages
from tests.crm.office import Caller, Office, open_office, outside
from tests.screenpop.desk import member


def join(app: web.Application, ledger: Ledger) -> None:
    bus = app[api.BUS]
    out = outside(app, ledger)
    app[GATE] = gate = Gate(out)
    bus.on(RosterChanged, gate.roster_changed)
    bus.on(MemberState, gate.member_state)
    api_messages.add_routes(app)


@pytest.fixture
async def office(sqlite_db: Database) -> AsyncIterator[Office]:
    async with open_office(sqlite_db, more=join) as opened:
        yield opened


async def lines(who: Caller) -> list[str]:
    return [one["text"] for one in (await who.get("/me/messages")).body["items"]]


async def test_a_line_stands_until_it_is_read_and_its_author_sees_who_has(office: Office) -> None:
    anna = await office.signed_in("anna", extension="101")
    boris = await office.signed_in("boris", extension="102")
    sofia = await office.signed_in("sofia", "supervisor")
    told = await sofia.post("/messages", {"text": "  Line 2 is back  "})
    assert (told.status, told.body["readers"]) == (201, 2)
    only = await sofia.post("/messages", {"text": "See me at three", "agent_id": str(anna.id)})
    assert (await lines(anna), await lines(boris)) == (["Line 2 is back", "See me at three"], ["Line 2 is back"])
    assert (await boris.put(f"/me/messages/{only.body['id']}", None)).status == 404
    assert (await anna.put(f"/me/messages/{told.body['id']}", None)).status == 204
    assert await lines(anna) == ["See me at three"]
    first, second = (await sofia.get("/messages")).body["items"]
    read = {one["username"]: one["read_at"] is not None for one in second["readers"]}
    assert (first["text"], read) == ("See me at three", {"anna": True, "boris": False})
    assert [row.details["readers"] for row in await office.trail("message")] == [2, 1]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"text": "   "}, 422),
        ({"text": "x" * 501}, 422),
        ({"text": "Hello", "queue": "support"}, 422),
        ({"text": "Hello", "pbx": "main", "queue": "nowhere"}, 409),
    ],
)
async def test_what_is_no_message_or_for_nobody_is_refused(office: Office, body: dict[str, str], status: int) -> None:
    await office.signed_in("anna", extension="101")
    sofia = await office.signed_in("sofia", "supervisor")
    assert (await sofia.post("/messages", body)).status == status


async def test_agents_write_to_nobody_and_a_line_sent_twice_is_one(office: Office) -> None:
    anna = await office.signed_in("anna", extension="101")
    sofia = await office.signed_in("sofia", "supervisor")
    assert (await anna.post("/messages", {"text": "Hello"})).status == 403
    for _ in range(2):
        await sofia.post("/messages", {"text": "Hello"}, Idempotency_Key="one")
    assert await lines(anna) == ["Hello"]


async def test_a_queues_line_goes_to_those_who_work_in_it(office: Office) -> None:
    anna = await office.signed_in("anna", extension="101")
    boris = await office.signed_in("boris", extension="102")
    sofia = await office.signed_in("sofia", "supervisor")
    await office.ledger.deliver("main", [member("PJSIP/101", "support")])
    sent = await sofia.post("/messages", {"text": "Long wait", "pbx": "main", "queue": "support"})
    assert (sent.status, await lines(anna), await lines(boris)) == (201, ["Long wait"], []), sent.text
