"""Rows of a PBX's own database that say what was decided here, so that its dialplan keeps to it whether we live or not.

Written anew whenever what they say changes or a link comes up, and every few minutes, because somebody may have changed
or lost them there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from callcenter import metrics
from callcenter.errors import CallcenterError, Unavailable
from callcenter.log import logger
from callcenter.pbx_events import LinkDown, LinkUp

log = logger(__name__)
_AGAIN_SECONDS: Final = 300.0
_SOON_SECONDS: Final = 2.0
"""After what mends itself: a database or a PBX that was away for a moment."""
_SEND_SECONDS: Final = 5.0
Send: TypeAlias = Callable[[Mapping[str, str], float], Awaitable[Sequence[Mapping[str, str]]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxRow:
    """``value`` "": there is to be no such row."""

    family: str
    key: str
    value: str


Said: TypeAlias = Callable[[str], Awaitable[Iterable[PbxRow]]]


class PbxRows:
    """``said`` tells what a PBX's rows are to be; ``name`` is for logs; ``holds``: the rows there are
    ours to write, and no other installation's. ``run`` for ever."""

    def __init__(self, name: str, said: Said, send: Mapping[str, Send], holds: Callable[[str], bool]) -> None:
        self._name = name
        self._said = said
        self._send = send
        self._holds = holds
        self._up: set[str] = set()
        self._wake = asyncio.Event()

    async def link_up(self, event: LinkUp) -> None:
        self._up.add(event.pbx)
        self._wake.set()

    async def link_down(self, event: LinkDown) -> None:
        self._up.discard(event.pbx)

    async def changed(self, _event: object) -> None:
        """What the rows say is decided otherwise now, or the gate of a PBX is ours."""
        self._wake.set()

    async def run(self) -> None:
        while True:
            self._wake.clear()
            done = [await self._contained(pbx) for pbx in filter(self._holds, sorted(self._up & self._send.keys()))]
            try:
                async with asyncio.timeout(_AGAIN_SECONDS if all(done) else _SOON_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def write(self, pbx: str) -> None:
        """Makes the PBX's rows say what was decided."""
        for row in await self._said(pbx):
            action = {"Action": "DBPut", "Val": row.value} if row.value else {"Action": "DBDel"}
            await self._row(pbx, {**action, "Family": row.family, "Key": row.key})

    async def _contained(self, pbx: str) -> bool:
        """False where it is soon worth another try."""
        try:
            await self.write(pbx)
        except CallcenterError as wrong:
            log.warning("rows_not_written", rows=self._name, pbx=pbx, code=wrong.code, reason=str(wrong))
            return wrong.code == "pbx_refused"
        except Exception:
            metrics.contained.labels(part=self._name).inc()
            log.exception("rows_failed", rows=self._name, pbx=pbx)
        return True

    async def _row(self, pbx: str, action: Mapping[str, str]) -> None:
        try:
            await self._send[pbx](action, _SEND_SECONDS)
        except Unavailable as wrong:
            # A row that is to go and is not there is as it should be.
            if action["Action"] == "DBPut" or wrong.code != "pbx_refused":
                raise
