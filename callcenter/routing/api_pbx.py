"""PBXs: their links, and the map that says what their channels are."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Annotated

from aiohttp import web
from pydantic import AliasChoices, Field, StringConstraints
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from callcenter.api import BUS, CLOCK, DB, HEALTH, ROOT, SETTINGS, Answer, Body, View
from callcenter.crm import audit, news, rosters
from callcenter.crm.access import require
from callcenter.crm.models.desks import Extension, MapRule, RosterRow
from callcenter.crm.models.office import Policy
from callcenter.crm.rights import Actor, Verb
from callcenter.errors import NotFound
from callcenter.news import MapChanged
from callcenter.pbxmap import Kind, PbxMap, Rule
from callcenter.routing.survey import confirm, confirmed_key

Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""Goes to the PBX as it is: nothing that could end a line there."""


class MapRuleBody(Body):
    """``pattern`` is a shell pattern over ``TECH/name``; ``region`` (ISO 3166-1) reads the numbers of a trunk."""

    pattern: Name
    kind: Kind
    region: Annotated[str, StringConstraints(pattern=r"^([A-Z]{2})?$")] | None = None


class MapExtensionBody(Body):
    """A number, the devices it rings, and the member interfaces by which queues call it."""

    number: Name
    devices: list[Name]
    interfaces: list[Name]


class PbxMapBody(Body):
    """The whole map: the first rule that fits wins. ``extensions`` null: they stay as they are."""

    map: Annotated[list[MapRuleBody], Field(validation_alias=AliasChoices("map", "rules"), max_length=5000)]
    extensions: Annotated[list[MapExtensionBody], Field(max_length=20_000)] | None = None


class PbxAnswer(Answer):
    """``confirmed`` False: the map is a proposal made from what the PBX reported."""

    name: str
    up: bool
    since: datetime | None
    code: str
    remedy: str
    map: list[MapRuleBody]
    confirmed: bool
    extensions: list[MapExtensionBody]


class PbxList(Answer):
    items: list[PbxAnswer]


class PbxView(View):
    async def get(self) -> PbxList:
        """Every PBX of the settings: whether it is linked, and its map."""
        require(self.request, Verb.SEE_FLOOR)
        return PbxList(items=await _answers(self.request.app))


class PbxMapView(View):
    async def put(self, name: str, /, body: PbxMapBody) -> PbxAnswer:
        """Says what the PBX's channels are, and which extensions ring which devices; confirms both."""
        who = require(self.request, Verb.EDIT_PBX)
        app = self.request.app
        if name not in app[SETTINGS].pbx:
            raise NotFound("there is no such PBX")
        now = app[CLOCK].now()
        await app[DB].write(lambda session: _write(session, name, body, (who, now)))
        rules = tuple(Rule(pattern=r.pattern, kind=r.kind, region=r.region or None) for r in body.map)
        await app[BUS].publish(MapChanged(map=PbxMap(pbx=name, region=app[SETTINGS].region, rules=rules)))
        await news.roster_changed(app)
        return next(answer for answer in await _answers(app) if answer.name == name)


def _write(session: Session, pbx: str, body: PbxMapBody, by: tuple[Actor, datetime]) -> None:
    session.execute(delete(MapRule).where(MapRule.pbx == pbx))
    for position, rule in enumerate(body.map):
        row = MapRule(pbx=pbx, position=position, pattern=rule.pattern, kind=rule.kind, region=rule.region or None)
        session.add(row)
    if body.extensions is not None:
        _write_extensions(session, pbx, body.extensions)
    confirm(session, pbx, True)
    who, now = by
    audit.record(session, who, "edit", ("pbx_map", pbx), now, rules=len(body.map))


def _write_extensions(session: Session, pbx: str, wanted: list[MapExtensionBody]) -> None:
    """Those that somebody sat at stay also where they are not named: their history hangs on them."""
    for one in wanted:
        rosters.put_extension(session, pbx, one.number, one.devices, one.interfaces)
    named = {one.number for one in wanted}
    used = set(session.scalars(select(RosterRow.extension_id)))
    for row in session.scalars(select(Extension).where(Extension.pbx == pbx)).all():
        if row.number not in named and row.id not in used:
            session.delete(row)


async def _answers(app: web.Application) -> list[PbxAnswer]:
    rules, extensions, confirmed = await app[DB].read(_read)
    parts = app[HEALTH].parts
    answers = []
    for name in app[SETTINGS].pbx:
        part = parts.get(f"pbx:{name}")
        answer = PbxAnswer(
            name=name,
            up=bool(part and part.ok),
            since=part.since if part else None,
            code=part.code if part else "",
            remedy=part.remedy if part else "",
            map=rules[name],
            confirmed=confirmed.get(confirmed_key(name), bool(rules[name])),
            extensions=extensions[name],
        )
        answers.append(answer)
    return answers


_Read = tuple[dict[str, list[MapRuleBody]], dict[str, list[MapExtensionBody]], dict[str, bool]]


def _read(session: Session) -> _Read:
    rules: dict[str, list[MapRuleBody]] = defaultdict(list)
    for row in session.scalars(select(MapRule).order_by(MapRule.pbx, MapRule.position)):
        rules[row.pbx].append(MapRuleBody(pattern=row.pattern, kind=Kind(row.kind), region=row.region))
    extensions: dict[str, list[MapExtensionBody]] = defaultdict(list)
    for one in session.scalars(select(Extension).order_by(Extension.pbx, Extension.number)):
        body = MapExtensionBody(number=one.number, devices=one.devices, interfaces=one.interfaces)
        extensions[one.pbx].append(body)
    policies = session.scalars(select(Policy).where(Policy.key.startswith("map_confirmed:", autoescape=True)))
    return rules, extensions, {policy.key: bool(policy.value) for policy in policies}


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/pbx", PbxView)
    app.router.add_view(f"{ROOT}/pbx/{{name}}/map", PbxMapView)
