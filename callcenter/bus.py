"""Delivers events to their subscribers, in order, one after another, failures contained."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias, TypeVar

from callcenter import metrics
from callcenter.log import logger

E = TypeVar("E")
_Subscribers: TypeAlias = defaultdict[type, list[Callable[[Any], Awaitable[None]]]]
log = logger(__name__)


class Bus:
    """Subscriptions by the event's class. A failing subscriber is logged and counted and never stops another.

    What a subscriber publishes is delivered after the events it was reacting to: each subscriber sees one order.
    Subscribers ``ahead`` hear all that is published together before the others hear the first of it.
    """

    def __init__(self) -> None:
        self._ahead: _Subscribers = defaultdict(list)
        self._others: _Subscribers = defaultdict(list)
        self._waiting: deque[tuple[object, ...]] = deque()
        self._delivering = False
        self.failures = 0

    def on(self, kind: type[E], subscriber: Callable[[E], Awaitable[None]], *, ahead: bool = False) -> None:
        (self._ahead if ahead else self._others)[kind].append(subscriber)

    async def publish(self, *events: object) -> None:
        """Delivers the events; inside a delivery, queues them behind."""
        self._waiting.append(events)
        if self._delivering:
            return
        self._delivering = True
        try:
            while self._waiting:
                together = self._waiting.popleft()
                for subscribers in (self._ahead, self._others):
                    for event in together:
                        await self._deliver(event, subscribers)
        finally:
            self._delivering = False

    async def _deliver(self, event: object, subscribers: _Subscribers) -> None:
        for subscriber in subscribers[type(event)]:
            try:
                await subscriber(event)
            except Exception:
                self.failures += 1
                part = getattr(subscriber, "__qualname__", repr(subscriber))
                metrics.contained.labels(part=part).inc()
                log.exception("subscriber_failed", subscriber=part, event_type=type(event).__name__)
