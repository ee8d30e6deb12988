"""The network between the service and its PBX, which can be cut, can hang, and can refuse."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from typing import Final

_STAMP: Final = re.compile(rb"(?m)(?<=^Timestamp: )\d+\.\d+")


class Wire:
    """A TCP relay. While ``hanging`` it takes bytes and passes none on, as a dead router does: nobody is told. ``skew``
    is by how many seconds the PBX's clock seems to be ahead, in all that it says of its events."""

    def __init__(self, port: int) -> None:
        self._there = port
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._relays: set[asyncio.Task[None]] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self.refusing = False
        self.skew = 0.0

    @property
    def port(self) -> int:
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._came, "127.0.0.1", 0)

    async def close(self) -> None:
        self.hang(False)
        if self._server:
            self._server.close()
        self.cut()
        if self._relays:
            await asyncio.wait(self._relays)

    def _came(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        relay = asyncio.create_task(self._relay(reader, writer))
        self._relays.add(relay)
        relay.add_done_callback(self._relays.discard)

    def cut(self) -> None:
        """Ends every connection, without a farewell."""
        for writer in self._open:
            writer.transport.abort()

    def hang(self, on: bool) -> None:
        if on:
            self._flowing.clear()
        else:
            self._flowing.set()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            if self.refusing:
                return
            there_reader, there = await asyncio.open_connection("127.0.0.1", self._there)
        except OSError:
            return
        finally:
            if self.refusing or writer.is_closing():
                writer.transport.abort()
        self._open.add(there)
        ways = [asyncio.create_task(self._pump(reader, there)), asyncio.create_task(self._told(there_reader, writer))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            for one in (writer, there):
                self._open.discard(one)
                one.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                await self._flowing.wait()
                writer.write(data)
                await writer.drain()

    async def _told(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """What the PBX says, whole messages at a time, by the clock it seems to have."""
        rest = b""
        with suppress(OSError):
            while data := await reader.read(65536):
                await self._flowing.wait()
                whole, end, rest = (rest + data).rpartition(b"\r\n")
                writer.write(_STAMP.sub(self._shown, whole + end))
                await writer.drain()

    def _shown(self, stamp: re.Match[bytes]) -> bytes:
        return f"{float(stamp[0]) + self.skew:.6f}".encode() if self.skew else stamp[0]
