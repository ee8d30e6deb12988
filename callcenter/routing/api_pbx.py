"""PBXs: their links, and the map that says what their channels are."""

from __future__ import annotations

from aiohttp import web
from sqlalchemy.orm import Session

from callcenter.api import BUS, CLOCK, DB, HEALTH, ROOT, SETTINGS, View, etag, expect
from callcenter.crm import audit, maps, news
from callcenter.crm.access import require
from callcenter.crm.maps import PbxDocument
from callcenter.crm.rights import Actor, Verb
from callcenter.errors import NotFound
from callcenter.news import MapChanged, Named
from callcenter.pbxmap import PbxMap
from callcenter.routing.map_bodies import PbxAnswer, PbxList, PbxMapBody, told


class PbxView(View):
    async def get(self) -> PbxList:
        """Every PBX of the settings: whether it is linked, and its map."""
        require(self.request, Verb.SEE_FLOOR)
        app = self.request.app
        found = await app[DB].read(lambda s: {name: maps.document(s, name) for name in app[SETTINGS].pbx})
        return PbxList(items=[_answer(app, name, document) for name, document in found.items()])


class PbxMapView(View):
    async def get(self, name: str, /) -> PbxAnswer:
        """One of them, with the ETag that a change must name."""
        require(self.request, Verb.SEE_FLOOR)
        known_pbx(self.request, name)
        document = await self.request.app[DB].read(lambda s: maps.document(s, name))
        self.answer_header("ETag", etag(document.version))
        return _answer(self.request.app, name, document)

    async def put(self, name: str, /, body: PbxMapBody) -> PbxAnswer:
        """Says what the PBX's channels are, and which extensions ring which devices; confirms both."""
        who = require(self.request, Verb.EDIT_PBX)
        known_pbx(self.request, name)
        body.check()
        app = self.request.app
        document = await app[DB].write(lambda session: _write(self.request, session, name, body, who))
        map = PbxMap(pbx=name, region=app[SETTINGS].region, rules=document.rules)
        await app[BUS].publish(MapChanged(map=map))
        await app[BUS].publish(Named(pbx=name))
        await news.roster_changed(app)
        self.answer_header("ETag", etag(document.version))
        return _answer(app, name, document)


def _write(request: web.Request, session: Session, pbx: str, body: PbxMapBody, who: Actor) -> PbxDocument:
    now = request.app[CLOCK].now()
    before = maps.document(session, pbx)
    expect(request, before.version)
    maps.write_rules(session, pbx, body.rules)
    if body.extensions is not None:
        maps.write_stations(session, pbx, body.stations, now)
    if body.dids is not None:
        maps.write_dids(session, pbx, {did.number: did.label for did in body.dids})
    maps.confirm(session, pbx, True)
    session.flush()
    after = maps.document(session, pbx)
    changed = [name for name in ("rules", "stations", "dids") if getattr(before, name) != getattr(after, name)]
    audit.record(session, who, "edit", ("pbx_map", pbx), now, rules=len(body.map), changed=changed)
    return after


def known_pbx(request: web.Request, name: str) -> None:
    """Raises NotFound for a PBX that is not in the settings."""
    if name not in request.app[SETTINGS].pbx:
        raise NotFound("there is no such PBX")


def _answer(app: web.Application, name: str, document: PbxDocument) -> PbxAnswer:
    part = app[HEALTH].parts.get(f"pbx:{name}")
    return PbxAnswer.model_validate(
        {
            "name": name,
            "up": bool(part and part.ok),
            "since": part.since if part else None,
            "code": part.code if part else "",
            "remedy": part.remedy if part else "",
            "region": app[SETTINGS].region,
            **told(document),
        }
    )


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/pbx", PbxView)
    app.router.add_view(f"{ROOT}/pbx/{{name}}/map", PbxMapView)
