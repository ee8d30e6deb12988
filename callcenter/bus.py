"""Delivers events to their subscribers, in order, one after another, failures contained."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from callcenter import metrics
from callcenter.log import logger

E = TypeVar("E")
log = logger(__name__)


class Bus:
    """Subscriptions by the event's class. A failing subscriber is logged and counted and never stops another.

    What a subscriber publishes is delivered after the event it was reacting to: all subscribers see one order.
    """

    def __init__(self) -> None:
        self._subscribers: dict[type, list[Callable[[Any], Awaitable[None]]]] = defaultdict(list)
        self._waiting: deque[object] = deque()
        self._delivering = False
        self.failures = 0

    def on(self, kind: type[E], subscriber: Callable[[E], Awaitable[None]]) -> None:
        self._subscribers[kind].append(subscriber)

    async def publish(self, event: object) -> None:
        """Delivers the event; inside a delivery, queues it behind."""
        self._waiting.append(event)
        if self._delivering:
            return
        self._delivering = True
        try:
            while self._waiting:
                await self._deliver(self._waiting.popleft())
        finally:
            self._delivering = False

    async def _deliver(self, event: object) -> None:
        for subscriber in self._subscribers[type(event)]:
            try:
                await subscriber(event)
            except Exception:
                self.failures += 1
                part = getattr(subscriber, "__qualname__", repr(subscriber))
                metrics.contained.labels(part=part).inc()
                log.exception("subscriber_failed", subscriber=part, event_type=type(event).__name__)
