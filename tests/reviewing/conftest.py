"""An office whose work is looked through, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from callcenter.db import Database
from callcenter.ledger import Ledger
from callcenter.reviewing.api import add_routes
from tests.crm.office import Office, open_office


def _reviewing(app: web.Application, _ledger: Ledger) -> None:
    add_routes(app)


@pytest.fixture
async def both(db: Database) -> AsyncIterator[Office]:
    async with open_office(db, more=_reviewing) as opened:
        yield opened


@pytest.fixture
async def office(sqlite_db: Database) -> AsyncIterator[Office]:
    async with open_office(sqlite_db, more=_reviewing) as opened:
        yield opened
