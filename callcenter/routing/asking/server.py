"""The FastAGI port: a question from a PBX, one answer, the connection closed. Whoever is slow or strange is let go.

A peer has a bounded time for its question and for taking the answer; no more than ``AT_ONCE`` are listened to. Closed
without ``CC_ROUTE``, the call goes on as if nobody had been asked.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from callcenter import metrics
from callcenter.errors import CallcenterError
from callcenter.log import logger
from callcenter.routing.asking.agi import LONGEST_LINE, MOST_LINES, Asked, Malformed, accepted, asked

log = logger(__name__)
AT_ONCE: Final = 256
_BACKLOG: Final = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """``taken`` hears how long it took (seconds) once the PBX has taken all commands."""

    commands: Sequence[bytes]
    taken: Callable[[float], None]


class Server:
    """``start`` and ``close``; ``reply`` decides. It raises CallcenterError for a question that is not answered. A peer
    that is not done with within ``patience_s`` is let go."""

    def __init__(self, reply: Callable[[Asked], Awaitable[Reply]], *, patience_s: float) -> None:
        self._reply = reply
        self._patience_s = patience_s
        self._server: asyncio.Server | None = None
        self._talks = 0

    async def start(self, host: str, port: int) -> int:
        """The port that it listens on. Raises OSError."""
        self._server = await asyncio.start_server(self._meet, host, port, limit=LONGEST_LINE, backlog=_BACKLOG)
        found: int = self._server.sockets[0].getsockname()[1]
        return found

    async def close(self) -> None:
        if self._server:
            self._server.close()
            await self._server.wait_closed()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._talks += 1
        why = "full"
        try:
            if self._talks <= AT_ONCE:
                async with asyncio.timeout(self._patience_s):
                    why = await self._talk(reader, writer)
        except Malformed:
            why = "malformed"
        except CallcenterError as wrong:
            why = wrong.code
        except TimeoutError:
            why = "late"
        except (OSError, asyncio.CancelledError):  # cancelled: the service ends, and nobody waits for this task
            why = "gone"
        except Exception:
            why = "failed"
            metrics.contained.labels(part="routing_question").inc()
            log.exception("routing_question_failed")
        finally:
            self._talks -= 1
            writer.transport.abort() if why else writer.close()
        if why:
            metrics.route_unanswered.labels(why=why).inc()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        """Why it was not answered, "" if it was."""
        began = time.perf_counter()
        reply = await self._reply(asked(await _lines(reader)))
        for command in reply.commands:  # one by one: Asterisk does not notice a second one that came with the first
            writer.write(command)
            await writer.drain()
            if not accepted(await _line(reader)):
                return "not_taken"
        took = time.perf_counter() - began
        metrics.route_seconds.observe(took)
        reply.taken(took)
        return ""


async def _lines(reader: asyncio.StreamReader) -> list[bytes]:
    found: list[bytes] = []
    while (line := await _line(reader)).strip():
        if len(found) == MOST_LINES:
            raise Malformed("too many lines")
        found.append(line)
    return found


async def _line(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\n")
    except asyncio.IncompleteReadError:
        raise ConnectionResetError from None
    except asyncio.LimitOverrunError:
        raise Malformed("a line without end") from None
