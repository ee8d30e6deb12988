"""The PBX's own switch: rows of its database say which queues it records at all, and which notice it plays first.

Written anew whenever a rule changes or a link comes up, and every few minutes, because somebody may have changed or
lost them there. What a rule does not allow is not recorded in the first place; ``capture`` refuses it a second time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, TypeAlias

from callcenter import metrics
from callcenter.crm.privacy import policies
from callcenter.crm.privacy.rules import FAMILY, NOTICES, PlaceKind, own_notice, switch
from callcenter.db import Database
from callcenter.errors import CallcenterError, Unavailable
from callcenter.log import logger
from callcenter.news import RecordingRulesChanged
from callcenter.pbx_events import LinkDown, LinkUp

log = logger(__name__)
_AGAIN_SECONDS: Final = 300.0
_SEND_SECONDS: Final = 5.0
Send: TypeAlias = Callable[[Mapping[str, str], float], Awaitable[Sequence[Mapping[str, str]]]]


class Switch:
    """``send`` by PBX, as a feed's; ``holds``: the rows there are ours to write, and no other installation's."""

    def __init__(self, db: Database, send: Mapping[str, Send], holds: Callable[[str], bool] = lambda _: True) -> None:
        self._db = db
        self._send = send
        self._holds = holds
        self._up: set[str] = set()
        self._wake = asyncio.Event()

    async def link_up(self, event: LinkUp) -> None:
        self._up.add(event.pbx)
        self._wake.set()

    async def link_down(self, event: LinkDown) -> None:
        self._up.discard(event.pbx)

    async def taken(self, _event: object) -> None:
        """The gate of a PBX is ours."""
        self._wake.set()

    async def rules_changed(self, _event: RecordingRulesChanged) -> None:
        self._wake.set()

    async def run(self) -> None:
        while True:
            self._wake.clear()
            for pbx in filter(self._holds, sorted(self._up & self._send.keys())):
                await self._contained(pbx)
            try:
                async with asyncio.timeout(_AGAIN_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def _contained(self, pbx: str) -> None:
        try:
            await self.write(pbx)
        except CallcenterError as wrong:
            log.warning("recording_switch_not_written", pbx=pbx, code=wrong.code, reason=str(wrong))
        except Exception:
            metrics.contained.labels(part="recording_switch").inc()
            log.exception("recording_switch_failed", pbx=pbx)

    async def write(self, pbx: str) -> None:
        """Makes the PBX's rows say what the rules say."""
        told = await self._db.read(policies.staff_told)
        rules = await self._db.read(lambda s: policies.rules(s, pbx))
        for place, rule in rules.items():
            number = place.scope is PlaceKind.DID
            value = own_notice(rule) if number else switch(rule, staff_told=told)
            action = {"Action": "DBPut", "Val": value} if value else {"Action": "DBDel"}
            await self._row(pbx, {**action, "Family": NOTICES if number else FAMILY, "Key": place.key})

    async def _row(self, pbx: str, action: Mapping[str, str]) -> None:
        try:
            await self._send[pbx](action, _SEND_SECONDS)
        except Unavailable as wrong:
            # A row that is to go and is not there is as it should be.
            if action["Action"] == "DBPut" or wrong.code != "pbx_refused":
                raise
