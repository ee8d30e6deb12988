"""What may be recorded, on what terms, and what is still missing."""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from pydantic import Field, StringConstraints
from sqlalchemy.orm import Session

from callcenter.api import BUS, CLOCK, DB, ROOT, SETTINGS, Answer, Body, Line, Prose, View, etag, expect
from callcenter.crm import audit, opt_out_policy
from callcenter.crm.access import require
from callcenter.crm.opt_out_policy import OptOutPolicy
from callcenter.crm.privacy import keeping, policies
from callcenter.crm.privacy.policies import Terms
from callcenter.crm.privacy.rules import How, Lack, Mode, Notice, Place, PlaceKind, Rule, is_sound, lacks
from callcenter.crm.rights import Verb
from callcenter.errors import Invalid, NotFound
from callcenter.news import RecordingRulesChanged

Plain = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""Goes to the PBX as it is: nothing that could end a line there."""


class RecordingRuleBody(Body):
    """One place and its terms. ``queue``: of the scope queue its name, of the scope did one of our numbers.
    ``notice_sound`` is a name of Asterisk's; who presses ``notice_key`` while he hears it declines."""

    pbx: Plain
    scope: PlaceKind
    queue: Plain = ""
    mode: Mode
    notice_text: Prose = ""
    notice_how: How = How.AGENT
    notice_sound: Plain = ""
    notice_key: Annotated[str, Field(pattern=r"^[0-9*#]?$")] = ""
    keep_days: Annotated[int, Field(ge=1, le=36_500)] | None = None
    contact: Line = ""


class RecordingRuleAnswer(Answer):
    """``lacks`` names everything that stands between this place and its first recording; empty: it is recorded.

    Of a number of ours only its announcement counts, which is played in place of its queues'; ``forbidden``: it has
    none of its own. ``version`` 0: nobody decided anything here.
    """

    pbx: str
    scope: PlaceKind
    queue: str
    mode: Mode
    notice_text: str
    notice_how: How
    notice_sound: str
    notice_key: str
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
            details = {"mode": row.mode, "keep_days": row.keep_days, "version": row.version}
            audit.record(session, who, "edit", ("recording_policy", str(row.id)), now, **details)

        await app[DB].write(write)
        await app[BUS].publish(RecordingRulesChanged(pbx=body.pbx))
        answer = await app[DB].read(lambda s: _answer(s, (body.pbx,)))
        return next(one for one in answer.items if (one.scope, one.queue) == (place.scope, place.queue))


class OptOutPolicyView(View):
    async def get(self) -> OptOutPolicy:
        """The rule now."""
        require(self.request, Verb.EDIT_PRIVACY)
        read, version = opt_out_policy.read, opt_out_policy.version
        found, tag = await self.request.app[DB].read(lambda s: (read(s), version(s)))
        self.answer_header("ETag", etag(tag))
        return found

    async def put(self, body: OptOutPolicy) -> OptOutPolicy:
        """Changes it, for what is stored from now on."""
        app, who, now = self.request.app, require(self.request, Verb.EDIT_PRIVACY), self.request.app[CLOCK].now()

        def change(session: Session) -> int:
            expect(self.request, opt_out_policy.version(session))
            opt_out_policy.write(session, body)
            audit.record(session, who, "change", ("policy", opt_out_policy.KEY), now, **body.model_dump(mode="json"))
            return opt_out_policy.version(session)

        self.answer_header("ETag", etag(await app[DB].write(change)))
        return body


def _place(body: RecordingRuleBody) -> Place:
    if (body.scope in (PlaceKind.QUEUE, PlaceKind.DID)) != bool(body.queue):
        raise Invalid("a queue, or a number of ours, is named where the scope is one", fields={"queue": "required"})
    return Place(scope=body.scope, queue=body.queue)


def _terms(body: RecordingRuleBody) -> Terms:
    if body.notice_sound and not is_sound(body.notice_sound):
        raise Invalid("this is no name of a sound", fields={"notice_sound": "not_allowed"})
    notice = Notice(text=body.notice_text, how=body.notice_how, sound=body.notice_sound, key=body.notice_key)
    return Terms(
        mode=body.mode, notice=notice if body.notice_text else None, keep_days=body.keep_days, contact=body.contact
    )


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
    missing = _missing_of_number(rule) if place.scope is PlaceKind.DID else _missing(rule, told)
    return RecordingRuleAnswer(
        pbx=pbx,
        scope=place.scope,
        queue=place.queue,
        mode=rule.mode if rule else Mode.FORBIDDEN,
        notice_text=notice.text if notice else "",
        notice_how=notice.how if notice else How.AGENT,
        notice_sound=notice.sound if notice else "",
        notice_key=notice.key if notice else "",
        notice_version=notice_version,
        keep_days=rule.keep_days if rule else None,
        contact=rule.contact if rule else "",
        lacks=missing,
        version=version,
    )


def _missing_of_number(rule: Rule | None) -> list[Lack]:
    if rule is None or rule.mode is Mode.FORBIDDEN:
        return []
    return [lack for lack in lacks(rule, staff_told=True) if lack in (Lack.NOTICE, Lack.SOUND)]


def _missing(rule: Rule | None, told: bool) -> list[Lack]:
    return list(lacks(rule, staff_told=told)) if rule else [Lack.MISSING, *([] if told else [Lack.STAFF])]


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/privacy/recording", RecordingRulesView)
    app.router.add_view(f"{ROOT}/privacy/recording-opt-out", OptOutPolicyView)
