"""What people decided, as the records hold it: read at the start, anew with each change, and until that has worked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

from sqlalchemy.orm import Session

from callcenter.contain import contained
from callcenter.db import Database

T = TypeVar("T")
_AGAIN_SECONDS: Final = 1.0


async def _nobody() -> None:
    """Nobody waits for it."""


class Decided(Generic[T]):
    """``start`` once, subscribe ``changed``, ``run`` for ever. ``value`` is what was read last; ``taken`` is awaited
    whenever it was read anew. ``part`` is for logs."""

    def __init__(
        self,
        db: Database,
        part: str,
        read: Callable[[Session], T],
        usual: T,
        taken: Callable[[], Awaitable[None]] = _nobody,
    ) -> None:
        self._db = db
        self._part = part
        self._read = read
        self._taken = taken
        self._turn = 0
        self._stale = asyncio.Event()
        self.value = usual

    async def start(self) -> None:
        """Raises Unavailable."""
        self.value = await self._db.read(self._read)

    async def changed(self, _event: object) -> None:
        """Reads it at once, so that it holds when its author is answered; what cannot be read now is read later."""
        self._stale.set()
        await self._look()

    async def run(self) -> None:
        while True:
            await self._stale.wait()
            await asyncio.sleep(_AGAIN_SECONDS)
            if self._stale.is_set():
                await self._look()

    async def _look(self) -> None:
        self._turn += 1
        turn = self._turn
        with contained(self._part):
            value = await self._db.read(self._read)
            if turn == self._turn:  # else somebody looked after us, and may have seen more
                self.value = value
                self._stale.clear()
                await self._taken()
