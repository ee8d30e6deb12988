"""An office with reports, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from callcenter.db import Database
from callcenter.ledger import Ledger
from callcenter.reporting import api
from tests.crm.office import Office, open_office


def _reports(app: web.Application, _ledger: Ledger) -> None:
    api.add_routes(app)


@pytest.fixture
async def office(db: Database) -> AsyncIterator[Office]:
    async with open_office(db, more=_reports) as opened:
        yield opened
