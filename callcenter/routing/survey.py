"""Asks every PBX what it has: proposes a map where there is none, and remembers what differs where there is one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from callcenter.contain import contained
from callcenter.crm import maps, queues, rosters
from callcenter.log import logger
from callcenter.news import MapChanged
from callcenter.pbx_events import LinkUp
from callcenter.pbxmap import PbxMap
from callcenter.routing.outside import Outside
from callcenter.routing.proposal import Proposal, propose
from callcenter.routing.report import Inquiry
from callcenter.routing.reported import Reported

log = logger(__name__)
_FRESH: Final = timedelta(minutes=15)
"""A link that comes back within this time is not asked again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveyed:
    """What a PBX reported at a moment, and what that seems to be."""

    at: datetime
    reported: Reported
    proposal: Proposal


class Survey:
    """Looks at a PBX when its link comes up, or when asked to. Never touches a map that is there."""

    def __init__(self, outside: Outside) -> None:
        self._out = outside
        self._waiting: asyncio.Queue[str] = asyncio.Queue(len(outside.send) or 1)
        self._last: dict[str, Surveyed] = {}

    async def link_up(self, event: LinkUp) -> None:
        if event.pbx in self._out.send and not self._waiting.full():
            self._waiting.put_nowait(event.pbx)

    async def run(self) -> None:
        while True:
            pbx = await self._waiting.get()
            with contained("survey", pbx=pbx):
                if not self._fresh(pbx):
                    await self.propose(pbx)

    def last(self, pbx: str) -> Surveyed | None:
        """The latest look at a PBX; None before the first."""
        return self._last.get(pbx)

    def reported(self, pbx: str) -> Reported | None:
        """What the PBX told at the latest look."""
        last = self._last.get(pbx)
        return last.reported if last else None

    async def look(self, pbx: str) -> Surveyed:
        """Asks the PBX now. Raises Unavailable."""
        reported = await Inquiry(pbx, self._out.send[pbx]).report()
        seen = Surveyed(at=self._out.clock.now(), reported=reported, proposal=propose(reported))
        self._last[pbx] = seen
        if new := await self._out.db.write(lambda s: queues.met(s, pbx, reported.queues)):
            log.info("queues_met", pbx=pbx, queues=new)
        return seen

    async def propose(self, pbx: str) -> bool:
        """Looks; whether there is a new proposal, because nobody had described the PBX. Raises Unavailable."""
        proposal = (await self.look(pbx)).proposal
        if not proposal.found or not await self._out.db.write(lambda s: _keep(s, pbx, proposal)):
            return False
        log.info("map_proposed", pbx=pbx, rules=len(proposal.found), extensions=len(proposal.extensions))
        map = PbxMap(pbx=pbx, region=self._out.region(pbx), rules=proposal.rules)
        await self._out.bus.publish(MapChanged(map=map))
        return True

    def _fresh(self, pbx: str) -> bool:
        last = self._last.get(pbx)
        return last is not None and self._out.clock.now() - last.at < _FRESH


def _keep(session: Session, pbx: str, proposal: Proposal) -> bool:
    if maps.described(session, pbx):
        return False
    maps.write_rules(session, pbx, proposal.rules)
    if not maps.stations(session, pbx):
        for desk in proposal.extensions:
            rosters.put_extension(session, pbx, desk.number, desk.devices, desk.interfaces)
    if not maps.dids(session, pbx):
        maps.write_dids(session, pbx, dict.fromkeys(proposal.dids, ""))
    maps.confirm(session, pbx, False)
    return True
