"""A test call's hand on the PBX: asks, does, and finds out whether anything is left."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from callcenter.errors import CallcenterError, Unavailable
from callcenter.log import logger
from callcenter.rehearsal import Names
from callcenter.rehearsing import orders
from callcenter.routing.debts import FAMILY, LIST
from callcenter.routing.outside import Outside

log = logger(__name__)
_SEND_SECONDS: Final = 5.0
_TICK_SECONDS: Final = 0.1
_LOOKS: Final = 20


class Hand:
    """Of one PBX."""

    def __init__(self, out: Outside, pbx: str) -> None:
        self._send = out.send[pbx]
        self._clock = out.clock

    async def do(self, action: orders.Action) -> Sequence[Mapping[str, str]]:
        """Raises Unavailable, ``pbx_refused`` where the PBX says no."""
        return await self._send(action, _SEND_SECONDS)

    async def quietly(self, action: orders.Action) -> None:
        """What need not succeed: there may be nothing to take away."""
        try:
            await self.do(action)
        except CallcenterError as wrong:
            log.debug("rehearsal_action_refused", action=action["Action"], code=wrong.code)

    async def value(self, action: orders.Action) -> str:
        """A value of AstDB; "" where there is none. Raises Unavailable."""
        try:
            rows = await self.do(action)
        except Unavailable as wrong:
            if wrong.code != "pbx_refused":
                raise
            return ""
        return next((row["val"] for row in rows if "val" in row), "")

    async def forgotten(self, interface: str, seconds: float) -> bool:
        """Whether its debt is gone in time."""
        until = self._clock.monotonic() + seconds
        while await self.value(orders.debt(interface)):
            if self._clock.monotonic() > until:
                return False
            await asyncio.sleep(_TICK_SECONDS)
        return True

    async def nothing_left(self, names: Names, queue: str) -> bool:
        """Whether member and debt are gone. Looked at a few times: the gate may have written the debt down just when it
        was taken away."""
        for _ in range(_LOOKS):
            try:
                rows = await self.do({"Action": "QueueStatus", "Queue": queue})
                debt = await self.value(orders.debt(names.member)) or await self._debts(names)
            except Unavailable:
                return False
            if not debt and all(row.get("location") != names.member for row in rows):
                return True
            await asyncio.sleep(_TICK_SECONDS)
            await self.forget(names)
        return False

    async def forget(self, names: Names) -> None:
        """No debt of the test's own member stands."""
        await self.quietly(orders.strike_out(f"{names.member}/{names.customer}"))
        await self.quietly(orders.forget(names.member))

    async def _debts(self, names: Names) -> bool:
        """Whether a debt for the call stands under whatever name."""
        values = [*(await self.rows(FAMILY)).values(), *(await self.rows(LIST)).values()]
        return any(value.startswith(f"{names.customer}|") for value in values)

    async def rows(self, family: str) -> dict[str, str]:
        """A family of AstDB; nothing where the PBX cannot list it (DBGetTree came with Asterisk 18). Raises
        Unavailable."""
        try:
            told = await self.do({"Action": "DBGetTree", "Family": family})
        except Unavailable as wrong:
            if wrong.code != "pbx_refused":
                raise
            return {}
        return {row["key"].removeprefix(f"/{family}/"): row.get("val", "") for row in told if "key" in row}
