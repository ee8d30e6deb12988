"""Whoever began a job may be killed before he can say that it is done, or only seem dead: another does it again, or
meanwhile. Then there is what there is when it is done once: rows, files and messages."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, nullcontext
from pathlib import Path

import pytest

from callcenter.db import Database
from tests.lending import Library
from tests.spine.repeated import CASES, Case, changed, kinds, picture

World = Callable[[str], AbstractAsyncContextManager[tuple[Database, Path]]]


@pytest.fixture(params=["sqlite", "postgres"])
def world(request: pytest.FixtureRequest, sqlite_template: Path, tmp_path: Path) -> World:
    """A fresh database and a folder by that name."""

    def copied(folder: Path) -> AbstractContextManager[str]:
        shutil.copy(sqlite_template, folder / "callcenter.sqlite3")
        return nullcontext(f"sqlite:///{folder / 'callcenter.sqlite3'}")

    def lent(_folder: Path) -> AbstractContextManager[str]:
        library: Library = request.getfixturevalue("library")
        return library.lent()

    url = {"sqlite": copied, "postgres": lent}[request.param]

    @asynccontextmanager
    async def opened(name: str) -> AsyncIterator[tuple[Database, Path]]:
        folder = tmp_path / name
        folder.mkdir()
        with url(folder) as address:
            db = Database(address)
            await db.start()
            try:
                yield db, folder
            finally:
                await db.close()

    return opened


def test_there_is_a_case_of_every_kind_of_job() -> None:
    assert {kind for kind, _ in CASES} == kinds()


@pytest.mark.parametrize("case", [pytest.param(case, id=f"{kind}-{case.__name__}") for kind, case in CASES])
async def test_done_twice_or_by_two_at_once_it_is_done_once(case: Case, world: World) -> None:
    async with world("once") as (db, folder), case(db, folder) as laid:
        before = await picture(db, laid)
        await laid.process()(laid.args)
        once = await picture(db, laid)
        done = changed(before, once)
        assert done
        await laid.process()(laid.args)
        assert changed(once, await picture(db, laid)) == []
    async with world("at_once") as (db, folder), case(db, folder) as laid:
        before = await picture(db, laid)
        await asyncio.gather(*(laid.process()(laid.args) for _ in range(2)))
        assert changed(before, await picture(db, laid)) == done
