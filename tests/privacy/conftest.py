"""Archives on both databases, or on one where SQL is not what is tested."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from callcenter.db import Database
from tests.privacy.archive import Archive, open_archive


@pytest.fixture
async def archive(sqlite_db: Database, tmp_path: Path) -> AsyncIterator[Archive]:
    async with open_archive(sqlite_db, tmp_path) as opened:
        yield opened


@pytest.fixture
async def both(db: Database, tmp_path: Path) -> AsyncIterator[Archive]:
    """An archive on each kind of database."""
    async with open_archive(db, tmp_path) as opened:
        yield opened
