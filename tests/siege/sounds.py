"""What became of the sound of each talk, as anybody sees who opens the call."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any, Final

from tests.pbx.job.product import Desk
from tests.siege.siege import Siege, every_call

_UNTOLD: Final = frozenset({"coming", "unexplained"})
LINKED: Final = "linked"
_PATIENCE_S: Final = 15.0


@dataclass(slots=True)
class Sounds:
    """Opens every call that is over until it has a stored recording or says why it has none: when that was (epoch
    seconds), and what, by the customer's number. ``looked``: when each look was over."""

    seen: dict[str, tuple[float, str]] = field(default_factory=dict)
    looked: list[float] = field(default_factory=list)

    async def look(self, siege: Siege) -> bool:
        """Once at all that is not settled, side by side; whether everything is."""
        desk = siege.desks["sofia"]
        async with asyncio.timeout(_PATIENCE_S):
            calls = [call for call in await every_call(desk) if call["number"] not in self.seen]
            over = [call for call in calls if call["ended_at"]]
            told = await asyncio.gather(*(self._keep(desk, call) for call in over))
        self.looked.append(time.time())
        return len(over) == len(calls) and all(told)

    async def _keep(self, desk: Desk, call: dict[str, Any]) -> bool:
        if fate := await self._fate(desk, call["id"]):
            self.seen[call["number"]] = (time.time(), fate)
        return bool(fate)

    async def _fate(self, desk: Desk, call: str) -> str:
        told = await desk.request("GET", f"/calls/{call}")
        if any(one["state"] == "stored" for one in told["recordings"]):
            return LINKED
        return "" if told["unrecorded"] in _UNTOLD else str(told["unrecorded"] or "unanswered")
