"""Two PBXs on real sockets in one service: what is equal on both is not mixed, and one that is down disturbs nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import select

from callcenter.app import Parts, build
from callcenter.config import Pbx, Settings
from callcenter.crm.models.calls import CallRow
from callcenter.crm.models.desks import MapRule
from callcenter.events import CallKey
from callcenter.subscriptions import subscribe
from tests.ami.says import Pbx as Says
from tests.fake_asterisk import FakeAsterisk
from tests.until import until_async


def says(number: str) -> bytes:
    """A customer calls; channel names and Uniqueids are the same on whichever PBX tells it."""
    pbx = Says()
    pbx.customer(number)
    return b"".join(pbx.blocks)


@asynccontextmanager
async def house(url: str, folder: Path, *pbxs: FakeAsterisk) -> AsyncIterator[Parts]:
    names = ("main", "branch")
    links = {
        name: Pbx(host="127.0.0.1", port=pbx.port, username="callcenter", secret=SecretStr(pbx.secret))
        for name, pbx in zip(names, pbxs, strict=True)
    }
    parts = build(Settings(database_url=SecretStr(url), state=folder, pbx=links, region="RU"))
    subscribe(parts)
    await parts.db.start()
    await parts.db.write(
        lambda s: s.add_all(
            MapRule(pbx=name, pattern="PJSIP/trunk*", kind="trunk", position=0, arriving=[], dialling=[])
            for name in names
        )
    )
    await parts.db.read(parts.links.load_maps)
    try:
        async with asyncio.TaskGroup() as group:
            tasks = await parts.links.run(group)
            yield parts
            for task in tasks:
                task.cancel()
    finally:
        await parts.db.close()


async def numbers(parts: Parts) -> dict[tuple[str, str], str]:
    def read(session: object) -> dict[tuple[str, str], str]:
        rows = session.scalars(select(CallRow))  # type: ignore[attr-defined]
        return {(row.pbx, row.uniqueid): row.number_raw for row in rows}

    return await parts.db.read(read)


def up(parts: Parts, name: str) -> bool:
    part = parts.health.parts.get(f"pbx:{name}")
    return bool(part and part.ok)


async def test_equal_uniqueids_on_two_pbxs_are_two_calls(sqlite_url: str, tmp_path: Path) -> None:
    async with FakeAsterisk() as main, FakeAsterisk() as branch, house(sqlite_url, tmp_path, main, branch) as parts:
        await until_async(lambda: up(parts, "main") and up(parts, "branch"))
        main.tell(says("+79161234567"))
        branch.tell(says("+79167654321"))
        await until_async(lambda: len(parts.ledger.live()) == 2)
        found = await numbers(parts)
        (uniqueid,) = {uniqueid for _, uniqueid in found}
        assert found == {("main", uniqueid): "+79161234567", ("branch", uniqueid): "+79167654321"}
        assert set(parts.ledger.live()) == {CallKey(pbx=name, uniqueid=uniqueid) for name in ("main", "branch")}


async def test_one_that_is_down_disturbs_nobody(sqlite_url: str, tmp_path: Path) -> None:
    async with FakeAsterisk() as main, FakeAsterisk() as branch, house(sqlite_url, tmp_path, main, branch) as parts:
        await until_async(lambda: up(parts, "main") and up(parts, "branch"))
        branch.tell(says("+79167654321"))
        await until_async(lambda: len(parts.ledger.live()) == 1)
        await main.stop()
        await until_async(lambda: not up(parts, "main"))
        assert up(parts, "branch")
        assert {key.pbx for key in parts.ledger.live()} == {"branch"}
        assert branch.connections == 1
        journals = {file.name.partition("-")[0] for file in parts.links.journals.glob("*.ami")}
        assert journals == {"main", "branch"}
