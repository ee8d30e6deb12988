"""What became of the sound of each talk, as anybody sees who opens the call."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Final

from tests.pbx.job.product import Desk
from tests.siege.siege import Siege, every_call

_UNTOLD: Final = frozenset({"coming", "unexplained"})
LINKED: Final = "linked"


@dataclass(slots=True)
class Sounds:
    """Opens every call that is over until it has a stored recording or says why it has none: when that was (epoch
    seconds), and what, by the customer's number."""

    seen: dict[str, tuple[float, str]] = field(default_factory=dict)

    async def look(self, siege: Siege) -> bool:
        """Once at all that is not settled; whether everything is."""
        desk, settled = siege.desks["sofia"], True
        for call in await every_call(desk):
            if call["number"] in self.seen:
                continue
            fate = await self._fate(desk, call["id"]) if call["ended_at"] else ""
            settled &= bool(fate)
            if fate:
                self.seen[call["number"]] = (time.time(), fate)
        return settled

    async def _fate(self, desk: Desk, call: str) -> str:
        told = await desk.request("GET", f"/calls/{call}")
        if any(one["state"] == "stored" for one in told["recordings"]):
            return LINKED
        return "" if told["unrecorded"] in _UNTOLD else str(told["unrecorded"] or "unanswered")
