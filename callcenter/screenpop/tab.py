"""What one browser tab still has to be sent."""

from __future__ import annotations

import asyncio
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

    __slots__ = ("_said", "_said_since", "_waiting", "_writer", "actor", "code", "floor", "seq")

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.seq = 0
        self.code: int | None = None
        self.floor = False
        self._waiting: asyncio.Queue[tuple[bytes, float | None]] = asyncio.Queue(WAITING_AT_MOST)
        self._writer: asyncio.Task[None] | None = None
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

    async def write(self, socket: web.WebSocketResponse, written: Callable[[float], None]) -> None:
        """Sends what waits until the tab is ended, then says why; ``written`` learns when a pop's bytes have gone."""
        self._writer = asyncio.current_task()
        try:
            while self.code is None:
                message, mono = await self._waiting.get()
                await socket.send_frame(message, WSMsgType.TEXT)
                if mono is not None:
                    written(mono)
        except asyncio.CancelledError:
            if self.code is None:
                raise
        except ConnectionError:
            return
        await close(socket, self.code or Close.POLICY)


async def close(socket: web.WebSocketResponse, code: int) -> None:
    """Says why and hangs up; a peer that does not read is not waited for."""
    try:
        async with asyncio.timeout(_GRACE_SECONDS):
            await socket.close(code=code, drain=False)
    except TimeoutError:
        return
