"""Pausing the recordings of a talk while a customer says what must not be kept, and going on by itself.

Every recorder on every channel of the call is told to write silence for both sides, so that the files stay as long as
the talk and no copy holds more than another. The ledger's call says what is wanted; here the PBX is brought to it.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias
from uuid import UUID

from callcenter import metrics
from callcenter.call import Call, Changed
from callcenter.clock import Clock
from callcenter.errors import Refused, Unavailable
from callcenter.events import CallEvent, CallKey, PastEvent
from callcenter.log import logger
from callcenter.pbx_events import LinkUp
from callcenter.recording_events import PauseEnd, RecordingPaused, RecordingStarted, RecordingWentOn

log = logger(__name__)
Send: TypeAlias = Callable[[Mapping[str, str], float], Awaitable[Sequence[Mapping[str, str]]]]
_ANSWER_SECONDS: Final = 3.0
_TAKEN_SECONDS: Final = 10.0
_AGAIN_SECONDS: Final = 0.25
_SETTLING_SECONDS: Final = 1.0
"""A recorder is told of a moment before it listens; until then it cannot be silenced."""


def _ours(_pbx: str) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """``live`` and ``take`` are the ledger's, ``send`` reaches a PBX by name; ``holds``: what nobody asked for is ours
    to do there, and no other installation's."""

    clock: Clock
    live: Callable[[], Mapping[CallKey, Call]]
    take: Callable[[CallEvent], Awaitable[Changed | None]]
    send: Mapping[str, Send]
    holds: Callable[[str], bool] = _ours


