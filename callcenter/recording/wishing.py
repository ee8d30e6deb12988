"""Carrying out what people wish of the recording of a talk: an agent starts and stops it where that is left to him, and
what a caller declines ends in every copy.

The wish stands in the call before the PBX is told, so that what may be kept is known whatever becomes of the PBX; what
could not be stopped is told to stop again until nothing records any more.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final
from uuid import UUID

from callcenter import metrics
from callcenter.call import Call, Changed
from callcenter.config import Received, Recordings
from callcenter.errors import Refused, Unavailable
from callcenter.events import CallEvent, CallKey
from callcenter.log import logger
from callcenter.pbx_events import LinkUp
from callcenter.recording.pausing import House, PbxClocks, Send, concerned
from callcenter.recording_events import Declined, RecordingStarted, RecordingWished, Wish

log = logger(__name__)
_ANSWER_SECONDS: Final = 3.0
_TAKEN_SECONDS: Final = 10.0
_AGAIN_SECONDS: Final = 1.0
_RECORDERS: Final = 8
"""So many recorders on one channel are stopped at one look."""
_NAME: Final = re.compile(r"[0-9A-Za-z.-]+")
_OPTIONS: Final = "bSr({0}-in.wav)t({0}-out.wav)i(CC_MIX)"
_SEND: Final = "^{ASTETCDIR}/callcenter/upload ^{ASTSPOOLDIR}/monitor/"
"""Where a PBX sends its recordings; it fills in its own folders when the recorder ends."""
Rows = Sequence[Mapping[str, str]]


class Wishing:
    """``clocks`` are the PBXs'; ``spools`` says where each one's recordings are."""

    def __init__(self, house: House, clocks: PbxClocks, spools: Callable[[str], Recordings]) -> None:
        self._house = house
        self._clocks = clocks
        self._spools = spools
        self._declined: set[CallKey] = set()
        self._wake = asyncio.Event()

    async def start(self, call: Call, by: UUID) -> None:
        """A recorder of ours on the customer's channel. Raises Unavailable, and Refused where he has declined."""
        if call.declined_at:
            raise Refused("the customer does not want to be recorded", code="caller_declined")
        channel, _ = await self._customer(call)
        name = f"{call.key.uniqueid}-{int(self._clocks.now(call.key.pbx).timestamp())}"
        if not _NAME.fullmatch(name):
            raise Refused("this call cannot be recorded from here", code="not_recorded")
        await self._wish(call, by, Wish.START, f"{name}.wav")
        order = {"Action": "MixMonitor", "Channel": channel, "File": f"{name}.wav", "options": _OPTIONS.format(name)}
        if isinstance(self._spools(call.key.pbx), Received):
            order["Command"] = f"{_SEND}{name}.wav"
        await self._send(call, order)

    async def stop(self, call: Call, by: UUID) -> None:
        """Ends what an agent started. Raises Unavailable; Refused where nothing records."""
        channel, _ = await self._customer(call)
        (answer, *_) = await self._send(call, {"Action": "Getvar", "Channel": channel, "Variable": "CC_MIX"})
        recorder = next((value for name, value in answer.items() if name.lower() == "value"), "")
        order = {"Action": "StopMixMonitor", "Channel": channel, **({"MixMonitorID": recorder} if recorder else {})}
        await self._wish(call, by, Wish.STOP)
        if not await self._done(call, order):
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
        channel, rows = await self._customer(call)
        await self._done(call, {"Action": "Setvar", "Channel": channel, "Variable": "__CC_RECORD", "Value": "no"})
        for name in concerned(call, rows):
            for _ in range(_RECORDERS):
                if not await self._done(call, {"Action": "StopMixMonitor", "Channel": name}):
                    break

    async def _customer(self, call: Call) -> tuple[str, Rows]:
        """His channel's name, and all that live."""
        rows = await self._send(call, {"Action": "CoreShowChannels"})
        for row in rows:
            told = {name.lower(): value for name, value in row.items()}
            if told.get("uniqueid") == call.key.uniqueid and told.get("channel"):
                return told["channel"], rows
        raise Unavailable("the PBX has no such call any more", code="pbx_refused")

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

    async def _done(self, call: Call, order: Mapping[str, str]) -> bool:
        """Whether there was something to do."""
        try:
            await self._send(call, order)
        except Unavailable as wrong:
            if wrong.code != "pbx_refused":
                raise
            return False
        return True

    async def _send(self, call: Call, order: Mapping[str, str]) -> Rows:
        send: Send | None = self._house.send.get(call.key.pbx)
        if send is None:
            raise Unavailable("this PBX is not connected", code="pbx_unavailable")
        return await send(order, _ANSWER_SECONDS)
