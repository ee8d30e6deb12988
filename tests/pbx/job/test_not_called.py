"""Whom an outcome says nobody is to call is not reached from a desk phone, however he is dialled: seen by the trunk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.asterisk import Asterisk
from tests.lab.phones import Caller, Floor
from tests.pbx.job.product import Desk, Product, free_port
from tests.pbx.job.test_calls import over
from tests.until import until_async

pytestmark = pytest.mark.pbx
NEVER = {"code": "never_again", "labels": {"en": "Never again"}, "do_not_call": True}
WAYS = ("89161270001", "+79161270001", "9161270001", "0079161270001")
OTHER = "89161270002"


@pytest.fixture(scope="module")
def product(pbx: Asterisk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """With a port of its own for what the PBX asks: another worker's product has the usual one."""
    running = Product(pbx, tmp_path_factory.mktemp("product"))
    running.environment["CALLCENTER_FASTAGI__PORT"] = str(free_port())
    running.add_people()
    running.start()
    yield running
    running.stop()


async def dialled(floor: Floor, number: str, *, agent: str = "102") -> Caller:
    call = floor.agent_dials(agent, number, talk_ms=200)
    await over(call)
    return call


def reached(floor: Floor) -> list[str]:
    return [offer.dialled for offer in floor.log().of("trunk")]


async def test_an_outcome_keeps_every_desk_phone_from_a_number_but_a_supervisors(
    product: Product, floor: Floor, desks: dict[str, Desk], admin: Desk
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
    await desks["sofia"].request("PUT", "/me/extension", {"extension": "103", "take_over": True})
    await dialled(floor, WAYS[0], agent="103")
    assert reached(floor)[2:] == [WAYS[0]]
    product.kill()
    await dialled(floor, WAYS[0])
    assert reached(floor)[3:] == [WAYS[0]]
    product.start()
    for desk in desks.values():
        await desk.reopen()
