"""A siege as it is laid in CI and by the benches: one PBX, agents who answer, others who refuse, a provider."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

from tests.lab.phones import Floor
from tests.pbx.job.conftest import wire as wire_up
from tests.pbx.job.product import Desk, Product, agents_of
from tests.postgres import Cluster
from tests.siege.screen import Screen
from tests.siege.siege import Siege
from tests.siege.wire import Wire

EXTRA: Final = {"res_parking.conf": "[default](+)\nparkingtime=3\n"}
"""Who is parked and fetched by nobody rings again soon."""
_ANSWERS_MS: Final = {"anna": 200, "boris": 500, "chiara": 800, "dario": 300, "elena": 1500}


@asynccontextmanager
async def laid(
    floor: Floor,
    folder: Path,
    seed: int,
    *,
    cluster: Cluster | None = None,
    browser: bool = False,
    working: tuple[str, ...] = ("anna", "boris"),
) -> AsyncIterator[Siege]:
    """The product with its state in ``folder``, reached by a wire that can be broken. Who is not ``working`` has a
    phone that refuses."""
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
        desks = {name: Desk(product, name) for name in (*working, "sofia")}
        for desk in desks.values():
            await desk.sign_in()
            ends.push_async_callback(desk.close)
        _plug(floor, working)
        screen = await ends.enter_async_context(Screen.opened(product, "boris")) if browser else None
        siege = Siege(pbx=pbx, product=product, floor=floor, desks=desks, wire=between, seed=seed)
        siege.cluster, siege.screen, siege.working = cluster, screen, working
        yield siege


def _plug(floor: Floor, working: tuple[str, ...]) -> None:
    for name, extension in agents_of(floor.pbx.shape).items():
        floor.phone(extension, answer_ms=_ANSWERS_MS[name], busy=name not in working)
    floor.phone("trunk", answer_ms=300, talk_ms=1500)
