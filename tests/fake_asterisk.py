"""A PBX on a real socket: speaks just enough AMI for a test to be rude with it."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

Headers = Mapping[str, str]
END = b"\r\n\r\n"


def block(**headers: object) -> bytes:
    """One AMI message; a list repeats its header."""
    lines: list[str] = []
    for name, value in headers.items():
        lines += [f"{name}: {one}" for one in (value if isinstance(value, list) else [value])]
    return "\r\n".join(lines).encode() + END


@dataclass
class FakeAsterisk:
    """Logs in whoever knows the secret. ``answers`` says what an action gets (None: silence).

    Its clock is so many seconds ``ahead``. Nobody is told of events but by ``tell``, to every connection that is logged
    in.
    """

    secret: str = "s3cret"
    uptime: int = 3600
    ahead: float = 0.0
    banner: bytes = b"Asterisk Call Manager/11.0.0\r\n"
    boots: bool = True
    answers: dict[str, Callable[[Headers], bytes | None]] = field(default_factory=dict)
    received: list[Headers] = field(default_factory=list)
    connections: int = 0
    tls: ssl.SSLContext | None = None
    port: int = 0
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listens, on the port of before where there was one."""
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", self.port, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server:
            self._server.close()
        self.cut()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Every connection ends, as at a kill -9."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    def tell(self, data: bytes) -> None:
        for writer in self._writers:
            writer.write(data)

    def lost(self) -> int:
        """How many of those who were logged in have gone."""
        return sum(writer.transport.is_closing() for writer in self._writers)

    def sent(self, action: str) -> list[Headers]:
        """The actions of that name that came."""
        return [one for one in self.received if one.get("Action") == action]

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        writer.write(self.banner)
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while True:
                raw = (await reader.readuntil(END)).decode()
                action = dict(line.split(": ", 1) for line in raw.strip().split("\r\n"))
                self.received.append(action)
                self._answer(action, writer)
        writer.transport.abort()
        self._tasks.discard(task)

    def _answer(self, action: Headers, writer: asyncio.StreamWriter) -> None:
        name = action["Action"]
        if name == "Login" and name not in self.answers:
            self._log_in(action, writer)
        elif answer := self.answers.get(name, _usual)(action):
            writer.write(answer)

    def _log_in(self, action: Headers, writer: asyncio.StreamWriter) -> None:
        if action["Secret"] != self.secret:
            writer.write(block(Response="Error", ActionID=action["ActionID"], Message="Authentication failed"))
            writer.close()
            return
        writer.write(block(Response="Success", ActionID=action["ActionID"], Message="Authentication accepted"))
        self._writers.append(writer)
        if self.boots:
            writer.write(
                block(
                    Event="FullyBooted",
                    Privilege="system,all",
                    Timestamp=f"{time.time() + self.ahead:.6f}",
                    Status="Fully Booted",
                    Uptime=self.uptime,
                )
            )


def listed(action: Headers, event: str, rows: Sequence[Headers]) -> bytes:
    """The answer that is a list of events."""
    of = action["ActionID"]
    head = block(Response="Success", ActionID=of, EventList="start", Message="will follow")
    body = b"".join(block(Event=event, ActionID=of, **row) for row in rows)
    return head + body + block(Event=f"{event}Complete", ActionID=of, EventList="Complete", ListItems=len(rows))


def refused(action: Headers, why: str = "Invalid/unknown command") -> bytes:
    return block(Response="Error", ActionID=action["ActionID"], Message=why)


def _usual(action: Headers) -> bytes | None:
    match action["Action"]:
        case "CoreShowChannels" | "QueueStatus" | "DBGetTree" as name:
            return listed(action, name.removesuffix("s"), [])
        case "Ping":
            return block(Response="Success", ActionID=action["ActionID"], Ping="Pong")
        case _:
            return block(Response="Success", ActionID=action["ActionID"], Message="done")
