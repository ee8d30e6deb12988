"""A PBX on a real socket, records, and a feed between them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from callcenter.ami.feed import Feed, Kept
from callcenter.ami.journal import Journal
from callcenter.ami.wire import Link, Patience
from callcenter.clock import SystemClock
from callcenter.log import Secret
from tests.ami.linked import CALM, MAP, Records, Start
from tests.fake_asterisk import FakeAsterisk


@pytest.fixture
async def asterisk() -> AsyncIterator[FakeAsterisk]:
    async with FakeAsterisk() as pbx:
        yield pbx


@pytest.fixture
def records() -> Records:
    return Records()


@pytest.fixture
async def start(asterisk: FakeAsterisk, records: Records) -> AsyncIterator[Start]:
    running: list[asyncio.Task[None]] = []

    def run(secret: str = "s3cret", journal: Journal | None = None, patience: Patience = CALM) -> Feed:
        link = Link(
            pbx="main",
            host="127.0.0.1",
            port=asterisk.port,
            username="crm",
            secret=Secret(secret),
            patience=patience,
        )
        feed = Feed(link, MAP, SystemClock(), records.open, Kept(journal=journal))
        running.append(asyncio.create_task(feed.run(records.deliver)))
        return feed

    yield run
    for task in running:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
