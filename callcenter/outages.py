"""Outages that could not be read at once are read beside the calls that come, again and again until it is done.

Whoever rings now is served first: reading takes a third of a core at most, and each call that was found takes its turn
among the events of its PBX.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from itertools import islice
from typing import Final, TypeAlias

from callcenter.ami.history import History, Pace
from callcenter.clock import Clock
from callcenter.contain import contained
from callcenter.crm import outages
from callcenter.crm.outages import Due
from callcenter.db import Database
from callcenter.errors import Unavailable
from callcenter.events import CallEvent, Filled
from callcenter.health import Health
from callcenter.log import logger
from callcenter.news import OutageWanted
from callcenter.pbx_events import Outage
from callcenter.pbxmap import PbxMap

log = logger(__name__)
_AT_ONCE: Final = 50
_PIECE_SECONDS: Final = 300.0
_LOOK_SECONDS: Final = 30.0
_REST: Final = 2.0
_LONGEST_REST: Final = 0.1

Written: TypeAlias = Callable[[str], tuple[PbxMap, History | None]]
"""The map of a PBX and where it writes its calls down."""


class Outages:
    """``run`` for ever. ``take`` puts what was found among the events of its PBX and waits for its commit."""

    def __init__(
        self,
        kept: tuple[Database, Clock, Health],
        written: Written,
        take: Callable[[CallEvent], Awaitable[object]],
    ) -> None:
        self._db, self._clock, self._health = kept
        self._written = written
        self._take = take
        self._wake = asyncio.Event()

    async def stirred(self, _event: Outage | OutageWanted) -> None:
        """Nobody listened for a while, or somebody does not want to wait for the next try."""
        self._wake.set()

    async def run(self) -> None:
        while True:
            with contained("outages"):
                await self.look()
            await self._until_next()

    async def look(self) -> None:
        """One look: reads all that is due."""
        while found := await self._db.read(lambda s: outages.due(s, self._clock.now())):
            await self._read(found)

    async def _until_next(self) -> None:
        seconds = _LOOK_SECONDS
        with contained("outages"):
            at = await self._db.read(outages.next_at)
            if at is not None:
                seconds = min(max((at - self._clock.now()).total_seconds(), 1.0), seconds)
        try:
            await asyncio.wait_for(self._wake.wait(), seconds)
        except TimeoutError:
            return
        self._wake.clear()

    async def _read(self, due: Due) -> None:
        """One try at one outage."""
        try:
            count = await self._filled(due)
        except (TimeoutError, Unavailable) as wrong:
            why = (wrong.code, str(wrong)) if isinstance(wrong, Unavailable) else ("history_slow", "")
            await self._db.write(lambda s: outages.failed(s, due.id, why, self._clock.now()))
            log.warning("history_not_read", pbx=due.pbx, since=due.gap.from_at.isoformat(), code=why[0])
        except Exception:
            why = ("history_failed", "a fault of ours: please report it with the lines of the log")
            await self._db.write(lambda s: outages.failed(s, due.id, why, self._clock.now()))
            await self._say(due.pbx)
            raise
        else:
            await self._db.write(lambda s: outages.read(s, due.id, self._clock.now()))
            log.info("gap_filled", pbx=due.pbx, since=due.gap.from_at.isoformat(), calls=count)
        await self._say(due.pbx)

    async def _say(self, pbx: str) -> None:
        if wrong := await self._db.read(lambda s: outages.failing(s, pbx)):
            await self._health.ill(f"history:{pbx}", *wrong)
        else:
            await self._health.well(f"history:{pbx}")

    async def _filled(self, due: Due) -> int:
        """How many calls were told. Raises Unavailable, TimeoutError."""
        map, history = self._written(due.pbx)
        if history is None:
            raise Unavailable("CALLCENTER_PBX__<NAME>__HISTORY is not set", code=outages.NOT_SET)
        stop, count = threading.Event(), 0
        told = history.told(map, due.gap, due.begun, due.booted_at, _gently(stop))
        try:
            while some := await asyncio.wait_for(asyncio.to_thread(_piece, told), _PIECE_SECONDS):
                count += len(some)
                for event in some:
                    await self._take(event.told_at(self._clock.now()))
        finally:
            stop.set()
        return count


def _piece(told: Iterator[Filled]) -> list[Filled]:
    return list(islice(told, _AT_ONCE))


def _gently(stop: threading.Event) -> Pace:
    """After each stretch of work twice its time of rest."""
    resumed = [time.monotonic()]

    def rest() -> None:
        if stop.is_set():
            raise Unavailable("nobody waits for it any more", code="history_slow")
        time.sleep(min(_REST * (time.monotonic() - resumed[0]), _LONGEST_REST))
        resumed[0] = time.monotonic()

    return rest
