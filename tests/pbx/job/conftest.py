"""A real Asterisk, a running product and signed-in people, one set a test module."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.lab.asterisk import Asterisk
from tests.lab.phones import Floor
from tests.parts import need
from tests.pbx.job.product import Desk, Product, extensions_of, map_of
from tests.until import until_async


@pytest.fixture(scope="module")
def pbx() -> Iterator[Asterisk]:
    need("asterisk")
    with Asterisk() as running:
        yield running


@pytest.fixture
def floor(pbx: Asterisk) -> Iterator[Floor]:
    """Phones and customers of one test."""
    with Floor(pbx) as plugged:
        yield plugged


@pytest.fixture(scope="module")
def product(pbx: Asterisk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    running = Product(pbx, tmp_path_factory.mktemp("product"))
    running.add_people()
    running.start()
    yield running
    running.stop()


async def wire(product: Product) -> None:
    """What an administrator does once: says what is a trunk, what a phone, and who rings where."""
    admin = Desk(product, "admin")
    await admin.sign_in()
    if not await linked(admin):
        shape = product.pbx.shape
        map = {"rules": map_of(shape), "extensions": extensions_of(shape)}
        await admin.request("PUT", "/pbx/main/map", map)
        await until_async(lambda: linked(admin), 20, "the link to the PBX with its new map")
    await admin.close()


async def linked(admin: Desk) -> bool:
    """The PBX is linked and read by the right map."""
    (pbx,) = (await admin.request("GET", "/pbx"))["items"]
    told = [{name: rule[name] for name in ("pattern", "kind", "region")} for rule in pbx["map"]]
    return bool(pbx["up"] and told == map_of(admin.product.pbx.shape))


@pytest.fixture
async def admin(product: Product) -> AsyncIterator[Desk]:
    """The administrator, with no tab open."""
    await wire(product)
    made = Desk(product, "admin")
    await made.sign_in()
    yield made
    await made.close()


@pytest.fixture
async def desks(product: Product) -> AsyncIterator[dict[str, Desk]]:
    """Anna, Boris and Chiara at 101, 102 and 103 with a tab open each, and Sofia who supervises."""
    await wire(product)
    people = {name: Desk(product, name) for name in ("anna", "boris", "chiara", "sofia")}
    for desk in people.values():
        await desk.sign_in()
        await desk.listen()
    yield people
    try:
        await settle(people)
    finally:
        for desk in people.values():
            await desk.close()


async def settle(desks: dict[str, Desk]) -> None:
    """Logs whatever is still owed, so that the next test starts with free agents."""
    for desk in desks.values():
        await until_async(desk.quiet, 30, "calls ending")
        for pop in desk.owed():
            await desk.request("PUT", f"/segments/{pop['id']}/outcome", {"outcome": "solved", "comment": ""})
        await until_async(desk.idle, 10, "everything settled")
