"""What an Asterisk 22 with ``timestampevents=yes`` writes, message by message, a second after each other."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.fake_asterisk import block

START = 1_763_978_400.0
UNKNOWN = "<unknown>"


@dataclass
class Line:
    """A channel as the PBX knows it."""

    name: str
    uniqueid: str
    linkedid: str
    state: str = "Down"
    number: str = UNKNOWN
    caller: str = UNKNOWN
    connected: str = UNKNOWN
    exten: str = "s"

    def shown(self, prefix: str = "") -> dict[str, object]:
        """The headers every event shows of a channel."""
        return {
            f"{prefix}Channel": self.name,
            f"{prefix}ChannelState": {"Down": 0, "Ring": 4, "Ringing": 5, "Up": 6}[self.state],
            f"{prefix}ChannelStateDesc": self.state,
            f"{prefix}CallerIDNum": self.number,
            f"{prefix}CallerIDName": self.caller,
            f"{prefix}ConnectedLineNum": self.connected,
            f"{prefix}ConnectedLineName": UNKNOWN,
            f"{prefix}Language": "en",
            f"{prefix}AccountCode": "",
            f"{prefix}Context": "from-trunk",
            f"{prefix}Exten": self.exten,
            f"{prefix}Priority": 1,
            f"{prefix}Uniqueid": self.uniqueid,
            f"{prefix}Linkedid": self.linkedid,
        }


@dataclass
class Pbx:
    """Writes the stream. ``blocks`` is all it said; ``seconds`` passes by one at each message."""

    blocks: list[bytes] = field(default_factory=list)
    start: float = START
    seconds: float = 0.0
    serial: int = 0
    timed: bool = True

    def say(self, event: str, privilege: str = "call,all", /, **headers: object) -> None:
        self.seconds += 1
        time = {"Timestamp": f"{self.start + self.seconds:.6f}"} if self.timed else {}
        self.blocks.append(block(Event=event, Privilege=privilege, **time, **headers))

    def channel(self, peer: str, state: str = "Down", *, family: str = "", uniqueid: str = "", **known: str) -> Line:
        self.serial += 1
        uniqueid = uniqueid or f"{self.start:.0f}.{self.serial}"
        half, peer = (";" + peer[-1], peer[:-2]) if peer.endswith((";1", ";2")) else ("", peer)
        serial = (self.serial + 1) // 2 if half else self.serial
        line = Line(f"{peer}-{serial:08x}{half}", uniqueid, family or uniqueid, state, **known)
        self.say("Newchannel", **line.shown())
        return line

    def customer(self, number: str = "+79161234567", exten: str = "74951234567", caller: str = UNKNOWN) -> Line:
        return self.channel("PJSIP/trunk", "Ring", number=number, exten=exten, caller=caller)

    def state(self, line: Line, state: str) -> None:
        line.state = state
        self.say("Newstate", **line.shown())

    def dial(self, source: Line | None, dest: Line, dialled: str = "101") -> None:
        shown = source.shown() if source else {}
        self.say("DialBegin", **shown, **dest.shown("Dest"), DialString=dialled)

    def dialled(self, source: Line, dest: Line, status: str) -> None:
        self.say("DialEnd", **source.shown(), **dest.shown("Dest"), DialStatus=status)

    def rings(self, source: Line, peer: str = "PJSIP/101", queue: str = "") -> Line:
        """A phone is rung for ``source``."""
        leg = self.channel(peer, family=source.linkedid)
        if queue:
            self.say(
                "AgentCalled",
                "agent,all",
                **source.shown(),
                **leg.shown("Dest"),
                Queue=queue,
                MemberName="Anna",
                Interface=peer,
            )
        self.dial(source, leg)
        self.state(leg, "Ringing")
        return leg

    def enters(self, bridge: str, line: Line, swap: Line | None = None, technology: str = "simple_bridge") -> None:
        swapped = {"SwapUniqueid": swap.uniqueid} if swap else {}
        self.say("BridgeEnter", **_bridge(bridge, technology), **line.shown(), **swapped)

    def leaves(self, bridge: str, line: Line) -> None:
        self.say("BridgeLeave", **_bridge(bridge, "simple_bridge"), **line.shown())

    def talk(self, bridge: str, *lines: Line) -> None:
        for line in lines:
            self.state(line, "Up")
        for line in lines:
            self.enters(bridge, line)

    def hangup(self, line: Line, cause: int = 16, *, asked: bool = False) -> None:
        """``asked``: its own party hung up."""
        if asked:
            self.say("HangupRequest", **line.shown(), Cause=cause)
        self.say("Hangup", **line.shown(), Cause=cause, **{"Cause-txt": "Normal Clearing"})

    def queue(self, event: str, line: Line, queue: str = "sales") -> None:
        self.say(event, "agent,all", **line.shown(), Queue=queue, Position=1, Count=1)

    def variable(self, line: Line, name: str, value: str) -> None:
        self.say("VarSet", "dialplan,all", **line.shown(), Variable=name, Value=value)

    def local(self, target: str, family: str, uniqueids: tuple[str, str] = ("", "")) -> tuple[Line, Line]:
        """Both halves of a Local channel, tied."""
        self.serial += self.serial % 2
        one = self.channel(f"Local/{target};1", family=family, uniqueid=uniqueids[0])
        two = self.channel(f"Local/{target};2", "Ring", family=family, uniqueid=uniqueids[1])
        self.say(
            "LocalBridge",
            **one.shown("LocalOne"),
            **two.shown("LocalTwo"),
            Context="agents",
            Exten="101",
            LocalOptimization="Yes",
        )
        return one, two

    @property
    def stream(self) -> bytes:
        return b"".join(self.blocks)


def _bridge(bridge: str, technology: str) -> dict[str, object]:
    return {
        "BridgeUniqueid": bridge,
        "BridgeType": "basic",
        "BridgeTechnology": technology,
        "BridgeCreator": "<unknown>",
        "BridgeName": "<unknown>",
        "BridgeNumChannels": 1,
        "BridgeVideoSourceMode": "none",
    }
