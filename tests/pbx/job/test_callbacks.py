"""Missed callers and calls back on a real Asterisk: what the phones saw is the truth."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.lab.asterisk import Asterisk
from tests.lab.phones import Floor
from tests.parts import need
from tests.pbx.job.conftest import wire
from tests.pbx.job.product import Desk, Product, extensions_of, map_of
from tests.until import until, until_async

pytestmark = pytest.mark.pbx
AGENTS = {"anna": "101", "boris": "102", "chiara": "103"}
OURS = "+74951234567"
CUSTOMER = "+79161239999"
SECOND = "109"
PHONE = f"""[{SECOND}](phone)
aors={SECOND}
auth={SECOND}
[{SECOND}](phone-aor)
[{SECOND}](phone-auth)
username={SECOND}
password=change-me-{SECOND}
"""


@pytest.fixture(scope="module")
def pbx() -> Iterator[Asterisk]:
    """The shipped PBX with one phone more."""
    need("asterisk")
    with Asterisk({"pjsip_local.conf": PHONE}) as running:
        with (running.etc / "pjsip_local.conf").open("a") as file:
            file.write(f"[{SECOND}](+type=aor)\ncontact=sip:{SECOND}@127.0.0.1:{running.ports.phone(SECOND)}\n")
        running.cli("module reload res_pjsip.so")
        until(lambda: f"{SECOND}@127.0.0.1" in running.cli("pjsip show contacts"), 10, "the phone's address known")
        yield running


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
    await until_async(lambda: [o.result for o in mine.taken()] == ["talked"], 10, "the agent's phone free again")
    assert mine.offers()[0].customer != CUSTOMER
    assert [m for m in anna.told if m["change"] == "pop_offered" and m["pop"]["direction"] == "inbound"] == []
    (owed,) = await until_async(anna.owed, 10, "Anna owing")
    assert (owed["direction"], owed["via"], owed["number"]) == ("outbound", "originate", CUSTOMER)

    async def refused() -> bool:
        answer = await anna.request("POST", "/calls", {"number": CUSTOMER}, status=409)
        return str(answer["code"]) == "outcome_owed"

    await until_async(refused, 5, "refused for what she owes, once her phone is known to be free")
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


async def two_phones(product: Product, second: str) -> None:
    """Anna has another phone beside her own; the link is up again with the new map."""
    admin = Desk(product, "admin")
    await admin.sign_in()
    extensions = extensions_of(product.pbx.shape)
    extensions[0]["devices"] = [*extensions[0]["devices"], second]
    rule = {"pattern": second, "kind": "device", "region": None}
    await admin.request("PUT", "/pbx/main/map", {"rules": [*map_of(product.pbx.shape), rule], "extensions": extensions})

    async def read() -> bool:
        (pbx,) = (await admin.request("GET", "/pbx"))["items"]
        return bool(pbx["up"] and second in {rule["pattern"] for rule in pbx["map"]})

    await until_async(read, 20, "the new map in force")
    await admin.close()


@pytest.fixture
async def second(product: Product, people: dict[str, Desk]) -> AsyncIterator[str]:
    """Anna's second phone, in no queue."""
    await two_phones(product, f"PJSIP/{SECOND}")
    yield SECOND
    await wire(product)


@pytest.mark.parametrize(("taken", "left"), [("101", "109"), ("109", "101")])
async def test_all_phones_of_an_agent_ring_and_the_one_picked_up_calls(
    floor: Floor, people: dict[str, Desk], second: str, taken: str, left: str
) -> None:
    anna = people["anna"]
    # Long enough for the other to have said that it rings: PJSIP gives the CANCEL of an INVITE that nobody has answered
    # yet no Reason (RFC 3326).
    mine, other = floor.phone(taken, answer_ms=2500), floor.phone(left, answer_ms=None)
    provider = floor.phone("trunk", talk_ms=1000)
    before = len(story(anna))
    await anna.request("POST", "/calls", {"number": CUSTOMER})
    await comes_to(anna, "ended", before=before)
    (offer,) = provider.offers()
    assert (offer.dialled, offer.customer) == (CUSTOMER, OURS)
    await until_async(lambda: [o.result for o in mine.taken()] == ["talked"], 10, "the agent's phone free again")
    assert [o.result for o in other.offers()][-1:] == ["answered_elsewhere"]
    assert other.taken() == []
    assert {o.customer for o in (*mine.offers(), *other.offers())} == {OURS}
    assert story(anna)[before:] == ["ringing_you", "dialling", "ringing_customer", "talking", "ended"]
    (owed,) = await until_async(anna.owed, 10, "Anna owing once")
    assert (owed["via"], owed["number"]) == ("originate", CUSTOMER)
    assert [m for m in anna.told if m["change"] == "pop_offered" and m["pop"]["direction"] == "inbound"] == []
    await until_async(lambda: "paused:callcenter" in floor.pbx.cli("queue show support"), 10, "held in her queues")
    await anna.log_outcome()
    await until_async(lambda: floor.pbx.database("callcenter-owes") == {}, 10, "no debt left")


async def test_an_agent_who_picks_up_none_of_his_phones_is_told_so_once(
    floor: Floor, impatient: dict[str, Desk], second: str
) -> None:
    anna = impatient["anna"]
    floor.phone("101", answer_ms=None)
    provider = floor.phone("trunk")
    before = len(story(anna))
    await anna.request("POST", "/calls", {"number": CUSTOMER})
    await comes_to(anna, "you_no_answer", before=before)
    before = len(story(anna))
    floor.phone(second, busy=True)
    await anna.request("POST", "/calls", {"number": CUSTOMER})
    await comes_to(anna, "you_rejected", before=before)
    assert provider.offers() == []
