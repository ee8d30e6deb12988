"""Channels and bridges as a PBX has them, and how events show them."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import count
from typing import Final

from callcenter.demo.stream import Header

UNKNOWN: Final = "<unknown>"


class State(IntEnum):
    DOWN = 0
    RING = 4
    RINGING = 5
    UP = 6


@dataclass(slots=True, kw_only=True)
class Channel:
    """``born`` is in simulated seconds; ``bridge`` the id of the bridge it is in, or ``""``."""

    name: str
    uniqueid: str
    linkedid: str
    number: str
    caller: str
    context: str
    exten: str
    state: State
    born: float
    priority: int = 1
    connected: str = UNKNOWN
    connected_name: str = UNKNOWN
    application: str = ""
    data: str = ""
    bridge: str = ""

    def headers(self, prefix: str = "") -> list[Header]:
        """The thirteen headers of a channel; ``prefix`` is ``Dest`` for the far one."""
        pairs = (
            ("Channel", self.name),
            ("ChannelState", str(int(self.state))),
            ("ChannelStateDesc", self.state.name.capitalize()),
            ("CallerIDNum", self.number or UNKNOWN),
            ("CallerIDName", self.caller or UNKNOWN),
            ("ConnectedLineNum", self.connected or UNKNOWN),
            ("ConnectedLineName", self.connected_name or UNKNOWN),
            ("Language", "en"),
            ("AccountCode", ""),
            ("Context", self.context),
            ("Exten", self.exten),
            ("Priority", str(self.priority)),
            ("Uniqueid", self.uniqueid),
            ("Linkedid", self.linkedid),
        )
        return [(prefix + name, value) for name, value in pairs]

    def at(self, context: str, exten: str, priority: int) -> Channel:
        """Moves on in the dialplan; returns itself."""
        self.context, self.exten, self.priority = context, exten, priority
        return self


@dataclass(slots=True, kw_only=True)
class Bridge:
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    members: int = 0

    def headers(self) -> list[Header]:
        return [
            ("BridgeUniqueid", self.id),
            ("BridgeType", "basic"),
            ("BridgeTechnology", "simple_bridge"),
            ("BridgeCreator", UNKNOWN),
            ("BridgeName", UNKNOWN),
            ("BridgeNumChannels", str(self.members)),
            ("BridgeVideoSourceMode", "none"),
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """Where a new channel stands: its endpoint, who it is, and where in the dialplan it begins."""

    endpoint: str
    number: str
    caller: str
    context: str
    exten: str
    state: State


class Board:
    """Every channel and bridge that lives, and the serial numbers of those to come."""

    def __init__(self) -> None:
        self.channels: dict[str, Channel] = {}
        self.bridges: dict[str, Bridge] = {}
        self.calls_processed = 0
        self._serial = count()

    def channel(self, seat: Seat, now: float, *, linkedid: str = "", uniqueid: str = "") -> Channel:
        """A new one, numbered like Asterisk does: the second of its birth and a running number."""
        serial = next(self._serial)
        uniqueid = uniqueid or f"{int(time.time())}.{serial}"
        made = Channel(
            name=f"PJSIP/{seat.endpoint}-{serial:08x}",
            uniqueid=uniqueid,
            linkedid=linkedid or uniqueid,
            number=seat.number,
            caller=seat.caller,
            context=seat.context,
            exten=seat.exten,
            state=seat.state,
            born=now,
        )
        self.channels[made.uniqueid] = made
        return made
