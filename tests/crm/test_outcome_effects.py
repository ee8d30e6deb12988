"""What follows from an outcome: a blocked number, a card that goes, a mark, a status, and who is told."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy import select

from callcenter.crm.outcome_effects import CLEAR, TELL
from callcenter.crm.outcome_hooks import Hooks, signature
from callcenter.crm.spam_cards import SpamCards
from callcenter.errors import Unavailable
from callcenter.jobs import Job
from tests.crm.office import Caller, Office, talked
from tests.crm.test_api_codes import add
from tests.crm.test_api_outcomes import owing, segment_of

SPAM = {"outcome": "spam", "confirmed": True}


async def left(office: Office, kind: str) -> list[dict[str, Any]]:
    """What was left to be done later."""
    rows = await office.db.read(lambda s: list(s.scalars(select(Job.args).where(Job.kind == kind).order_by(Job.id))))
    return [dict(args) for args in rows]


async def cleared(office: Office) -> None:
    for args in await left(office, CLEAR):
        await SpamCards(office.db, office.clock).job(args)


async def blocks(chief: Caller) -> list[str]:
    return [item["number"] for item in (await chief.get("/blocked-numbers")).body["items"]]


async def test_spam_blocks_the_number_and_takes_its_provisional_card_away(both: Office) -> None:
    anna, segment = await owing(both)
    chief = await both.signed_in("chief", "supervisor")
    assert (await anna.put(f"/segments/{segment}/outcome", {"outcome": "spam"})).fields == {"confirmed": "required"}
    assert (await anna.put(f"/segments/{segment}/outcome", SPAM)).status == 200
    assert await blocks(chief) == ["+79161234567"]
    await cleared(both)
    await cleared(both)
    assert (await anna.get("/customers?q=9161234567")).body["items"] == []
    (call,) = (await anna.get("/calls")).body["items"]
    assert (call["customer"], call["number"]) == (None, "+79161234567")
    corrected = await anna.put(f"/segments/{segment}/outcome", {"outcome": "solved"})
    assert corrected.body["outcome"] == "solved"
    assert await blocks(chief) == []
    await both.happens(talked("101", uniqueid="1700000000.2"))
    assert len((await anna.get("/customers?q=9161234567")).body["items"]) == 1


async def test_a_card_that_somebody_wrote_on_stays(office: Office) -> None:
    anna, segment = await owing(office)
    (card,) = (await anna.get("/customers?q=9161234567")).body["items"]
    await anna.patch(f"/customers/{card['id']}", {"name": "Olga"})
    assert (await anna.put(f"/segments/{segment}/outcome", SPAM)).status == 200
    await cleared(office)
    assert (await anna.get(f"/customers/{card['id']}")).body["name"] == "Olga"


async def test_a_card_before_somebodys_eyes_waits(office: Office) -> None:
    """The same caller has another agent on the phone, who owes an outcome."""
    anna, segment = await owing(office)
    boris = await office.signed_in("boris", extension="102")
    await office.happens(talked("102", uniqueid="1700000000.2"))
    await anna.put(f"/segments/{segment}/outcome", SPAM)
    await cleared(office)
    assert len((await anna.get("/customers?q=9161234567")).body["items"]) == 1
    assert len(await left(office, CLEAR)) == 2
    his = (await segment_of(office, boris))["id"]
    await boris.put(f"/segments/{his}/outcome", {"outcome": "silent"})
    await cleared(office)
    assert (await anna.get("/customers?q=9161234567")).body["items"] == []


async def test_an_outcome_forbids_calls_until_it_is_said_otherwise(both: Office) -> None:
    admin = await both.signed_in("root", "admin")
    await add(admin, "never_again", do_not_call=True, set_status="cold", comment="required")
    anna, segment = await owing(both)
    path, said = f"/segments/{segment}/outcome", {"outcome": "never_again", "comment": "asked us to stop"}
    assert (await anna.put(path, said)).status == 200
    (brief,) = (await anna.get("/customers?q=9161234567")).body["items"]
    card = (await anna.get(f"/customers/{brief['id']}")).body
    assert (card["do_not_call"]["by"], card["do_not_call"]["why"]) == ("Anna", "asked us to stop")
    assert (card["status"], card["provisional"]) == ("cold", False)
    assert (await anna.delete(f"/customers/{brief['id']}/do-not-call")).status == 403
    await anna.put(path, {"outcome": "solved"})
    assert (await anna.get(f"/customers/{brief['id']}")).body["do_not_call"] is None


async def test_a_person_forbids_calls_and_a_supervisor_allows_them(both: Office) -> None:
    anna, chief = await both.signed_in("anna"), await both.signed_in("chief", "supervisor")
    made = await anna.post("/customers", {"name": "Olga", "numbers": [{"raw": "+39061234567"}]}, Idempotency_Key="k-1")
    path = f"/customers/{made.body['id']}/do-not-call"
    assert (await anna.put(path, {"why": " "})).status == 422
    first = await anna.put(path, {"why": "a letter of hers"})
    again = await chief.put(path, {"why": "again"})
    assert first.body["do_not_call"] == again.body["do_not_call"]
    assert (await chief.delete(path)).body["do_not_call"] is None
    assert [line.actor_name for line in await both.trail("allow_calls")] == ["chief"]


@dataclass
class Hook:
    """Another system: what it was told, and what it answers next."""

    answers: list[int]
    told: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)
    url: str = ""

    async def take(self, request: web.Request) -> web.Response:
        self.told.append((await request.read(), dict(request.headers)))
        return web.Response(status=self.answers.pop(0))


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    made = Hook(answers=[])
    app = web.Application()
    app.router.add_post("/hook", made.take)
    async with TestServer(app) as server:
        made.url = str(server.make_url("/hook"))
        yield made


async def hooked(office: Office, hook: Hook) -> tuple[Caller, str, dict[str, Any]]:
    """An outcome was logged of which the other system is to be told."""
    admin = await office.signed_in("root", "admin")
    await add(admin, "sold", webhook_url=hook.url, webhook_secret="s3cret")
    anna, segment = await owing(office)
    await anna.put(f"/segments/{segment}/outcome", {"outcome": "sold", "comment": "two"})
    (args,) = await left(office, TELL)
    return anna, segment, args


async def test_another_system_is_told_signed_and_again_until_it_takes_it(both: Office, hook: Hook) -> None:
    _, segment, args = await hooked(both, hook)
    hook.answers, tell = [500, 302, 204], Hooks(both.db, both.clock).job
    for _ in range(2):
        with pytest.raises(Unavailable, match="not taken"):
            await tell(args)
    await tell(args)
    bodies = {body for body, _ in hook.told}
    assert len(bodies) == 1
    body, headers = hook.told[-1]
    said = json.loads(body)
    assert (said["outcome"], said["segment_id"], said["agent"], said["comment"]) == ("sold", segment, "anna", "two")
    assert said["call"]["number"] == "+79161234567"
    stamp, signed = headers["X-Callcenter-Signature"].removeprefix("t=").split(",v1=")
    assert (signed, headers["X-Callcenter-Delivery"]) == (signature("s3cret", stamp, body), args["delivery"])


async def test_what_is_said_otherwise_by_now_is_not_told(office: Office, hook: Hook) -> None:
    anna, segment, args = await hooked(office, hook)
    await anna.put(f"/segments/{segment}/outcome", {"outcome": "solved"})
    await Hooks(office.db, office.clock).job(args)
    assert hook.told == []


async def test_a_day_later_it_is_given_up_and_stands_on_the_trail(office: Office, hook: Hook) -> None:
    _, segment, args = await hooked(office, hook)
    office.clock.move(25 * 3600)
    hook.answers = [503]
    await Hooks(office.db, office.clock).job(args)
    assert [line.thing_id for line in await office.trail("webhook_given_up")] == [segment]
