"""Offices with an importer, on both databases, or on one where SQL is not what is tested."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from callcenter.clock import SetClock
from callcenter.crm.exchange import api_imports
from callcenter.crm.exchange.importer import Importer
from callcenter.crm.exchange.lines import Shelf
from callcenter.db import Database
from tests.crm.office import Office, open_office
from tests.exchange.desk import IMPORTERS
from tests.spine.story import START


@pytest.fixture
async def office(sqlite_db: Database, tmp_path: Path) -> AsyncIterator[Office]:
    importer = Importer(sqlite_db, SetClock(START), Shelf(folder=tmp_path / "imports"))
    async with open_office(sqlite_db, prepare=partial(api_imports.provide, importer=importer)) as opened:
        IMPORTERS[opened.db] = Importer(sqlite_db, opened.clock, importer.shelf)
        yield opened


@pytest.fixture
async def both(db: Database, tmp_path: Path) -> AsyncIterator[Office]:
    """An office on each kind of database."""
    importer = Importer(db, SetClock(START), Shelf(folder=tmp_path / "imports"))
    async with open_office(db, prepare=partial(api_imports.provide, importer=importer)) as opened:
        IMPORTERS[opened.db] = Importer(db, opened.clock, importer.shelf)
        yield opened
