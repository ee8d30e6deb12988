"""Recorders on the channels of a call, as the manager begins and ends them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from callcenter.call import Call
from callcenter.config import Received, Recordings
from callcenter.errors import Refused, Unavailable
from callcenter.recording.pausing import House, Send

_ANSWER_SECONDS: Final = 3.0
_NAME: Final = re.compile(r"[0-9A-Za-z.-]+")
_OPTIONS: Final = "bSr({0}-in.wav)t({0}-out.wav)i(__CC_MIX)"
"""Phones that are dialled later inherit the recorder's number, and begin none of their own."""
_SEND: Final = "^{ASTETCDIR}/callcenter/upload ^{ASTSPOOLDIR}/monitor/"
"""Where a PBX sends its recordings; it fills in its own folders when the recorder ends."""
Rows = Sequence[Mapping[str, str]]


def named(call: Call, at: datetime) -> str:
    """A file that nothing on the PBX made. Raises Refused for a channel whose id cannot be part of a name."""
    name = f"{call.key.uniqueid}-{int(at.timestamp() * 1000)}"
    if not _NAME.fullmatch(name):
        raise Refused("this call cannot be recorded from here", code="not_recorded")
    return name


def begins(channel: str, name: str, place: Recordings) -> Mapping[str, str]:
    """The order, with the options of the dialplan's own. ``place``: where the recordings of this PBX are."""
    order = {"Action": "MixMonitor", "Channel": channel, "File": f"{name}.wav", "options": _OPTIONS.format(name)}
    return {**order, "Command": f"{_SEND}{name}.wav"} if isinstance(place, Received) else order


class Recorders:
    """All methods raise Unavailable where the PBX is out of reach."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def customer(self, call: Call) -> tuple[str, Rows]:
        """His channel's name, and all that live."""
        rows = await self.send(call, {"Action": "CoreShowChannels"})
        for row in rows:
            told = {name.lower(): value for name, value in row.items()}
            if told.get("uniqueid") == call.key.uniqueid and told.get("channel"):
                return told["channel"], rows
        raise Unavailable("the PBX has no such call any more", code="pbx_refused")

    async def ours(self, call: Call, channel: str) -> str:
        """The number of the recorder that is ours there, "" for none."""
        (answer, *_) = await self.send(call, {"Action": "Getvar", "Channel": channel, "Variable": "CC_MIX"})
        return next((value for name, value in answer.items() if name.lower() == "value"), "")

    async def stopped(self, call: Call, channel: str, recorder: str = "") -> bool:
        """Whether one was running; without its number any one is meant."""
        one = {"MixMonitorID": recorder} if recorder else {}
        return await self.done(call, {"Action": "StopMixMonitor", "Channel": channel, **one})

    async def done(self, call: Call, order: Mapping[str, str]) -> bool:
        """Whether there was something to do."""
        try:
            await self.send(call, order)
        except Unavailable as wrong:
            if wrong.code != "pbx_refused":
                raise
            return False
        return True

    async def send(self, call: Call, order: Mapping[str, str]) -> Rows:
        send: Send | None = self._house.send.get(call.key.pbx)
        if send is None:
            raise Unavailable("this PBX is not connected", code="pbx_unavailable")
        return await send(order, _ANSWER_SECONDS)