class PbxClocks:
    """The time by each PBX's clock, learnt from what it tells: what we note about a call must fit what it noted."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead: dict[str, deque[timedelta]] = defaultdict(lambda: deque(maxlen=32))

    def heard(self, event: PastEvent) -> None:
        old = timedelta(seconds=self._clock.monotonic() - event.mono)
        self._ahead[event.call.pbx].append(event.at - (self._clock.now() - old))

    def now(self, pbx: str) -> datetime:
        """What came late makes the PBX look behind; what came last of all in time is the truth."""
        return self._clock.now() + max(self._ahead[pbx], default=timedelta())


class Pausing:
    """``pause`` and ``go_on`` are the agents'; ``run`` ends pauses whose time is over, and silences what begins to
    record, or was out of reach, while one lasts."""

    def __init__(self, house: House) -> None:
        self._house = house
        self.clocks = PbxClocks(house.clock)
        self._unsettled: dict[CallKey, float] = {}
        self._wake = asyncio.Event()

    async def pause(self, call: Call, by: UUID, seconds: int) -> datetime:
        """Silences every recording of the call; until when. Raises Unavailable, and Refused where nothing records."""
        begun = self.clocks.now(call.key.pbx)
        until = begun + timedelta(seconds=seconds)
        await self._take(
            RecordingPaused(call=call.key, at=begun, mono=self._house.clock.monotonic(), by=by, until=until)
        )
        try:
            silenced = await self._tell(call, silent=True)
        except Unavailable:
            await self._failed(call)
            raise
        if not silenced:
            await self._failed(call)
            raise Refused("nothing records this talk", code="not_recorded")
        self._wake.set()
        return until

    async def go_on(self, call: Call) -> None:
        """Sound again. Raises Unavailable; the pause then lasts until it is over or the PBX answers."""
        await self._tell(call, silent=False)
        await self._ended(call.key, PauseEnd.AGENT)

    async def changed(self, change: Changed) -> None:
        if isinstance(change.event, PastEvent) and change.event.mono:
            self.clocks.heard(change.event)
        if isinstance(change.event, RecordingStarted) and change.after.pause:
            self._settle(change.after.key)

    async def link_up(self, event: LinkUp) -> None:
        for call in self._paused():
            if call.key.pbx == event.pbx:
                self._settle(call.key)

    async def run(self) -> None:
        """For ever."""
        while True:
            self._wake.clear()
            wait = self._until_next()
            try:
                async with asyncio.timeout(wait):
                    await self._wake.wait()
            except TimeoutError:
                pass
            await self.look()

    async def look(self) -> None:
        """Ends what is over by now, and silences again what must be silent."""
        now = self._house.clock.monotonic()
        for key, until in tuple(self._unsettled.items()):
            call = self._house.live().get(key)
            if call is None or call.pause is None or now > until:
                del self._unsettled[key]
            if call and call.pause:
                await self._contained(call, silent=True)
        for call in self._paused():
            if call.pause and call.pause.until <= self.clocks.now(call.key.pbx):
                await self._contained(call, silent=False)

    async def _contained(self, call: Call, *, silent: bool) -> None:
        try:
            await self._tell(call, silent=silent)
            if not silent:
                await self._ended(call.key, PauseEnd.TIME)
        except Unavailable as wrong:
            log.warning("recording_pause_not_told", call=str(call.key), code=wrong.code)
            await asyncio.sleep(_AGAIN_SECONDS)
        except Exception:
            metrics.contained.labels(part="recording_pause").inc()
            log.exception("recording_pause_failed", call=str(call.key))
            await asyncio.sleep(_AGAIN_SECONDS)

    def _settle(self, key: CallKey) -> None:
        self._unsettled[key] = self._house.clock.monotonic() + _SETTLING_SECONDS
        self._wake.set()

    def _until_next(self) -> float | None:
        """Seconds until there is something to do; None: nothing until somebody wakes us."""
        if self._unsettled:
            return _AGAIN_SECONDS
        ends = [(c.pause.until - self.clocks.now(c.key.pbx)).total_seconds() for c in self._paused() if c.pause]
        return max(0.0, min(ends)) if ends else None

    def _paused(self) -> list[Call]:
        return [call for call in self._house.live().values() if call.pause and call.ended_at is None]

    async def _failed(self, call: Call) -> None:
        """What was silenced in part has sound again: half a pause would be taken for one."""
        try:
            await self._tell(call, silent=False)
        except Unavailable:
            pass
        await self._ended(call.key, PauseEnd.FAILED)

    async def _ended(self, key: CallKey, how: PauseEnd) -> None:
        at, mono = self.clocks.now(key.pbx), self._house.clock.monotonic()
        await self._take(RecordingWentOn(call=key, at=at, mono=mono, how=how))

    async def _take(self, event: CallEvent) -> None:
        try:
            async with asyncio.timeout(_TAKEN_SECONDS):
                await self._house.take(event)
        except TimeoutError:
            raise Unavailable("it is not taken now; try again", code="busy") from None

    async def _tell(self, call: Call, *, silent: bool) -> int:
        """How many channels had a recorder that heard it."""
        send = self._house.send.get(call.key.pbx)
        if send is None:
            raise Unavailable("this PBX is not connected", code="pbx_unavailable")
        rows = await send({"Action": "CoreShowChannels"}, _ANSWER_SECONDS)
        told = [_mute(send, channel, silent=silent) for channel in concerned(call, rows)]
        return sum(await asyncio.gather(*told))


async def _mute(send: Send, channel: str, *, silent: bool) -> bool:
    """Whether there was a recorder."""
    state = "1" if silent else "0"
    action = {"Action": "MixMonitorMute", "Channel": channel, "Direction": "both", "State": state}
    try:
        await send(action, _ANSWER_SECONDS)
    except Unavailable as wrong:
        if wrong.code != "pbx_refused":
            raise
        return False
    return True


def concerned(call: Call, rows: Iterable[Mapping[str, str]]) -> list[str]:
    """The living channels of a call by name: the customer's and his agents', whatever was dialled for them, and who
    shares a bridge with one of these. ``rows`` are CoreShowChannels'."""
    living = [{name.lower(): value for name, value in row.items()} for row in rows]
    living = [row for row in living if row.get("channel") and row.get("uniqueid")]
    own = {call.key.uniqueid, *(segment.leg for segment in call.segments if not segment.leg_ended)}
    calls = {row.get("linkedid", "") for row in living if row["uniqueid"] in own} - {""}
    found = [row for row in living if row["uniqueid"] in own or row.get("linkedid") in calls]
    bridges = {row.get("bridgeid", "") for row in found} - {""}
    return [row["channel"] for row in living if row in found or row.get("bridgeid") in bridges]
