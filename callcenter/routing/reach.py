"""Which of the phones that people sit at can be rung. Queues tell that of their members only, so the PBX is asked.

Every few seconds for the state of each such device, and at once where a queue has told something new of one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from callcenter import metrics
from callcenter.errors import Unavailable
from callcenter.log import logger
from callcenter.roster import Device, Roster
from callcenter.routing.outside import Outside, Send

log = logger(__name__)
AWAY: Final = frozenset({"UNAVAILABLE", "INVALID"})
"""Device states of a phone that cannot be rung: it is not registered, or there is no such phone."""
_UNTOLD: Final = frozenset({"", "UNKNOWN"})
_SEND_SECONDS: Final = 5.0
_ASKED_A_SECOND: Final = 20


def can_be_rung(state: str) -> bool | None:
    """What ``DEVICE_STATE`` means. None: the PBX does not know."""
    return None if state in _UNTOLD else state not in AWAY


class Reach:
    """``run`` once a PBX, for ever. ``changed`` is called with a device that can be rung now, or no longer can."""

    def __init__(self, outside: Outside, changed: Callable[[Device], Awaitable[None]], every_s: float) -> None:
        self._out = outside
        self._changed = changed
        self._every_s = every_s
        self._can: dict[Device, bool | None] = {}
        self._urgent: dict[str, set[Device]] = {pbx: set() for pbx in outside.send}
        self._wake = {pbx: asyncio.Event() for pbx in outside.send}

    def of(self, devices: Iterable[Device]) -> bool | None:
        """Whether any of them can be rung. None where nothing is known of any."""
        known = [can for device in devices if (can := self._can.get(device)) is not None]
        return any(known) if known else None

    def sit(self, roster: Roster) -> None:
        """These are the phones that matter now; those that are new are asked for at once."""
        now = self._out.clock.now()
        devices = {device for binding in roster.bindings if binding.holds(now) for device in binding.devices}
        for device in self._can.keys() - devices:
            del self._can[device]
        new = devices - self._can.keys()
        self._can.update(dict.fromkeys(new))
        self.ask(new)

    def ask(self, devices: Iterable[Device]) -> None:
        """Something happened to these: how are they now?"""
        for device in devices:
            if device.pbx in self._urgent and device in self._can:
                self._urgent[device.pbx].add(device)
                self._wake[device.pbx].set()

    def linked(self, pbx: str) -> None:
        """The link came: everything is asked anew."""
        self.ask([device for device in self._can if device.pbx == pbx])

    async def unlinked(self, pbx: str) -> None:
        """The link went: nothing is known."""
        for device in [d for d in self._can if d.pbx == pbx]:
            await self._is(device, None)

    async def run(self, pbx: str) -> None:
        while True:
            mine = [device for device in self._can if device.pbx == pbx]
            try:
                async with asyncio.timeout(max(self._every_s, len(mine) / _ASKED_A_SECOND)):
                    await self._wake[pbx].wait()
            except TimeoutError:
                self._urgent[pbx].update(mine)
            self._wake[pbx].clear()
            try:
                await self._look(pbx)
            except Unavailable as wrong:
                log.debug("phones_not_asked", pbx=pbx, code=wrong.code)
            except Exception:
                metrics.contained.labels(part="reach").inc()
                log.exception("reach_failed", pbx=pbx)

    async def _look(self, pbx: str) -> None:
        while self._urgent[pbx]:
            device = self._urgent[pbx].pop()
            can = await _ask(self._out.send[pbx], device)
            if device in self._can:
                await self._is(device, can)

    async def _is(self, device: Device, can: bool | None) -> None:
        before, self._can[device] = self._can[device], can
        if before is not can:
            await self._changed(device)


async def _ask(send: Send, device: Device) -> bool | None:
    """Raises Unavailable where the PBX is away; where it refuses to say, nothing is known."""
    action = {"Action": "Getvar", "Variable": f"DEVICE_STATE({device.name})"}
    try:
        rows = await send(action, _SEND_SECONDS)
    except Unavailable as wrong:
        if wrong.code != "pbx_refused":
            raise
        return None
    return can_be_rung(next((row["value"] for row in rows if "value" in row), ""))
