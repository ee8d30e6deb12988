"""Carrying out what people wish of the recording of a talk: an agent starts and stops it where that is left to him, and
what a caller declines ends in every copy.

The wish stands in the call before the PBX is told, so that what may be kept is known whatever becomes of the PBX; what
could not be stopped is told to stop again until nothing records any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final
from uuid import UUID

from callcenter import metrics
from callcenter.call import Call, Changed
from callcenter.config import Recordings
from callcenter.errors import Refused, Unavailable
from callcenter.events import CallEvent, CallKey
from callcenter.log import logger
from callcenter.pbx_events import LinkUp
from callcenter.recording.pausing import House, PbxClocks, concerned
from callcenter.recording.recorder import Recorders, begins, named
from callcenter.recording_events import Declined, RecordingStarted, RecordingWished, Wish

log = logger(__name__)
_TAKEN_SECONDS: Final = 10.0
_AGAIN_SECONDS: Final = 1.0
_RECORDERS: Final = 8
"""So many recorders on one channel are stopped at one look."""


class Wishing:
    """``clocks`` are the PBXs'; ``spools`` says where each one's recordings are."""

    def __init__(self, house: House, clocks: PbxClocks, spools: Callable[[str], Recordings]) -> None:
        self._house = house
        self._recorders = Recorders(house)
        self._clocks = clocks
        self._spools = spools
        self._declined: set[CallKey] = set()
        self._wake = asyncio.Event()

    async def start(self, call: Call, by: UUID) -> None:
        """A recorder of ours on the customer's channel. Raises Unavailable, and Refused where he has declined."""
        if call.declined_at:
            raise Refused("the customer does not want to be recorded", code="caller_declined")
        channel, _ = await self._recorders.customer(call)
        name = named(call, self._clocks.now(call.key.pbx))
        await self._wish(call, by, Wish.START, f"{name}.wav")
        await self._recorders.send(call, begins(channel, name, self._spools(call.key.pbx)))

    async def stop(self, call: Call, by: UUID) -> None:
        """Ends what an agent started. Raises Unavailable; Refused where nothing records."""
        channel, _ = await self._recorders.customer(call)
        recorder = await self._recorders.ours(call, channel)
        await self._wish(call, by, Wish.STOP)
        if not await self._recorders.stopped(call, channel, recorder):
            raise Refused("nothing records this talk", code="not_recorded")

    async def decline(self, call: Call, by: UUID) -> None:
        """The customer does not want to be recorded. What the PBX cannot be told now it is told later."""
        await self._wish(call, by, Wish.DECLINE)
        self._declined.add(call.key)
        await self.look()

    async def changed(self, change: Changed) -> None:
        """Ends what begins to record after he declined, also by his own key."""
        if isinstance(change.event, (Declined, RecordingStarted)) and change.after.declined_at:
            self._settle(change.after.key)

    async def link_up(self, event: LinkUp) -> None:
        for call in self._house.live().values():
            if call.key.pbx == event.pbx and call.declined_at and call.ended_at is None:
                self._settle(call.key)

    async def run(self) -> None:
        """For ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self.look()
            if self._declined:
                await asyncio.sleep(_AGAIN_SECONDS)
                self._wake.set()

    async def look(self) -> None:
        """Stops what still records of those who declined."""
        for key in tuple(self._declined):
            call = self._house.live().get(key)
            if call is None or call.ended_at is not None or await self._contained(call):
                self._declined.discard(key)

    async def _contained(self, call: Call) -> bool:
        """Whether nothing records any more."""
        try:
            await self._silence(call)
        except Unavailable as wrong:
            log.warning("recording_not_stopped", call=str(call.key), code=wrong.code)
            self._wake.set()
            return False
        except Exception:
            metrics.contained.labels(part="recording_wish").inc()
            log.exception("recording_wish_failed", call=str(call.key))
        return True

    async def _silence(self, call: Call) -> None:
        """In every copy; and the dialplan begins no other, whoever he is handed to."""
        channel, rows = await self._recorders.customer(call)
        await self._recorders.done(
            call, {"Action": "Setvar", "Channel": channel, "Variable": "__CC_RECORD", "Value": "no"}
        )
        for name in concerned(call, rows):
            for _ in range(_RECORDERS):
                if not await self._recorders.stopped(call, name):
                    break

    def _settle(self, key: CallKey) -> None:
        self._declined.add(key)
        self._wake.set()

    async def _wish(self, call: Call, by: UUID, wish: Wish, file: str = "") -> None:
        at, mono = self._clocks.now(call.key.pbx), self._house.clock.monotonic()
        await self._take(RecordingWished(call=call.key, at=at, mono=mono, wish=wish, by=by, file=file))

    async def _take(self, event: CallEvent) -> None:
        try:
            async with asyncio.timeout(_TAKEN_SECONDS):
                await self._house.take(event)
        except TimeoutError:
            raise Unavailable("it is not taken now; try again", code="busy") from None
