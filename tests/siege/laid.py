"""A siege as it is laid in CI and by the bench: one PBX, two agents who answer, a third who refuses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.lab.asterisk import Asterisk
from tests.lab.phones import Floor
from tests.pbx.job.conftest import wire as wire_up
from tests.pbx.job.product import AGENTS, Desk, Product
from tests.siege.siege import Siege
from tests.siege.wire import Wire


@asynccontextmanager
async def laid(pbx: Asterisk, floor: Floor, folder: Path, seed: int) -> AsyncIterator[Siege]:
    """The product with its state in ``folder``, reached by a wire that can be broken."""
    between = Wire(pbx.ports.ami)
    await between.start()
    product = Product(pbx, folder)
    product.environment["CALLCENTER_PBX__MAIN__PORT"] = str(between.port)
    product.add_people()
    product.start()
    await wire_up(product)
    desks = {name: Desk(product, name) for name in ("anna", "boris", "sofia")}
    for desk in desks.values():
        await desk.sign_in()
    floor.phone(AGENTS["anna"], answer_ms=200)
    floor.phone(AGENTS["boris"], answer_ms=500)
    floor.phone(AGENTS["chiara"], busy=True)
    try:
        yield Siege(pbx=pbx, product=product, floor=floor, desks=desks, wire=between, seed=seed)
    finally:
        for desk in desks.values():
            await desk.close()
        product.stop()
        await between.close()
