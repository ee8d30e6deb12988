"""Messages that came and are not taken yet: the reader appends, and never waits for whoever takes them.

A PBX tells one thing in several messages within a few milliseconds. What nobody sits and waits for is taken together
with what follows it: one look, one transaction and one telling of it instead of five. On a busy PBX the end of one call
is taken along with the ring of another.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import Final

from callcenter import metrics
from callcenter.ami.messages import (
    BridgeLeft,
    CallerAbandoned,
    CallerLeft,
    DialBegin,
    DialEnd,
    DidKnown,
    Hangup,
    HangupRequested,
    Member,
    Message,
    NewChannel,
    NumberHidden,
    QueueEnded,
    QueueNamed,
    RecordedTo,
    Renamed,
)
from callcenter.ami.wire import Link
from callcenter.clock import Clock

_BATCH: Final = 256
_PATIENCE_SECONDS: Final = 0.005
_PACE_SECONDS: Final = 0.05
"""How soon after anything was taken what can wait is taken by itself."""
_PATIENT: Final = frozenset({NewChannel, Renamed, DialBegin, DialEnd, RecordedTo, DidKnown, NumberHidden, QueueNamed})
_ENDS: Final = frozenset({HangupRequested, Hangup, BridgeLeft, CallerLeft, CallerAbandoned, QueueEnded, Member})
_CAN_WAIT: Final = _PATIENT | _ENDS
"""What comes before a phone rings or a talk begins, and what comes after."""


class Inbox:
    """Of one PBX. What was taken counts as waiting until ``done``."""

    def __init__(self, link: Link, clock: Clock) -> None:
        self._waiting: deque[Message] = deque()
        self._most = link.patience.waiting
        self._clock = clock
        self._taken: Message | None = None
        self._taken_at = 0.0
        self._ripe = asyncio.Event()
        self._ripens: asyncio.TimerHandle | None = None
        self._lag = metrics.ami_lag.labels(pbx=link.pbx)
        metrics.ami_behind.labels(pbx=link.pbx).set_function(self._behind)

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def full(self) -> bool:
        return len(self._waiting) >= self._most

    def append(self, message: Message) -> None:
        self._waiting.append(message)
        if self._ripe.is_set():
            return
        if type(message) not in _CAN_WAIT or (isinstance(message, Member) and message.pausing):
            self._ripe.set()
        elif self._ripens is None:
            wait = self._taken_at + _PACE_SECONDS - self._clock.monotonic()
            self._ripens = asyncio.get_running_loop().call_later(max(_PATIENCE_SECONDS, wait), self._ripe.set)

    def clear(self) -> None:
        self._waiting.clear()
        self._unripe()

    def take(self) -> list[Message]:
        """The next ones, none where there are none."""
        batch = [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]
        if not self._waiting:
            self._unripe()
        if batch:
            self._taken, self._taken_at = batch[0], self._clock.monotonic()
            self._lag.set((self._clock.now() - batch[-1].at).total_seconds())
        return batch

    def done(self) -> None:
        """What was taken is delivered."""
        self._taken = None

    def hung_up(self) -> frozenset[str]:
        """The channels whose end waits to be taken."""
        return frozenset(message.uniqueid for message in self._waiting if isinstance(message, Hangup))

    async def something(self, timeout: float) -> None:
        """Returns when there is something to be taken, somebody did ``stir``, or ``timeout`` seconds have passed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._ripe.wait()

    def stir(self) -> None:
        """Nobody is to wait any more."""
        self._ripe.set()

    def _unripe(self) -> None:
        self._ripe.clear()
        if self._ripens:
            self._ripens.cancel()
            self._ripens = None

    def _behind(self) -> float:
        """How long the oldest message that came has not been delivered, in seconds."""
        oldest = self._taken or (self._waiting[0] if self._waiting else None)
        return self._clock.monotonic() - oldest.mono if oldest else 0.0
