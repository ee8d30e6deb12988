"""What a PBX has and what came from it: the survey, the channels that were seen, and what a change would do to them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from aiohttp import web
from sqlalchemy.orm import Session

from callcenter.api import CLOCK, DB, ROOT, SETTINGS, Answer, View
from callcenter.crm import audit, maps, seen
from callcenter.crm.access import require
from callcenter.crm.rights import Verb
from callcenter.pbxmap import Kind, PbxMap, literal
from callcenter.routing import effect
from callcenter.routing.api_pbx import known_pbx
from callcenter.routing.confirmed import standing
from callcenter.routing.effect import Reading
from callcenter.routing.keys import SURVEY
from callcenter.routing.map_bodies import PreviewBody
from callcenter.routing.survey import Surveyed

_LATELY: Final = timedelta(hours=24)
_NUMBERS_SHOWN: Final = 20


class DifferenceAnswer(Answer):
    """See ``Difference``: ``what`` is new, gone or otherwise than the map says."""

    what: str
    subject: str
    kind: Kind | None
    why: str
    number: str
    names: list[str]


class DoubtAnswer(Answer):
    """What the PBX does not tell and the administrator has to say; ``like`` is what it may be."""

    peer: str
    why: str
    like: Kind | None


class FoundAnswer(Answer):
    """What a peer seems to be, and why; ``pattern`` fits exactly it."""

    pattern: str
    kind: Kind
    why: str


class SurveyAnswer(Answer):
    """``at`` null: the PBX has not been asked since the service started. ``dids``: numbers that it or calls name;
    ``devices``: what may be somebody's phone; ``interfaces``: the queue members it has now."""

    at: datetime | None
    found: list[FoundAnswer]
    differences: list[DifferenceAnswer]
    doubts: list[DoubtAnswer]
    dids: list[str]
    devices: list[str]
    interfaces: list[str]


class SeenAnswer(Answer):
    """A peer that came; ``pattern`` fits exactly it. ``call_id`` is the customer's call it came in last, if any."""

    peer: str
    pattern: str
    kind: Kind
    times: int
    first_at: datetime
    last_at: datetime
    context: str
    call_id: UUID | None


class SeenAnswers(Answer):
    items: list[SeenAnswer]


class EffectAnswer(Answer):
    """What a peer is ``now`` and would be ``then``; ``last_at`` null: it was not seen, the PBX reports it."""

    peer: str
    now: Kind
    then: Kind
    last_at: datetime | None


class NumberEffect(Answer):
    """A number that would be read otherwise; ``outbound``: it was dialled, not calling."""

    trunk: str
    number: str
    outbound: bool
    now: str
    then: str


class PreviewAnswer(Answer):
    items: list[EffectAnswer]
    numbers: list[NumberEffect]


class SurveyView(View):
    async def get(self, name: str, /) -> SurveyAnswer:
        """How the PBX differs from its map, by the latest look at it."""
        require(self.request, Verb.EDIT_PBX)
        known_pbx(self.request, name)
        return await _surveyed(self.request, name, self.request.app[SURVEY].last(name))

    async def post(self, name: str, /) -> SurveyAnswer:
        """Looks at the PBX now."""
        who = require(self.request, Verb.EDIT_PBX)
        known_pbx(self.request, name)
        app = self.request.app
        await app[SURVEY].propose(name)
        now = app[CLOCK].now()
        await app[DB].write(lambda s: audit.record(s, who, "survey", ("pbx", name), now))
        return await _surveyed(self.request, name, app[SURVEY].last(name))


class SeenView(View):
    async def get(self, name: str, /) -> SeenAnswers:
        """The channels of the last 24 hours, and older ones that the map does not know; the latest first."""
        require(self.request, Verb.SEE_FLOOR)
        known_pbx(self.request, name)
        region, since = self.request.app[SETTINGS].region, self.request.app[CLOCK].now() - _LATELY
        return SeenAnswers(items=await self.request.app[DB].read(lambda s: _seen(s, name, region, since)))


