"""Messages that came and are not taken yet: the reader appends, and never waits for whoever takes them."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

from callcenter import metrics
from callcenter.ami.messages import Hangup, Message
from callcenter.ami.wire import Link
from callcenter.clock import Clock

_BATCH: Final = 256


class Inbox:
    """Of one PBX. What was taken counts as waiting until ``done``."""

    def __init__(self, link: Link, clock: Clock) -> None:
        self._waiting: deque[Message] = deque()
        self._most = link.patience.waiting
        self._clock = clock
        self._taken: Message | None = None
        self._came = asyncio.Event()
        self._lag = metrics.ami_lag.labels(pbx=link.pbx)
        metrics.ami_behind.labels(pbx=link.pbx).set_function(self._behind)

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def full(self) -> bool:
        return len(self._waiting) >= self._most

    def append(self, message: Message) -> None:
        self._waiting.append(message)
        self._came.set()

    def clear(self) -> None:
        self._waiting.clear()

    def take(self) -> list[Message]:
        """The next ones, none where there are none."""
        batch = [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]
        if batch:
            self._taken = batch[0]
            self._lag.set((self._clock.now() - batch[-1].at).total_seconds())
        return batch

    def done(self) -> None:
        """What was taken is delivered."""
        self._taken = None

    def hung_up(self) -> frozenset[str]:
        """The channels whose end waits to be taken."""
        return frozenset(message.uniqueid for message in self._waiting if isinstance(message, Hangup))

    async def something(self, ending: asyncio.Task[None], timeout: float) -> None:
        """Returns when a message came, ``ending`` is done, or ``timeout`` seconds have passed."""
        self._came.clear()
        coming = asyncio.create_task(self._came.wait())
        try:
            await asyncio.wait({coming, ending}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            coming.cancel()

    def _behind(self) -> float:
        """How long the oldest message that came has not been delivered, in seconds."""
        oldest = self._taken or (self._waiting[0] if self._waiting else None)
        return self._clock.monotonic() - oldest.mono if oldest else 0.0
