"""Whom an outcome says nobody is to call is not reached from a desk phone, however he is dialled: seen by the trunk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.lab.asterisk import Asterisk
from tests.lab.phones import Caller, Floor
from tests.lab.refer import refer
from tests.pbx.job.product import Desk, Product, free_port
from tests.pbx.job.test_calls import leaves, over
from tests.until import until_async

pytestmark = pytest.mark.pbx
NEVER = {"code": "never_again", "labels": {"en": "Never again"}, "do_not_call": True}
WAYS = ("89161270001", "+79161270001", "9161270001", "0079161270001")
OTHER, FORBIDDEN = "89161270002", "89161270009"


@pytest.fixture(scope="module")
def product(pbx: Asterisk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """With a port of its own for what the PBX asks, as another worker's product has the usual one, and both with more
    patience than on a machine that does not run four other tests."""
    running = Product(pbx, tmp_path_factory.mktemp("product"))
    running.environment["CALLCENTER_FASTAGI__PORT"] = str(free_port())
    running.environment["CALLCENTER_FASTAGI__PATIENCE_S"] = "4"
    pbx.cli("dialplan set global CC_ROUTE_PATIENCE 5")
    running.add_people()
    running.start()
    yield running
    running.stop()


@pytest.fixture
async def sofia(desks: dict[str, Desk]) -> AsyncIterator[Desk]:
    """The supervisor, at Chiara's desk."""
    await desks["sofia"].request("PUT", "/me/extension", {"extension": "103", "take_over": True})
    yield desks["sofia"]
    await desks["sofia"].request("PUT", "/me/extension", {"extension": None})


async def dialled(floor: Floor, number: str, *, agent: str = "102") -> Caller:
    call = floor.agent_dials(agent, number, talk_ms=200)
    await over(call)
    return call


async def forbidden(desk: Desk, number: str) -> None:
    """A card whose mark says that nobody is to call it."""
    said = {"name": "Olga", "numbers": [{"raw": number}]}
    made = await desk.request("POST", "/customers", said, headers={"Idempotency-Key": number})
    await desk.request("PUT", f"/customers/{made['id']}/do-not-call", {"why": "asked us to stop"})


def reached(floor: Floor) -> list[str]:
    return [offer.dialled for offer in floor.log().of("trunk")]


async def test_an_outcome_keeps_every_desk_phone_from_a_number_but_a_supervisors(
    product: Product, floor: Floor, desks: dict[str, Desk], admin: Desk, sofia: Desk
) -> None:
    """Others and help are reached; with the service gone the same number is too."""
    await admin.request("POST", "/outcomes", NEVER)
    floor.phone("101", answer_ms=150)
    floor.phone("trunk")
    await over(floor.caller("79161270001", "7101", talk_ms=300))
    await desks["anna"].log_outcome("never_again", "asked us to stop")
    await until_async(lambda: "marked" in floor.pbx.database("callcenter-rules"), 10, "the PBX asks")
    for number in WAYS:
        refused = await dialled(floor, number)
        assert refused.answered(), "he hears why"
    assert reached(floor) == []
    for number in ("112", OTHER):
        await dialled(floor, number)
    assert reached(floor) == ["112", OTHER]
    await desks["boris"].log_outcome()
    await dialled(floor, WAYS[0], agent="103")
    assert reached(floor)[2:] == [WAYS[0]]
    product.kill()
    await dialled(floor, WAYS[0])
    assert reached(floor)[3:] == [WAYS[0]]
    product.start()
    for desk in desks.values():
        await desk.reopen()


async def test_nobody_but_a_supervisor_sends_a_customer_on_to_such_a_number(
    floor: Floor, desks: dict[str, Desk], admin: Desk, sofia: Desk
) -> None:
    """Whom an agent sent is with him again; for a supervisor, at 103, the trunk is dialled."""
    await forbidden(admin, FORBIDDEN)
    await until_async(lambda: "marked" in floor.pbx.database("callcenter-rules"), 10, "the PBX asks")
    floor.phone("trunk")
    anna, boss = floor.phone("101"), floor.phone("103")
    customers = [floor.caller(f"7916127000{n}", f"71{n:02}", talk_ms=None) for n in (1, 3)]
    await until_async(lambda: anna.taken() and boss.taken(), 15, "both talk")
    assert await asyncio.to_thread(refer, anna, FORBIDDEN) == 202
    await until_async(lambda: len(anna.taken()) == 2, 20, "he is with Anna again")
    assert reached(floor) == []
    assert await asyncio.to_thread(refer, boss, FORBIDDEN) == 202
    await until_async(lambda: reached(floor), 10, "the trunk is dialled")
    assert reached(floor) == [FORBIDDEN]
    for customer in customers:
        await leaves(floor, customer)
