"""A PBX that replays what was recorded, and the watch that stops when its calls are on a screen."""

from __future__ import annotations

import asyncio
import re
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

CAPTURES: Final = Path(__file__).resolve().parents[1] / "tests" / "captures"
END: Final = b"\r\n\r\n"
RATE: Final = 8000
SLICE_S: Final = 0.005


def messages(file: Path) -> list[bytes]:
    """The events of a capture without their times: the product then takes its own clock's."""
    told = re.sub(rb"\r\nTimestamp: [0-9.]+", b"", file.read_bytes()).split(END)
    return [m + END for m in told if m.startswith(b"Event: ") and not m.startswith(b"Event: FullyBooted")]


def background(seconds: float) -> list[bytes]:
    """What the PBX says besides, cut into slices of 5 ms; every round has its own channels."""
    names = ("queue_rrmemory_answered", "direct_did_answered", "queue_ringall_answered", "outgoing_answered")
    rounds = [b"".join(messages(CAPTURES / f"{name}.ami")) for name in names]
    events: list[bytes] = []
    serial = 0
    while len(events) < RATE * seconds:
        serial += 1
        text = rounds[serial % len(rounds)]
        text = re.sub(rb"PJSIP/[a-z0-9]+-0{4}([0-9a-f]{4})", b"PJSIP/bg-%04x\\1" % (serial % 65536), text)
        text = re.sub(rb"\b\d{10}\.(\d+)", b"%d.\\1" % (1_600_000_000 + serial), text)
        events += [m + END for m in text.split(END) if m]
    step = round(RATE * SLICE_S)
    return [b"".join(events[at : at + step]) for at in range(0, round(RATE * seconds), step)]


@dataclass
class Ring:
    """A call to one agent's own number that nobody answers: what is said until it rings, and what at its end."""

    begins: bytes
    ends: bytes

    @classmethod
    def recorded(cls) -> Ring:
        told = [m for m in messages(CAPTURES / "direct_did_abandoned.least.ami") if b"MixMonitor" not in m]
        told = [m for m in told if b"MIXMONITOR" not in m and b"Event: QueueMemberStatus" not in m]
        rings = next(at for at, m in enumerate(told) if b"ChannelStateDesc: Ringing" in m and b"Newstate" in m) + 1
        return cls(b"".join(told[:rings]), b"".join(told[rings:]))

    def call(self, serial: int, number: str, agent: str) -> tuple[bytes, bytes]:
        """The same for another caller, agent and moment."""

        def told(text: bytes) -> bytes:
            text = re.sub(rb"\b1795\d{6}\.(\d)", b"%d.\\1" % (1_700_000_000 + serial), text)
            text = text.replace(b"PJSIP/anonymous-00000000", b"PJSIP/trunk-%08x" % (2 * serial))
            text = text.replace(b"PJSIP/101-00000001", b"PJSIP/%b-%08x" % (agent.encode(), 2 * serial + 1))
            return text.replace(b"74951234567", number.encode())

        return told(self.begins), told(self.ends)


@dataclass
class Pbx:
    """Says what it is told to say to whoever has logged in."""

    writer: asyncio.StreamWriter | None = None
    port: int = 0
    server: asyncio.Server | None = None
    joined: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self) -> None:
        self.server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                raw = (await reader.readuntil(END)).decode().strip()
                writer.write(self._answer(dict(line.split(": ", 1) for line in raw.split("\r\n"))))
                self.writer = writer
                self.joined.set()

    def _answer(self, action: dict[str, str]) -> bytes:
        of = f"ActionID: {action.get('ActionID', '')}\r\n"
        name = action["Action"]
        if name == "Login":
            booted = "Event: FullyBooted\r\nPrivilege: system,all\r\nUptime: 60\r\nStatus: Fully Booted\r\n\r\n"
            return f"Response: Success\r\n{of}Message: Authentication accepted\r\n\r\n{booted}".encode()
        if name in {"QueueStatus", "CoreShowChannels", "DBGetTree"}:
            head = f"Response: Success\r\n{of}EventList: start\r\n\r\n"
            return f"{head}Event: {name}Complete\r\n{of}EventList: Complete\r\nListItems: 0\r\n\r\n".encode()
        return f"Response: Success\r\n{of}Message: done\r\n\r\n".encode()

    def say(self, text: bytes) -> None:
        assert self.writer is not None
        self.writer.write(text)


@dataclass
class Stopwatch:
    """When a number began to ring, and how long until its pop was there."""

    began: dict[str, float] = field(default_factory=dict)
    took: list[float] = field(default_factory=list)

    def seen(self, number: str) -> None:
        began = self.began.pop(number.removeprefix("+"), None)
        if began is not None:
            self.took.append(time.perf_counter() - began)

    def at(self, share: float) -> float:
        """The percentile, in milliseconds."""
        ordered = sorted(self.took)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]
