"""A siege as it is laid in CI and by the bench: one PBX, two agents who answer, a third who refuses, a provider."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

from tests.lab.phones import Floor
from tests.pbx.job.conftest import wire as wire_up
from tests.pbx.job.product import AGENTS, Desk, Product
from tests.postgres import Cluster
from tests.siege.screen import Screen
from tests.siege.siege import Siege
from tests.siege.wire import Wire

EXTRA: Final = {"res_parking.conf": "[default](+)\nparkingtime=3\n"}
"""Who is parked and fetched by nobody rings again soon."""


@asynccontextmanager
async def laid(
    floor: Floor,
    folder: Path,
    seed: int,
    *,
    cluster: Cluster | None = None,
    browser: bool = False,
    third: bool = False,
) -> AsyncIterator[Siege]:
    """The product with its state in ``folder``, reached by a wire that can be broken. ``third``: Chiara works too."""
    pbx = floor.pbx
    async with AsyncExitStack() as ends:
        between = Wire(pbx.ports.ami)
        await between.start()
        ends.push_async_callback(between.close)
        product = Product(pbx, folder, cluster.url(cluster.new_database()) if cluster else "")
        product.environment["CALLCENTER_PBX__MAIN__PORT"] = str(between.port)
        product.add_people()
        product.start()
        ends.callback(product.stop)
        await wire_up(product)
        desks = {name: Desk(product, name) for name in ("anna", "boris", "sofia", *(["chiara"] if third else []))}
        for desk in desks.values():
            await desk.sign_in()
            ends.push_async_callback(desk.close)
        _plug(floor, third)
        screen = await ends.enter_async_context(Screen.opened(product, "boris")) if browser else None
        siege = Siege(pbx=pbx, product=product, floor=floor, desks=desks, wire=between, seed=seed)
        siege.cluster, siege.screen = cluster, screen
        yield siege


def _plug(floor: Floor, third: bool) -> None:
    floor.phone(AGENTS["anna"], answer_ms=200)
    floor.phone(AGENTS["boris"], answer_ms=500)
    floor.phone(AGENTS["chiara"], answer_ms=800, busy=not third)
    floor.phone("trunk", answer_ms=300, talk_ms=1500)
