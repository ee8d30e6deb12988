"""Two real PBXs set up alike in one installation: equal extensions, queues and channels ring at the same moment."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.lab.asterisk import Asterisk
from tests.lab.phones import Floor
from tests.parts import need
from tests.pbx.job.product import Desk, Product, extensions_of, map_of
from tests.pbx.job.test_calls import plug, rang_for
from tests.pbx.job.test_owing import free
from tests.until import until_async

pytestmark = pytest.mark.pbx
CALLERS = {"main": "79161280001", "branch": "79161280002", "later": "79161280003"}
CLICKED = "79161289999"
SITS = {"main": "anna", "branch": "boris"}


@pytest.fixture
def floors() -> Iterator[dict[str, Floor]]:
    """A PBX each, with its phones and customers."""
    need("asterisk")
    with ExitStack() as stack:
        with ThreadPoolExecutor() as booting:
            pbxs = dict(zip(SITS, booting.map(lambda _: stack.enter_context(Asterisk()), SITS), strict=True))
        yield {name: stack.enter_context(Floor(pbx)) for name, pbx in pbxs.items()}


@pytest.fixture
async def desks(floors: dict[str, Floor], tmp_path: Path) -> AsyncIterator[dict[str, Desk]]:
    """Anna sits at 101 of the main PBX, Boris at 101 of the branch; Sofia supervises."""
    product = Product(floors["main"].pbx, tmp_path, branch=floors["branch"].pbx)
    product.add_people()
    product.start()
    people = {name: Desk(product, who) for name, who in (SITS | {"sofia": "sofia", "admin": "admin"}).items()}
    try:
        await people["admin"].sign_in()
        await wire(people["admin"], floors)
        await people["sofia"].sign_in()
        for pbx in SITS:
            await people[pbx].sign_in(extension="101", pbx=pbx)
            await people[pbx].listen()
        yield people
    finally:
        for desk in people.values():
            await desk.close()
        product.stop()


async def wire(admin: Desk, floors: dict[str, Floor]) -> None:
    """Both PBXs are linked and read by their maps."""
    for name, floor in floors.items():
        shape = floor.pbx.shape
        map = {"rules": map_of(shape), "extensions": extensions_of(shape)}
        await admin.request("PUT", f"/pbx/{name}/map", map)

    async def up() -> bool:
        items = (await admin.request("GET", "/pbx"))["items"]
        return all(one["up"] and one["map"] for one in items)

    await until_async(up, 20, "both links with their maps")


async def calls_of(sofia: Desk, pbx: str) -> list[dict[str, Any]]:
    return list((await sofia.request("GET", f"/calls?pbx={pbx}"))["items"])


async def told(sofia: Desk, pbx: str) -> set[tuple[str, str]]:
    """Who talked with whom on that PBX."""
    calls = await calls_of(sofia, pbx)
    parts = [(part, call["number"].removeprefix("+")) for call in calls for part in call["segments"]]
    return {(part["agent"]["username"], number) for part, number in parts if part["answered_at"]}


async def stored(sofia: Desk) -> bool:
    """What was recorded on each PBX before one of them died."""
    calls = [call for pbx in SITS for call in await calls_of(sofia, pbx) if call["queues"]]
    return [[one["state"] for one in call["recordings"]] for call in calls] == [["stored"]] * 3


def numbers_on(desk: Desk) -> set[str]:
    """Whoever was ever shown in his tab."""
    return {m["pop"]["number"].removeprefix("+") for m in desk.told if "pop" in m}


async def test_two_pbxs_ring_at_once_and_one_goes_on_without_the_other(
    floors: dict[str, Floor], desks: dict[str, Desk]
) -> None:
    main, branch = (floors[name].pbx for name in SITS)
    anna, boris, sofia = (desks[name] for name in ("main", "branch", "sofia"))
    phones = {name: plug(floor, "101", answer_ms=500) for name, floor in floors.items()}
    providers = {name: floor.phone("trunk", talk_ms=400) for name, floor in floors.items()}
    for name, floor in floors.items():
        floor.caller(CALLERS[name], "7001", talk_ms=1200)
    for name in SITS:
        await until_async(desks[name].owed, 20, f"{name} owing")
        assert (numbers_on(desks[name]), rang_for(phones[name])) == ({CALLERS[name]}, {CALLERS[name]})
        assert not free(floors[name].pbx, "101")
    await boris.log_outcome()
    await until_async(lambda: free(branch, "101"), 10, "Boris free")
    assert not free(main, "101")

    await boris.request("POST", "/calls", {"number": f"+{CLICKED}"})
    await until_async(boris.owed, 15, "Boris owing for his click")
    assert {name: [o.dialled for o in phone.offers()] for name, phone in providers.items()} == {
        "main": [],
        "branch": [f"+{CLICKED}"],
    }
    branch.kill()
    await anna.log_outcome()
    floors["main"].caller(CALLERS["later"], "7001", talk_ms=600)
    await anna.log_outcome()
    await until_async(lambda: free(main, "101"), 10, "Anna free again")

    await until_async(lambda: stored(sofia), 15, "each PBX's recordings stored")
    assert {name: await told(sofia, name) for name in SITS} == {
        "main": {("anna", CALLERS["main"]), ("anna", CALLERS["later"])},
        "branch": {("boris", CALLERS["branch"]), ("boris", CLICKED)},
    }
    of_queue = {name: await sofia.request("GET", f"/calls?queue=support&pbx={name}") for name in SITS}
    assert {name: len(found["items"]) for name, found in of_queue.items()} == {"main": 2, "branch": 1}
    lines = (await sofia.request("GET", "/queues"))["items"]
    assert {line["pbx"]: line["today"]["answered"] for line in lines if line["queue"] == "support"}["main"] == 2
    assert (numbers_on(anna), numbers_on(boris)) == (
        {CALLERS["main"], CALLERS["later"]},
        {CALLERS["branch"], CLICKED},
    )
