"""What routes tell the rest of the service after their commit."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final
from uuid import UUID

from aiohttp import web

from callcenter.api import BUS, DB, TAKE
from callcenter.call import Changed
from callcenter.crm import rosters
from callcenter.errors import Unavailable
from callcenter.events import CallEvent
from callcenter.news import RosterChanged, SignedOff

ROSTER_ORDER: Final[web.AppKey[asyncio.Lock]] = web.AppKey("roster_order", asyncio.Lock)
"""Held from reading the roster to telling it: otherwise an older one could be told after a newer one."""
_TAKEN_WITHIN: Final = 10.0


async def take(app: web.Application, event: CallEvent) -> Changed | None:
    """Puts the event in its call's order and waits for its commit; None: it changed nothing, as something else came
    first. Raises Unavailable when that takes too long."""
    try:
        async with asyncio.timeout(_TAKEN_WITHIN):
            return await app[TAKE](event)
    except TimeoutError:
        raise Unavailable("it is not taken now; try again", code="busy") from None


async def roster_changed(app: web.Application) -> None:
    """Tells who sits where now."""
    async with app[ROSTER_ORDER]:
        await app[BUS].publish(RosterChanged(roster=await app[DB].read(rosters.load)))


async def signed_off(app: web.Application, user: UUID, ended: Iterable[UUID]) -> None:
    """Tells which sessions ended, so that their tabs close."""
    for session in ended:
        await app[BUS].publish(SignedOff(session=session, user=user))
