"""Says in each PBX's database that its gate is ours, or finds that another installation's is there first."""

from __future__ import annotations

import asyncio
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from callcenter.bus import Bus
from callcenter.clock import Clock
from callcenter.contain import contained
from callcenter.errors import Unavailable
from callcenter.health import Health
from callcenter.log import logger
from callcenter.pbx_events import LinkUp
from callcenter.routing.actions import vain
from callcenter.routing.claim import BEAT_SECONDS, FAMILY, KEY, Claim, Holder
from callcenter.routing.outside import Send

log = logger(__name__)
_SEND_SECONDS: Final = 5.0
_SURE_SECONDS: Final = 1.0
"""Two that begin at once both find nothing there: the next look tells whose word stayed."""
_ROW: Final = {"Family": FAMILY, "Key": KEY}


@dataclass(frozen=True, slots=True, kw_only=True)
class GateTaken:
    """The gate of a PBX is ours from now on."""

    pbx: str


class Claims:
    """``run`` for ever. ``holds`` says at any moment whether the gate of a PBX is ours."""

    def __init__(self, me: Holder, send: Mapping[str, Send], kept: tuple[Bus, Clock, Health]) -> None:
        self._me = me
        self._send = send
        self._bus, self._clock, self._health = kept
        self._claims = {pbx: Claim(me) for pbx in send}
        self._wake = {pbx: asyncio.Event() for pbx in send}

    def holds(self, pbx: str) -> bool:
        """False also while nobody has looked."""
        return bool(self._claims[pbx].ours)

    async def link_up(self, event: LinkUp) -> None:
        if event.pbx in self._claims:
            self._claims[event.pbx].linked()
            self._wake[event.pbx].set()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for pbx in self._claims:
                tasks.create_task(self._keep(pbx), name=f"claim:{pbx}")

    async def _keep(self, pbx: str) -> None:
        while True:
            seconds = BEAT_SECONDS
            with contained("claims", pbx=pbx):
                seconds = await self.look(pbx)
            try:
                async with asyncio.timeout(seconds):
                    await self._wake[pbx].wait()
            except TimeoutError:
                pass
            self._wake[pbx].clear()

    async def look(self, pbx: str) -> float:
        """Looks once, and says whose it is; in how many seconds to look again. Without a link all stays as it was."""
        claim = self._claims[pbx]
        try:
            told = await self._told(pbx)
        except Unavailable:
            return BEAT_SECONDS if claim.ours is not None else _SURE_SECONDS
        before = claim.ours  # as it is now: the link may have come anew while the PBX was asked
        ours = claim.look(told, self._clock.monotonic())
        if ours and before is False:
            await self._health.well(f"gate:{pbx}")
        if ours and not before:
            await self._bus.publish(GateTaken(pbx=pbx))
        if claim.other:
            remedy = (
                f"the Callcenter on {claim.other.machine} has the gate of this PBX, and nobody is paused or let go "
                "from here; end one of the two, or give this one a PBX of its own"
            )
            await self._health.ill(f"gate:{pbx}", "gate_elsewhere", remedy)
            return BEAT_SECONDS
        await self._say(pbx)
        return BEAT_SECONDS if before else _SURE_SECONDS

    async def _told(self, pbx: str) -> str:
        """Raises Unavailable without a link. Where we may not ask, there is nothing to go by."""
        try:
            rows = await self._send[pbx]({"Action": "DBGet", **_ROW}, _SEND_SECONDS)
        except Unavailable as wrong:
            if wrong.code != "pbx_refused":
                raise
            if not vain(wrong):
                log.warning("gate_not_asked_for", pbx=pbx, reason=str(wrong))
            return ""
        return next((row["val"] for row in rows if "val" in row), "")

    async def _say(self, pbx: str) -> None:
        try:
            value = self._me.says(self._clock.now())
            await self._send[pbx]({"Action": "DBPut", **_ROW, "Val": value}, _SEND_SECONDS)
        except Unavailable as wrong:
            log.warning("gate_not_claimed", pbx=pbx, code=wrong.code, reason=str(wrong))


def begun(state: Path) -> Holder:
    """``installation`` of a service. It makes the folder where there is none: with a database elsewhere nobody has made
    it at the first start, and from the second on this would be another installation."""
    state.mkdir(parents=True, exist_ok=True)
    return installation(state)


def installation(state: Path) -> Holder:
    """This one: it stays the same as long as its folder stays where it is, and a copy of the folder is another."""
    folder = state.resolve()
    place = (platform.node(), _machine(), folder, folder.stat().st_ino if folder.exists() else 0)
    return Holder(installation=sha256("|".join(map(str, place)).encode()).hexdigest()[:16], machine=platform.node())


def _machine() -> str:
    try:
        return Path("/etc/machine-id").read_text().strip()
    except OSError:
        return ""
