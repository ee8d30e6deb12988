"""Offices on both databases, or on one where SQL is not what is tested."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from callcenter.db import Database
from tests.crm.office import Office, open_office


@pytest.fixture
async def office(sqlite_db: Database) -> AsyncIterator[Office]:
    async with open_office(sqlite_db) as opened:
        yield opened


@pytest.fixture
async def both(db: Database) -> AsyncIterator[Office]:
    """An office on each kind of database."""
    async with open_office(db) as opened:
        yield opened
