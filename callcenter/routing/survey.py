"""Asks a PBX that nobody has described yet what it has, and keeps the answer as a proposal."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter import metrics
from callcenter.crm import rosters
from callcenter.crm.models.desks import Extension, MapRule
from callcenter.crm.models.office import Policy
from callcenter.errors import Unavailable
from callcenter.events import LinkUp
from callcenter.log import logger
from callcenter.news import MapChanged
from callcenter.pbxmap import PbxMap
from callcenter.routing.outside import Outside
from callcenter.routing.proposal import Endpoint, Member, Proposal, Reported, hinted, propose

log = logger(__name__)
_SEND_SECONDS: Final = 20.0
_LOOKED_INTO: Final = 500
"""Endpoints that are asked for one by one; a PBX with more is described by hand or by its queues and hints."""
Row = Mapping[str, str]


def confirmed_key(pbx: str) -> str:
    """The policy that says whether an administrator has confirmed the map."""
    return f"map_confirmed:{pbx}"


class Survey:
    """At a link to a PBX without a map, proposes one. Never touches a map that is there."""

    def __init__(self, outside: Outside) -> None:
        self._out = outside
        self._waiting: asyncio.Queue[str] = asyncio.Queue(len(outside.send) or 1)

    async def link_up(self, event: LinkUp) -> None:
        if event.pbx in self._out.send and not self._waiting.full():
            self._waiting.put_nowait(event.pbx)

    async def run(self) -> None:
        while True:
            pbx = await self._waiting.get()
            try:
                await self.propose(pbx)
            except Unavailable as wrong:
                log.warning("survey_waits", pbx=pbx, code=wrong.code)
            except Exception:
                metrics.contained.labels(part="survey").inc()
                log.exception("survey_failed", pbx=pbx)

    async def propose(self, pbx: str) -> bool:
        """Whether there is a new proposal. Raises Unavailable."""
        if await self._out.db.read(lambda s: _described(s, pbx)):
            return False
        proposal = propose(await self._reported(pbx))
        if not proposal.rules or not await self._out.db.write(lambda s: _keep(s, pbx, proposal)):
            return False
        log.info("map_proposed", pbx=pbx, rules=len(proposal.rules), extensions=len(proposal.extensions))
        map = PbxMap(pbx=pbx, region=self._out.region(pbx), rules=proposal.rules)
        await self._out.bus.publish(MapChanged(map=map))
        return True

    async def _reported(self, pbx: str) -> Reported:
        queues = await self._ask(pbx, {"Action": "QueueStatus"}, "QueueMember")
        hints = await self._ask(pbx, {"Action": "ExtensionStateList"}, "ExtensionStatus")
        registrations = await self._ask(pbx, {"Action": "PJSIPShowRegistrationsOutbound"}, "OutboundRegistrationDetail")
        listed = await self._ask(pbx, {"Action": "PJSIPShowEndpoints"}, "EndpointList")
        proofs = {row["outboundauth"] for row in registrations if row.get("outboundauth")}
        registered = {row["endpoint"] for row in registrations if row.get("endpoint")}
        endpoints = [await self._endpoint(pbx, row, registered, proofs) for row in listed[:_LOOKED_INTO]]
        return Reported(
            pbx=pbx,
            endpoints=tuple(endpoints),
            members=tuple(dict.fromkeys(_member(row) for row in queues)),
            hints={row.get("exten", ""): hinted(row.get("hint", "")) for row in hints},
        )

    async def _endpoint(self, pbx: str, row: Row, registered: set[str], proofs: set[str]) -> Endpoint:
        name = row.get("objectname", "")
        answer = await self._answer(pbx, {"Action": "PJSIPShowEndpoint", "Endpoint": name})
        details = next((r for r in answer if r.get("event") == "EndpointDetail"), {})
        known_by_address = any(r.get("event") == "IdentifyDetail" for r in answer)
        signs_out = bool(proofs & set(row.get("outboundauths", "").split(",")))
        return Endpoint(
            name=name,
            context=details.get("context", ""),
            outside=known_by_address or signs_out or name in registered,
            signs_in=bool(row.get("auths", "").strip()),
        )

    async def _ask(self, pbx: str, action: Row, event: str) -> list[Row]:
        return [row for row in await self._answer(pbx, action) if row.get("event") == event]

    async def _answer(self, pbx: str, action: Row) -> Sequence[Row]:
        """A PBX that has no such thing (no PJSIP, no hints) refuses: then it has none."""
        try:
            return await self._out.send[pbx](action, _SEND_SECONDS)
        except Unavailable as wrong:
            if wrong.code != "pbx_refused":
                raise
            return []


def _member(row: Row) -> Member:
    return Member(
        interface=row.get("location") or row.get("interface", ""), state_interface=row.get("stateinterface", "")
    )


def _described(session: Session, pbx: str) -> bool:
    return session.scalars(select(MapRule.id).where(MapRule.pbx == pbx).limit(1)).first() is not None


def _keep(session: Session, pbx: str, proposal: Proposal) -> bool:
    if _described(session, pbx):
        return False
    for position, rule in enumerate(proposal.rules):
        session.add(MapRule(pbx=pbx, position=position, pattern=rule.pattern, kind=rule.kind, region=rule.region))
    if session.scalars(select(Extension.id).where(Extension.pbx == pbx).limit(1)).first() is None:
        for desk in proposal.extensions:
            rosters.put_extension(session, pbx, desk.number, desk.devices, desk.interfaces)
    confirm(session, pbx, False)
    return True


def confirm(session: Session, pbx: str, confirmed: bool) -> None:
    """Says whether an administrator stands behind the map."""
    policy = session.get(Policy, confirmed_key(pbx)) or Policy(key=confirmed_key(pbx), value=None, version=0)
    policy.value, policy.version = confirmed, policy.version + 1
    session.add(policy)
