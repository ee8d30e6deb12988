"""PBXs: their links, and the map that says what their channels are."""

from __future__ import annotations

from datetime import datetime

from aiohttp import web
from sqlalchemy import delete
from sqlalchemy.orm import Session

from callcenter.api import BUS, CLOCK, DB, HEALTH, ROOT, SETTINGS, Answer, Body, Line, View
from callcenter.crm import audit, rosters
from callcenter.crm.access import require
from callcenter.crm.models import MapRule
from callcenter.crm.rights import Verb
from callcenter.errors import NotFound
from callcenter.events import MapChanged, RosterChanged
from callcenter.pbxmap import Kind, PbxMap, Rule
from callcenter.routing.gate import Gate

GATE: web.AppKey[Gate] = web.AppKey("gate", Gate)


class RuleBody(Body):
    pattern: Line
    kind: Kind
    region: Line | None = None


class ExtensionBody(Body):
    number: Line
    devices: list[Line]
    interfaces: list[Line]


class MapBody(Body):
    rules: list[RuleBody]
    extensions: list[ExtensionBody] = []


class PbxAnswer(Answer):
    name: str
    up: bool
    since: datetime | None
    code: str
    remedy: str
    map: list[RuleBody]


class PbxList(Answer):
    items: list[PbxAnswer]


class PbxView(View):
    async def get(self) -> PbxList:
        """Every PBX of the settings: whether it is linked, and its map."""
        from sqlalchemy import select

        require(self.request, Verb.SEE_FLOOR)
        app = self.request.app
        rows = await app[DB].read(lambda s: list(s.scalars(select(MapRule).order_by(MapRule.pbx, MapRule.position))))
        items = []
        for name in app[SETTINGS].pbx:
            part = app[HEALTH].parts.get(f"pbx:{name}")
            rules = [RuleBody(pattern=r.pattern, kind=Kind(r.kind), region=r.region) for r in rows if r.pbx == name]
            items.append(
                PbxAnswer(
                    name=name,
                    up=bool(part and part.ok),
                    since=part.since if part else None,
                    code=part.code if part else "",
                    remedy=part.remedy if part else "",
                    map=rules,
                )
            )
        return PbxList(items=items)


class MapView(View):
    async def put(self, name: str, /, body: MapBody) -> PbxList:
        """Says what the PBX's channels are, and which extensions ring which devices."""
        who = require(self.request, Verb.EDIT_PBX)
        app = self.request.app
        if name not in app[SETTINGS].pbx:
            raise NotFound("there is no such PBX")

        def write(session: Session) -> None:
            session.execute(delete(MapRule).where(MapRule.pbx == name))
            for position, rule in enumerate(body.rules):
                session.add(
                    MapRule(pbx=name, position=position, pattern=rule.pattern, kind=rule.kind, region=rule.region)
                )
            for extension in body.extensions:
                rosters.put_extension(session, name, extension.number, extension.devices, extension.interfaces)
            audit.record(session, who, "edit", ("pbx_map", name), app[CLOCK].now())

        await app[DB].write(write)
        rules = tuple(Rule(pattern=r.pattern, kind=r.kind, region=r.region) for r in body.rules)
        await app[BUS].publish(MapChanged(map=PbxMap(pbx=name, region=app[SETTINGS].region, rules=rules)))
        await app[BUS].publish(RosterChanged(roster=await app[DB].read(rosters.load)))
        return await PbxView(self.request).get()


def provide(app: web.Application, gate: Gate) -> None:
    app[GATE] = gate


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/pbx", PbxView)
    app.router.add_view(f"{ROOT}/pbx/{{name}}/map", MapView)
