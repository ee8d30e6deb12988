"""Beginning the recording of a customer anew when another agent gets him, on a PBX whose recorder does not hear the
next voice (``callcenter.builds``): a new recorder remembers no voice. The recording has a part for each agent then.

While the recording is paused it is silent anyway, and a new recorder would have sound until it is silenced; it
begins when the pause is over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from callcenter import metrics
from callcenter.builds import loses_next_voice
from callcenter.call import Call, Changed
from callcenter.config import Recordings
from callcenter.errors import Refused, Unavailable
from callcenter.events import CallKey, Joined
from callcenter.log import logger
from callcenter.pbx_events import LinkUp
from callcenter.recording.pausing import House, PbxClocks
from callcenter.recording.recorder import Recorders, begins, named
from callcenter.recording_events import RecordingWentOn

log = logger(__name__)
_FRAMES_SECONDS: Final = 0.05
"""A recorder that was stopped leaves the channel with its next sound, of which there are 50 a second."""
_AGAIN_SECONDS: Final = 1.0


class Renewing:
    """``clocks`` are the PBXs'; ``spools`` says where each one's recordings are."""

    def __init__(self, house: House, clocks: PbxClocks, spools: Callable[[str], Recordings]) -> None:
        self._house = house
        self._recorders = Recorders(house)
        self._clocks = clocks
        self._spools = spools
        self._deaf: dict[str, bool] = {}
        self._due: set[CallKey] = set()
        self._ended: set[CallKey] = set()
        self._wake = asyncio.Event()

    async def changed(self, change: Changed) -> None:
        if isinstance(change.event, Joined) and is_another(change.before, change.event.leg):
            self._due.add(change.after.key)
        if change.after.key in self._due and isinstance(change.event, Joined | RecordingWentOn):
            self._wake.set()

    async def link_up(self, event: LinkUp) -> None:
        """Another Asterisk may answer there now."""
        self._deaf.pop(event.pbx, None)
        self._wake.set()

    async def run(self) -> None:
        """For ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            if await self.look():
                await asyncio.sleep(_AGAIN_SECONDS)
                self._wake.set()

    async def look(self) -> bool:
        """Renews what is due and not paused, where no other installation does; whether to look again."""
        again = False
        for key in tuple(self._due):
            call = self._house.live().get(key)
            if call is None or call.ended_at is not None or call.declined_at:
                self._forget(key)
            elif not self._house.holds(key.pbx):
                again = True
            elif call.pause is None:
                again |= not await self._contained(call)
        return again

    async def _contained(self, call: Call) -> bool:
        """Whether nothing is left to do."""
        try:
            if await self._is_deaf(call):
                await self._renew(call)
        except Unavailable as wrong:
            log.warning("recording_not_renewed", call=str(call.key), code=wrong.code)
            if wrong.code != "pbx_refused":
                return False
        except Refused:
            log.warning("recording_not_renewed", call=str(call.key), code="not_recorded")
        except Exception:
            metrics.contained.labels(part="recording_renewal").inc()
            log.exception("recording_renewal_failed", call=str(call.key))
        self._forget(call.key)
        return True

    async def _renew(self, call: Call) -> None:
        """Only a recorder of ours; what was ended begins again, however often the link is lost meanwhile."""
        channel, _ = await self._recorders.customer(call)
        name = named(call, self._clocks.now(call.key.pbx))
        if call.key not in self._ended:
            recorder = await self._recorders.ours(call, channel)
            if not recorder or not await self._recorders.stopped(call, channel, recorder):
                return
            self._ended.add(call.key)
            await asyncio.sleep(_FRAMES_SECONDS)
        await self._recorders.send(call, begins(channel, name, self._spools(call.key.pbx)))

    async def _is_deaf(self, call: Call) -> bool:
        pbx = call.key.pbx
        if pbx not in self._deaf:
            (told, *_) = await self._recorders.send(call, {"Action": "CoreSettings"})
            self._deaf[pbx] = loses_next_voice({n.lower(): v for n, v in told.items()}.get("asteriskversion", ""))
        return self._deaf[pbx]

    def _forget(self, key: CallKey) -> None:
        self._due.discard(key)
        self._ended.discard(key)


def is_another(call: Call | None, leg: str) -> bool:
    """Whether who joins the customer now is heard after somebody else was. ``call``: as it was before."""
    if call is None or not call.recorded:
        return False
    talked = [one for one in call.segments if one.answered_at]
    return any(one.leg != leg for one in talked) and not any(one.leg == leg and one.talking for one in talked)
