"""What every route shares: the typed keys under which the composition root hands parts to routes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from callcenter.bus import Bus
from callcenter.call import Changed
from callcenter.clock import Clock
from callcenter.config import Settings
from callcenter.db import Database
from callcenter.events import CallEvent
from callcenter.health import Health

DB: web.AppKey[Database] = web.AppKey("db", Database)
BUS: web.AppKey[Bus] = web.AppKey("bus", Bus)
CLOCK: web.AppKey[Clock] = web.AppKey("clock")
HEALTH: web.AppKey[Health] = web.AppKey("health", Health)
SETTINGS: web.AppKey[Settings] = web.AppKey("settings", Settings)
TAKE: web.AppKey[Callable[[CallEvent], Awaitable[Changed | None]]] = web.AppKey("take")
"""Puts an event of ours (an outcome, a chosen customer) into its call's order and waits for its commit."""
