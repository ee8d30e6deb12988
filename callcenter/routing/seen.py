"""Counts the channels that come, so that an administrator sees which of them the map does not know."""

from __future__ import annotations

import asyncio
from typing import Final

from callcenter.call import Changed
from callcenter.clock import Clock
from callcenter.contain import contained
from callcenter.crm import seen
from callcenter.crm.seen import Sighting
from callcenter.db import Database
from callcenter.events import Arrived, Joined, Offered
from callcenter.log import logger
from callcenter.pbx_events import ChannelSeen
from callcenter.pbxmap import Kind, known_as
from callcenter.values import replace

log = logger(__name__)
_WRITE_SECONDS: Final = 5.0
_PENDING: Final = 2000
"""Peers that wait to be written; more than that in so short a time are a flood, and are not counted."""


class SeenChannels:
    """Subscriber of the bus; one writer of what was seen."""

    def __init__(self, db: Database, clock: Clock, write_s: float = _WRITE_SECONDS) -> None:
        self._db = db
        self._clock = clock
        self._write_s = write_s
        self._pending: dict[tuple[str, str], Sighting] = {}
        self._stirred = asyncio.Event()
        self._told: set[tuple[str, str]] = set()

    async def channel_seen(self, event: ChannelSeen) -> None:
        key = (event.pbx, event.peer)
        if event.kind is Kind.UNCLASSIFIED and key not in self._told and len(self._told) < _PENDING:
            self._told.add(key)
            log.warning("unclassified_channel", pbx=event.pbx, peer=event.peer, context=event.context)
        self._count(
            Sighting(
                pbx=event.pbx,
                peer=event.peer,
                times=1,
                first_at=event.at,
                last_at=event.at,
                context=event.context,
                linkedid=event.linkedid,
            )
        )

    async def changed(self, change: Changed) -> None:
        """Trunks and devices are seen in their calls."""
        event = change.event
        if isinstance(event, Arrived):
            peer = event.trunk
        elif isinstance(event, Offered | Joined):
            peer = event.device.name
        else:
            return
        one = Sighting(
            pbx=event.call.pbx,
            peer=known_as(peer),
            times=1,
            first_at=event.at,
            last_at=event.at,
            context="",
            linkedid=event.call.uniqueid,
        )
        if one.peer:
            self._count(one)

    async def run(self) -> None:
        """Writes what was counted every few seconds; for ever."""
        while True:
            await self._stirred.wait()
            await asyncio.sleep(self._write_s)
            with contained("seen"):
                await self.write()

    async def write(self) -> None:
        batch, now = dict(self._pending), self._clock.now()
        await self._db.write(lambda s: seen.note(s, batch.values(), now))
        for key, written in batch.items():
            left = self._pending[key].times - written.times
            if left:
                self._pending[key] = replace(self._pending[key], times=left)
            else:
                del self._pending[key]
        if not self._pending:
            self._stirred.clear()

    def _count(self, one: Sighting) -> None:
        key = (one.pbx, one.peer)
        before = self._pending.get(key)
        if before is None and len(self._pending) >= _PENDING:
            return
        if before:
            one = replace(one, times=before.times + 1, first_at=before.first_at, context=one.context or before.context)
        self._pending[key] = one
        self._stirred.set()
