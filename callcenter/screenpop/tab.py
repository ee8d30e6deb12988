"""What one browser tab still has to be sent."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from enum import IntEnum
from typing import Final

from aiohttp import WSMsgType, web

from callcenter.crm.rights import Actor
from callcenter.screenpop.messages import Snapshot, frame
from callcenter.screenpop.shown import BoardView

WAITING_AT_MOST: Final = 256
_GRACE_SECONDS: Final = 3.0
_SAID_AT_MOST: Final = 100
_SAID_WITHIN: Final = 10.0
_TEXT: Final = 0x81
_SHORT: Final = 126
_LONG: Final = 1 << 16


class Close(IntEnum):
    """Why the server closes a tab's socket."""

    GOING_AWAY = 1001
    POLICY = 1008
    SIGNED_OUT = 4401
    FORBIDDEN = 4403
    TOO_SLOW = 4408
    PROTOCOL = 4412


class Tab:
    """A bounded queue and its one writer: a slow tab is dropped and never slows the others."""

    __slots__ = ("_direct", "_said", "_said_since", "_waiting", "_writer", "_written", "actor", "code", "seq")

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.seq = 0
        self.code: int | None = None
        self._waiting: asyncio.Queue[tuple[bytes, float | None]] = asyncio.Queue(WAITING_AT_MOST)
        self._writer: asyncio.Task[None] | None = None
        self._direct: asyncio.WriteTransport | None = None
        self._written: Callable[[float], None] | None = None
        self._said = 0
        self._said_since = 0.0

    def change(self, body: bytes, mono: float | None = None) -> bool:
        """Queues a numbered change; ``mono`` is when the bytes that caused a pop arrived. False: too slow."""
        self.seq += 1
        return self.put(frame(self.seq, body), mono)

    def snapshot(self, board: BoardView) -> bool:
        """Queues the whole board: all changes queued so far are in it."""
        return self.put(Snapshot(seq=self.seq, board=board).model_dump_json().encode())

    def put(self, message: bytes, mono: float | None = None) -> bool:
        """Sends at once to a tab that has read all it was sent, else queues; nothing to one whose line is gone. False:
        too slow."""
        if self._direct and self._direct.is_closing():
            return True
        if self._direct and self.code is None and self._waiting.empty() and not self._direct.get_write_buffer_size():
            self._direct.write(_text_frame(message))
            self._sent(mono)
            return True
        try:
            self._waiting.put_nowait((message, mono))
        except asyncio.QueueFull:
            self.end(Close.TOO_SLOW)
            return False
        return True

    def end(self, code: int) -> None:
        """Closes the socket, with this reason the first time it is asked."""
        if self.code is None:
            self.code = code
            if self._writer:
                self._writer.cancel()

    def babbles(self, mono: float) -> bool:
        """Counts a message of the tab; whether they are too many."""
        if mono - self._said_since > _SAID_WITHIN:
            self._said_since, self._said = mono, 0
        self._said += 1
        return self._said > _SAID_AT_MOST

    async def write(
        self, socket: web.WebSocketResponse, direct: asyncio.WriteTransport | None, written: Callable[[float], None]
    ) -> None:
        """Sends what waits until the tab is ended, then says why; ``written`` learns when a pop's bytes have gone.

        ``direct`` is the transport under an uncompressed ``socket``: a pop need not wait for a task's turn.
        """
        self._writer, self._written = asyncio.current_task(), written
        try:
            while self.code is None:
                message, mono = await self._waiting.get()
                await socket.send_frame(message, WSMsgType.TEXT)
                self._sent(mono)
                self._direct = direct
        except asyncio.CancelledError:
            if self.code is None:
                raise
        except ConnectionError:
            return
        await close(socket, self.code or Close.POLICY)

    def _sent(self, mono: float | None) -> None:
        if mono is not None and self._written:
            self._written(mono)
            _let_others_run()


def _let_others_run() -> None:
    """Whoever takes a pop further, a proxy or a browser on this machine, may wait for this very processor: what else
    the call means to us can come after it."""
    if hasattr(os, "sched_yield"):
        os.sched_yield()


def _text_frame(message: bytes) -> bytes:
    """A whole, unmasked text message (RFC 6455, 5.2)."""
    size = len(message)
    if size < _SHORT:
        return bytes((_TEXT, size)) + message
    if size < _LONG:
        return bytes((_TEXT, _SHORT)) + size.to_bytes(2, "big") + message
    return bytes((_TEXT, _SHORT + 1)) + size.to_bytes(8, "big") + message


async def close(socket: web.WebSocketResponse, code: int) -> None:
    """Says why and hangs up; a peer that does not read is not waited for."""
    try:
        async with asyncio.timeout(_GRACE_SECONDS):
            await socket.close(code=code, drain=False)
    except TimeoutError:
        return