class PreviewView(View):
    async def post(self, name: str, /, body: PreviewBody) -> PreviewAnswer:
        """What the channels and numbers of the last 24 hours would be under another map. Changes nothing."""
        require(self.request, Verb.EDIT_PBX)
        known_pbx(self.request, name)
        app = self.request.app
        last, since = app[SURVEY].reported(name), app[CLOCK].now() - _LATELY
        region = app[SETTINGS].region

        def read(session: Session) -> PreviewAnswer:
            now, then = _map(session, name, region), PbxMap(pbx=name, region=region, rules=body.rules)
            lately = {row.peer: row.last_at for row in seen.peers(session, name) if row.last_at >= since}
            items = [
                EffectAnswer(
                    peer=one, now=effect.kind_of(now, one), then=effect.kind_of(then, one), last_at=lately.get(one)
                )
                for one in effect.seen_or_reported(tuple(lately), last)
            ]
            return PreviewAnswer(items=items, numbers=_numbers(session, (now, then), since))

        return await app[DB].read(read)


def _map(session: Session, pbx: str, region: str) -> PbxMap:
    return PbxMap(pbx=pbx, region=region, rules=maps.rules(session, pbx))


def _seen(session: Session, pbx: str, region: str, since: datetime) -> list[SeenAnswer]:
    map = _map(session, pbx, region)
    kinds = [(row, effect.kind_of(map, row.peer)) for row in seen.peers(session, pbx)]
    shown = [(row, kind) for row, kind in kinds if row.last_at >= since or kind is Kind.UNCLASSIFIED]
    calls = seen.calls_by(session, pbx, {row.linkedid for row, _ in shown})
    return [
        SeenAnswer(
            peer=row.peer,
            pattern=_pattern(row.peer),
            kind=kind,
            times=row.times,
            first_at=row.first_at,
            last_at=row.last_at,
            context=row.context,
            call_id=calls[row.linkedid].id if row.linkedid in calls else None,
        )
        for row, kind in shown
    ]


def _pattern(peer: str) -> str:
    """ISDN channels stand under a pattern already."""
    return peer if peer.startswith("DAHDI/") else literal(peer)


def _numbers(session: Session, maps_: tuple[PbxMap, PbxMap], since: datetime) -> list[NumberEffect]:
    now, then = maps_
    found: dict[Reading, str] = {}
    for caller in seen.callers(session, now.pbx, since):
        before = effect.read_as(now, caller.trunk, caller.number, outbound=caller.outbound)
        after = effect.read_as(then, caller.trunk, caller.number, outbound=caller.outbound)
        if before != after:
            found[before] = after.read
    return [
        NumberEffect(trunk=one.trunk, number=one.number, outbound=one.outbound, now=one.read, then=read)
        for one, read in list(found.items())[:_NUMBERS_SHOWN]
    ]


async def _surveyed(request: web.Request, pbx: str, last: Surveyed | None) -> SurveyAnswer:
    app = request.app
    region, since = app[SETTINGS].region, app[CLOCK].now() - seen.KEPT_FOR

    def read(session: Session) -> SurveyAnswer:
        called = seen.called(session, pbx, since)
        if last is None:
            return SurveyAnswer(at=None, found=[], differences=[], doubts=[], dids=called, devices=[], interfaces=[])
        confirmed = standing(session, pbx, region)
        found = effect.differences(confirmed, last.reported, last.proposal)
        return SurveyAnswer(
            at=last.at,
            found=[FoundAnswer(pattern=literal(one.peer), kind=one.kind, why=one.why) for one in last.proposal.found],
            differences=[DifferenceAnswer.model_validate(one) for one in found],
            doubts=[DoubtAnswer.model_validate(one) for one in effect.doubts(confirmed, last.proposal)],
            dids=sorted({*called, *last.proposal.dids}),
            devices=_devices(confirmed.map, last),
            interfaces=sorted({member.interface for member in last.reported.members}),
        )

    return await app[DB].read(read)


def _devices(map: PbxMap, last: Surveyed) -> list[str]:
    """What may be somebody's phone, of all that the PBX has."""
    peers = {endpoint.peer for endpoint in last.reported.endpoints}
    return sorted(one for one in peers if effect.kind_of(map, one) in (Kind.DEVICE, Kind.UNCLASSIFIED))


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/pbx/{{name}}/survey", SurveyView)
    app.router.add_view(f"{ROOT}/pbx/{{name}}/channels", SeenView)
    app.router.add_view(f"{ROOT}/pbx/{{name}}/map/preview", PreviewView)
