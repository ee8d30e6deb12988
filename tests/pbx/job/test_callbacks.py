"""Missed callers and calls back on a real Asterisk: what the phones saw is the truth."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.lab.asterisk import Asterisk
from tests.lab.phones import Floor
from tests.pbx.job.product import Desk, Product
from tests.until import until_async

pytestmark = [pytest.mark.pbx, pytest.mark.xdist_group("pbx-callbacks")]
AGENTS = {"anna": "101", "boris": "102", "chiara": "103"}
OURS = "+74951234567"
CUSTOMER = "+79161239999"


async def dialling(product: Product, ring_s: int) -> None:
    """Calls out show a number of ours, and one's own phone rings for so long."""
    admin = Desk(product, "admin")
    await admin.sign_in()
    rules = {"shown": OURS, "trunk": "", "context": "callcenter-dial", "ring_s": ring_s}
    await admin.request("PUT", "/dialling", {"pbx": {"main": rules}})
    await admin.close()


@pytest.fixture
async def people(product: Product, desks: dict[str, Desk]) -> dict[str, Desk]:
    """The agents at their desks."""
    await dialling(product, 20)
    return desks


@pytest.fixture
async def impatient(product: Product, pbx: Asterisk, people: dict[str, Desk]) -> AsyncIterator[dict[str, Desk]]:
    """The same where nobody rings anybody for longer than two seconds."""
    await dialling(product, 2)
    pbx.cli("dialplan set global OUTGOING_TIME 2")
    yield people
    pbx.cli("dialplan set global OUTGOING_TIME 60")


def story(desk: Desk) -> list[str]:
    """How the clicks of this tab went: states, and reasons where they failed."""
    return [m["reason"] or m["state"] for m in desk.heard("dial")]


async def comes_to(desk: Desk, wanted: str, *, before: int = 0) -> None:
    """The tab is told so of the last click; ``before`` is how much it had been told of the clicks before."""
    try:
        await until_async(lambda: story(desk)[before:][-1:] == [wanted], 20)
    except AssertionError:
        raise AssertionError(f"it did not come to {wanted}: {story(desk)[before:]}") from None


async def test_a_click_rings_the_agent_then_the_customer_who_never_sees_his_own_number(
    floor: Floor, people: dict[str, Desk]
) -> None:
    anna = people["anna"]
    mine = floor.phone("101")
    provider = floor.phone("trunk", talk_ms=1000)
    await anna.request("POST", "/calls", {"number": CUSTOMER})
    await comes_to(anna, "ended")
    (offer,) = provider.offers()
    assert (offer.dialled, offer.customer) == (CUSTOMER, OURS)
    assert [o.result for o in mine.offers()] == ["talked"]
    assert mine.offers()[0].customer != CUSTOMER
    assert [m for m in anna.told if m["change"] == "pop_offered" and m["pop"]["direction"] == "inbound"] == []
    (owed,) = await until_async(anna.owed, 10, "Anna owing")
    assert (owed["direction"], owed["via"], owed["number"]) == ("outbound", "originate", CUSTOMER)
    answer = await anna.request("POST", "/calls", {"number": CUSTOMER}, status=409)
    assert answer["code"] == "outcome_owed"
    await anna.log_outcome()
    assert story(anna) == ["ringing_you", "dialling", "ringing_customer", "talking", "ended"]


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ({"busy": True, "rings": True}, "you_rejected"),
        ({"busy": True}, "you_rejected"),
        ({"answer_ms": None}, "you_no_answer"),
    ],
)
async def test_an_agent_who_does_not_pick_up_costs_no_call(
    floor: Floor, impatient: dict[str, Desk], how: dict[str, Any], reason: str
) -> None:
    floor.phone("101", **how)
    provider = floor.phone("trunk")
    await impatient["anna"].request("POST", "/calls", {"number": CUSTOMER})
    await comes_to(impatient["anna"], reason)
    assert provider.offers() == []
    assert impatient["anna"].owed() == []


