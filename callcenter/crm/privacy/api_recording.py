"""What may be recorded, on what terms, and what is still missing."""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from pydantic import Field, StringConstraints
from sqlalchemy.orm import Session

from callcenter.api import BUS, CLOCK, DB, ROOT, SETTINGS, Answer, Body, Line, Prose, View, expect
from callcenter.crm import audit
from callcenter.crm.access import require
from callcenter.crm.privacy import keeping, policies
from callcenter.crm.privacy.policies import Terms
from callcenter.crm.privacy.rules import How, Lack, Notice, Place, PlaceKind, Rule, is_sound, lacks, switch
from callcenter.crm.rights import Verb
from callcenter.errors import Invalid, NotFound
from callcenter.news import RecordingRulesChanged

Plain = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""Goes to the PBX as it is: nothing that could end a line there."""


class RecordingRuleBody(Body):
    """One place and its terms. ``queue`` only for the scope queue; ``notice_sound`` is a name of Asterisk's."""

    pbx: Plain
    scope: PlaceKind
    queue: Plain = ""
    record: bool
    notice_text: Prose = ""
    notice_how: How = How.AGENT
    notice_sound: Plain = ""
    keep_days: Annotated[int, Field(ge=1, le=36_500)] | None = None
    contact: Line = ""


class RecordingRuleAnswer(Answer):
    """``lacks`` names everything that stands between this place and its first recording; empty: it is recorded.

    ``version`` 0: nobody decided anything here.
    """

    pbx: str
    scope: PlaceKind
    queue: str
    record: bool
    notice_text: str
    notice_how: How
    notice_sound: str
    notice_version: int
    keep_days: int | None
    contact: str
    lacks: list[Lack]
    version: int


class RecordingRules(Answer):
    """``pbx_files``: leave, or delete what the PBX recorded although it may not be kept."""

    items: list[RecordingRuleAnswer]
    staff_told: bool
    pbx_files: str


class RecordingRulesView(View):
    async def get(self) -> RecordingRules:
        """Every queue, direct and outgoing calls: whether they are recorded, and what is missing."""
        require(self.request, Verb.EDIT_PRIVACY)
        names = tuple(self.request.app[SETTINGS].pbx)
        return await self.request.app[DB].read(lambda s: _answer(s, names))

    async def put(self, body: RecordingRuleBody) -> RecordingRuleAnswer:
        """Decides about one place. With ``If-Match`` only on the version that was read."""
        who, app = require(self.request, Verb.EDIT_PRIVACY), self.request.app
        if body.pbx not in app[SETTINGS].pbx:
            raise NotFound("there is no such PBX")
        place, terms, now = _place(body), _terms(body), app[CLOCK].now()

        def write(session: Session) -> None:
            expect(self.request, policies.versions(session, body.pbx).get(place, (0, 0))[0])
            row = policies.put(session, body.pbx, place, terms, now)
            details = {"record": row.record, "keep_days": row.keep_days, "version": row.version}
            audit.record(session, who, "edit", ("recording_policy", str(row.id)), now, **details)

        await app[DB].write(write)
        await app[BUS].publish(RecordingRulesChanged(pbx=body.pbx))
        answer = await app[DB].read(lambda s: _answer(s, (body.pbx,)))
        return next(one for one in answer.items if (one.scope, one.queue) == (place.scope, place.queue))


def _place(body: RecordingRuleBody) -> Place:
    if (body.scope is PlaceKind.QUEUE) != bool(body.queue):
        raise Invalid("a queue is named where the scope is one", fields={"queue": "required"})
    return Place(scope=body.scope, queue=body.queue)


def _terms(body: RecordingRuleBody) -> Terms:
    if body.notice_sound and not is_sound(body.notice_sound):
        raise Invalid("this is no name of a sound", fields={"notice_sound": "not_allowed"})
    notice = Notice(text=body.notice_text, how=body.notice_how, sound=body.notice_sound) if body.notice_text else None
    return Terms(record=body.record, notice=notice, keep_days=body.keep_days, contact=body.contact)


def _answer(session: Session, names: tuple[str, ...]) -> RecordingRules:
    told = policies.staff_told(session)
    items: list[RecordingRuleAnswer] = []
    for pbx in names:
        rules, versions = policies.rules(session, pbx), policies.versions(session, pbx)
        for place in policies.known_places(session, pbx):
            items.append(_one(pbx, place, rules.get(place), (versions.get(place, (0, 0)), told)))
    return RecordingRules(items=items, staff_told=told, pbx_files=keeping.load(session).pbx_files)


def _one(pbx: str, place: Place, rule: Rule | None, known: tuple[tuple[int, int], bool]) -> RecordingRuleAnswer:
    (version, notice_version), told = known
    notice = rule.notice if rule else None
    missing = [] if rule and switch(rule, staff_told=told) else _missing(rule, told)
    return RecordingRuleAnswer(
        pbx=pbx,
        scope=place.scope,
        queue=place.queue,
        record=bool(rule and rule.record),
        notice_text=notice.text if notice else "",
        notice_how=notice.how if notice else How.AGENT,
        notice_sound=notice.sound if notice else "",
        notice_version=notice_version,
        keep_days=rule.keep_days if rule else None,
        contact=rule.contact if rule else "",
        lacks=missing,
        version=version,
    )


def _missing(rule: Rule | None, told: bool) -> list[Lack]:
    return list(lacks(rule, staff_told=told)) if rule else [Lack.MISSING, *([] if told else [Lack.STAFF])]


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/privacy/recording", RecordingRulesView)
