"""What routes tell the rest of the service after their commit."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final
from uuid import UUID

from aiohttp import web

from callcenter.api import BUS, DB
from callcenter.crm import rosters
from callcenter.events import RosterChanged, SignedOff

ROSTER_ORDER: Final[web.AppKey[asyncio.Lock]] = web.AppKey("roster_order", asyncio.Lock)
"""Held from reading the roster to telling it: otherwise an older one could be told after a newer one."""


async def roster_changed(app: web.Application) -> None:
    """Tells who sits where now."""
    async with app[ROSTER_ORDER]:
        await app[BUS].publish(RosterChanged(roster=await app[DB].read(rosters.load)))


async def signed_off(app: web.Application, user: UUID, ended: Iterable[UUID]) -> None:
    """Tells which sessions ended, so that their tabs close."""
    for session in ended:
        await app[BUS].publish(SignedOff(session=session, user=user))