async def test_an_agent_whose_phone_is_not_there_is_told_so(floor: Floor, impatient: dict[str, Desk]) -> None:
    provider = floor.phone("trunk")
    await impatient["anna"].request("POST", "/calls", {"number": CUSTOMER})
    await comes_to(impatient["anna"], "you_unreachable")
    assert provider.offers() == []


@pytest.mark.parametrize(
    ("how", "reason"), [({"busy": True}, "customer_busy"), ({"answer_ms": None}, "customer_no_answer")]
)
async def test_a_customer_who_does_not_pick_up_is_told_apart_and_owes_nothing(
    floor: Floor, impatient: dict[str, Desk], how: dict[str, Any], reason: str
) -> None:
    mine = floor.phone("101")
    floor.phone("trunk", **how)
    await impatient["anna"].request("POST", "/calls", {"number": CUSTOMER})
    await comes_to(impatient["anna"], reason)
    await until_async(lambda: mine.offers()[0].ended_at, 10, "the agent's phone free again")
    assert impatient["anna"].owed() == []


async def test_an_agent_who_gives_up_is_told_so(floor: Floor, people: dict[str, Desk]) -> None:
    floor.phone("101", talk_ms=700)
    floor.phone("trunk", answer_ms=None)
    await people["anna"].request("POST", "/calls", {"number": CUSTOMER})
    await comes_to(people["anna"], "you_hung_up")


async def tasks_of(desk: Desk, query: str) -> list[dict[str, Any]]:
    found = await desk.request("GET", f"/tasks?limit=200&{query}")
    return list(found["items"])


async def give_up(floor: Floor, numbers: list[str], did: str) -> None:
    """All of them ring at once, wait a second and a half in vain, and hang up."""
    callers = [floor.caller(number, did, patience_ms=1500) for number in numbers]
    await until_async(lambda: all(caller.ended() for caller in callers), 30, "everybody gone")
    for caller in callers:
        caller.close()
        floor.callers.remove(caller)


async def call_back(desk: Desk) -> int:
    """Takes whatever nobody has, calls back and logs what came of it, until there is nothing left."""
    done = 0
    while free := await tasks_of(desk, "unclaimed=true"):
        before = len(story(desk))
        async with desk.http.post("/api/v1/calls", json={"task_id": free[0]["id"]}) as answer:
            if answer.status == 409:
                continue
            assert answer.status == 201, await answer.text()
        await comes_to(desk, "ended", before=before)
        await desk.log_outcome()
        done += 1
    return done


async def test_twelve_missed_callers_are_called_back_once_each(floor: Floor, people: dict[str, Desk]) -> None:
    numbers = [f"7916123{index:04}" for index in range(12)]
    await give_up(floor, numbers[:6], "7001")
    await give_up(floor, numbers[6:], "7002")
    await give_up(floor, numbers[:3], "7001")
    anna = people["anna"]

    async def all_counted() -> bool:
        return sum(int(task["missed"]) for task in await tasks_of(anna, "missed=true")) == 15

    await until_async(all_counted, 20, "fifteen attempts counted")
    missed = await tasks_of(anna, "missed=true")
    assert sorted((t["number"], t["queue"], t["missed"]) for t in missed) == sorted(
        (f"+{number}", "support" if at < 6 else "sales", 2 if at < 3 else 1) for at, number in enumerate(numbers)
    )
    for extension in AGENTS.values():
        floor.phone(extension)
    provider = floor.phone("trunk", talk_ms=300)
    done = await asyncio.gather(*(call_back(people[name]) for name in AGENTS))
    rung = Counter(offer.dialled for offer in provider.offers())
    assert sum(done) == 12
    assert rung == {f"+{number}": 1 for number in numbers}
    assert await tasks_of(anna, "missed=true") == []
    closed = {t["id"]: t for t in await tasks_of(anna, "missed=true&closed=true")}
    assert all(closed[t["id"]]["closed_how"] == "talk" for t in missed)
