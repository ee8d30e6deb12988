"""Offices in which talks are scored, on both databases, or on one where SQL is not what is tested."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from callcenter.db import Database
from callcenter.ledger import Ledger
from callcenter.reporting import api as reporting_api
from callcenter.scoring.routes import add_routes
from tests.crm.office import open_office
from tests.scoring.quality import Quality


def _scoring(app: web.Application, _ledger: Ledger) -> None:
    add_routes(app)
    reporting_api.add_routes(app)


@pytest.fixture
async def quality(sqlite_db: Database) -> AsyncIterator[Quality]:
    async with open_office(sqlite_db, more=_scoring) as office:
        yield await Quality.opened(office)


@pytest.fixture
async def both(db: Database) -> AsyncIterator[Quality]:
    """On each kind of database."""
    async with open_office(db, more=_scoring) as office:
        yield await Quality.opened(office)
