"""Where PBXs ask: the port is open while a rule asks anything, or somebody is not to be called, and rows of each PBX's
database say so.

``callcenter-routing/<queue>`` = ``<address>/<pbx>/<token>``, and ``callcenter-rules/marked`` the same for numbers that
desk phones dial. Without a row the dialplan asks nobody; a port that nobody answers lets the call through. A row of an
earlier run has an old token, until the link is up again.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Final

from callcenter.config import Fastagi
from callcenter.contain import contained
from callcenter.crm import queues
from callcenter.errors import Unavailable
from callcenter.news import DoNotCallChanged
from callcenter.pbx_events import LinkDown, LinkUp
from callcenter.routing.asking.agi import Asked
from callcenter.routing.asking.outgoing import Outgoing
from callcenter.routing.asking.router import Router, RoutingTaken
from callcenter.routing.asking.server import Reply, Server
from callcenter.routing.claims import GateTaken
from callcenter.routing.outside import Outside

FAMILY: Final = "callcenter-routing"
MARKED: Final = ("callcenter-rules", "marked")
_PART: Final = "routing"
_AGAIN_S: Final = 300.0
_LISTEN_AGAIN_S: Final = 10.0
_SEND_S: Final = 5.0


class Door:
    """``run`` for ever; subscribers only wake it."""

    def __init__(self, outside: Outside, router: Router, outgoing: Outgoing, where: Fastagi) -> None:
        self._out = outside
        self._router = router
        self._outgoing = outgoing
        self._marks = False
        self._where = where
        self._server: Server | None = None
        self._cleared: set[str] = set()
        self._posted: defaultdict[str, set[str]] = defaultdict(set)
        self._up: set[str] = set()
        self._wake = asyncio.Event()
        self.port = 0

    @property
    def address(self) -> str:
        """How PBXs reach it; "" while it is closed."""
        return self._where.asked_at(self.port) if self._server else ""

    async def link_up(self, event: LinkUp) -> None:
        self._up.add(event.pbx)
        self._cleared.discard(event.pbx)
        self._wake.set()

    async def link_down(self, event: LinkDown) -> None:
        self._up.discard(event.pbx)

    async def routing_taken(self, _event: RoutingTaken | DoNotCallChanged | GateTaken) -> None:
        """The rules, or those who are not to be called, are others now, or rows that were another installation's are
        ours."""
        self._cleared.clear()
        self._wake.set()

    async def run(self) -> None:
        try:
            while True:
                self._wake.clear()
                heard = await self._listen()
                for pbx in filter(self._out.holds, sorted(self._up & self._out.send.keys())):
                    with contained("routing_rows", pbx=pbx):
                        await self._post(pbx)
                try:
                    async with asyncio.timeout(_AGAIN_S if heard else _LISTEN_AGAIN_S):
                        await self._wake.wait()
                except TimeoutError:
                    pass
        finally:
            await self._shut()

    async def _listen(self) -> bool:
        """Whether it stands as it should."""
        self._marks = await self._outgoing.asks()
        if not self._marks and not any(rule.asks for rule in self._router.policy.rules.queues):
            await self._shut()
            return True
        if self._server:
            return True
        server = Server(self._reply, patience_s=self._where.patience_s)
        try:
            self.port = await server.start(self._where.host, self._where.port)
        except OSError as wrong:
            remedy = (
                f"cannot listen on {self._where.host}:{self._where.port}: {wrong.strerror}; calls go on without being "
                "routed. End the program that holds the port, or set CALLCENTER_FASTAGI__PORT"
            )
            await self._out.health.ill(_PART, "routing_port", remedy)
            return False
        self._server = server
        await self._out.health.well(_PART)
        return True

    async def _reply(self, asked: Asked) -> Reply:
        self._router.must_be_ours(asked)
        return await (self._outgoing if asked.outgoing else self._router).reply(asked)

    async def _shut(self) -> None:
        server, self._server = self._server, None
        if server:
            await server.close()

    async def _post(self, pbx: str) -> None:
        """Makes the rows say what the rules say."""
        asking = {rule.queue for rule in self._router.policy.rules.queues if rule.pbx == pbx and rule.asks}
        if not self.address:
            asking = set()
        where = f"{self.address}/{pbx}/{self._router.token}"
        if self._marks and self.address:
            await self._row(pbx, MARKED, where)
        for queue in sorted(asking):
            await self._row(pbx, (FAMILY, queue), where)
            self._posted[pbx].add(queue)
        if pbx not in self._cleared:
            known = await self._out.db.read(lambda session: [one.name for one in queues.of_pbx(session, pbx)])
            for queue in sorted(({*known} | self._posted[pbx]) - asking):
                await self._row(pbx, (FAMILY, queue), "")
            self._posted[pbx] &= asking
            if not (self._marks and self.address):
                await self._row(pbx, MARKED, "")
            self._cleared.add(pbx)

    async def _row(self, pbx: str, row: tuple[str, str], value: str) -> None:
        action = {"Action": "DBPut", "Val": value} if value else {"Action": "DBDel"}
        try:
            await self._out.send[pbx]({**action, "Family": row[0], "Key": row[1]}, _SEND_S)
        except Unavailable as wrong:
            if value or wrong.code != "pbx_refused":  # a row that is to go and is not there is as it should be
                raise
