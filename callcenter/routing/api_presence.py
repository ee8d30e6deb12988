"""An agent's own pauses, the codes he chooses from, and the rules of presence."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import available_timezones

from aiohttp import web
from pydantic import AfterValidator, Field, RootModel, StringConstraints
from pydantic_core import PydanticCustomError
from sqlalchemy.orm import Session

from callcenter.api import BUS, CLOCK, DB, ROOT, Answer, Body, Line, View, creates, etag, expect
from callcenter.crm import audit, once, pause_codes, zones
from callcenter.crm.access import actor, require
from callcenter.crm.rights import Verb
from callcenter.crm.schemas import Language
from callcenter.news import StaffChanged
from callcenter.routing import rules
from callcenter.routing.keys import GATE
from callcenter.routing.presence import Presence
from callcenter.routing.staff import Rules
from callcenter.routing.why import ReasonKind

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Label = Annotated[Line, StringConstraints(min_length=1)]
Labels = Annotated[dict[Language, Label], Field(min_length=1)]
Position = Annotated[int, Field(ge=0, le=10_000)]


def _zone(name: str) -> str:
    if name and name not in available_timezones():
        raise PydanticCustomError("not_allowed", "no such time zone")
    return name


class PauseCodeAnswer(Answer):
    """``labels`` by language; ``work``: such a pause counts as working time."""

    id: UUID
    code: str
    labels: dict[str, str]
    work: bool
    position: int
    active: bool


class PauseCodes(Answer):
    items: list[PauseCodeAnswer]


class NewPauseCode(Body):
    code: Code
    labels: Labels
    work: bool = False
    position: Position = 100


class PauseCodeChange(Body):
    """What is not sent stays."""

    labels: Labels = Field(default_factory=dict)
    work: bool = False
    position: Position = 100
    active: bool = True


class PauseChoice(Body):
    """``code`` null: back from the pause."""

    code: Code | None


class Lifting(Body):
    """Which reason to end; neither: all that may be ended."""

    kind: ReasonKind | None = None
    ref: Line = ""


class PresenceView(RootModel[Presence]):
    """What one is doing, and why no queue calls come."""


class PresenceRules(Answer):
    """See ``PresenceRulesChange``."""

    static_desks: str
    removals: str
    missed_limit: int
    zone: str


class PresenceRulesChange(Body):
    """``static_desks``: whether a fixed member is paused when his desk is left. ``removals``: whether a member that
    somebody else took out of his queue is put back. ``missed_limit``: rings missed in a row until an agent is paused,
    0 never. ``zone``: where the day begins (IANA), "" where the machine is."""

    static_desks: Literal["pause", "leave"]
    removals: Literal["undo", "adopt"]
    missed_limit: Annotated[int, Field(ge=0, le=100)]
    zone: Annotated[Line, AfterValidator(_zone)] = ""


class PauseCodesView(View):
    async def get(self) -> PauseCodes:
        """All codes, retired ones too, as history still names them."""
        rows = await self.request.app[DB].read(pause_codes.every)
        return PauseCodes(items=[PauseCodeAnswer.model_validate(row) for row in rows])

    @creates
    async def post(self, body: NewPauseCode) -> PauseCodeAnswer:
        """Adds a code."""
        app, who = self.request.app, require(self.request, Verb.EDIT_PRESENCE)
        now = app[CLOCK].now()

        def make(session: Session) -> UUID:
            made = pause_codes.create(session, body.model_dump())
            audit.record(session, who, "create", ("pause_code", str(made)), now, code=body.code)
            return made

        made, _ = await once.create(self.request, "pause_code", make)
        return PauseCodeAnswer.model_validate(await app[DB].read(lambda s: pause_codes.get(s, made)))


class PauseCodeView(View):
    async def patch(self, code_id: UUID, /, body: PauseCodeChange) -> PauseCodeAnswer:
        """Changes or retires a code."""
        app, who = self.request.app, require(self.request, Verb.EDIT_PRESENCE)
        now, values = app[CLOCK].now(), body.model_dump(exclude_unset=True)

        def change(session: Session) -> PauseCodeAnswer:
            expect(self.request, pause_codes.get(session, code_id).version)
            changed = pause_codes.change(session, code_id, values)
            audit.record(session, who, "change", ("pause_code", str(code_id)), now, fields=sorted(values))
            self.answer_header("ETag", etag(changed.version))
            return PauseCodeAnswer.model_validate(changed)

        return await app[DB].write(change)


class MyPauseView(View):
    async def put(self, body: PauseChoice) -> PresenceView:
        """Takes a pause, another one, or comes back from it. Other reasons stay."""
        app, who = self.request.app, actor(self.request)
        gate = app[GATE]
        if body.code is None:
            await gate.breaks.resume(who.id)
        else:
            wanted = body.code
            await gate.breaks.rest(who.id, await app[DB].read(lambda s: pause_codes.chosen(s, wanted)))
        return PresenceView(gate.presence(who.id))


class MyResumeView(View):
    async def post(self, body: Lifting) -> PresenceView:
        """Ends a reason that is one's own to end: a pause, missed rings, a pause from elsewhere, a queue left."""
        app, who = self.request.app, actor(self.request)
        key = (body.kind, body.ref) if body.kind else None
        await app[GATE].breaks.lift(who.id, key, supervisor=False)
        return PresenceView(app[GATE].presence(who.id))


class PresenceRulesView(View):
    async def get(self) -> PresenceRules:
        """The rules as they are in force."""
        require(self.request, Verb.SEE_FLOOR)
        return await self._answer()

    async def put(self, body: PresenceRulesChange) -> PresenceRules:
        """Changes them, at once for everybody."""
        app, who = self.request.app, require(self.request, Verb.EDIT_PRESENCE)
        now = app[CLOCK].now()

        def change(session: Session) -> None:
            expect(self.request, rules.version(session))
            rules.write(session, Rules(**body.model_dump(exclude={"zone"})))
            zones.write(session, body.zone)
            audit.record(session, who, "change", ("policy", rules.KEY), now, **body.model_dump())

        await app[DB].write(change)
        await app[BUS].publish(StaffChanged())
        return await self._answer()

    async def _answer(self) -> PresenceRules:
        def read(session: Session) -> tuple[PresenceRules, int]:
            found, zone = rules.read(session), zones.read(session)
            told = PresenceRules(
                static_desks=found.static_desks,
                removals=found.removals,
                missed_limit=found.missed_limit,
                zone=str(zone) if zone else "",
            )
            return told, rules.version(session)

        told, version = await self.request.app[DB].read(read)
        self.answer_header("ETag", etag(version))
        return told


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/pause-codes", PauseCodesView)
    app.router.add_view(f"{ROOT}/pause-codes/{{code_id}}", PauseCodeView)
    app.router.add_view(f"{ROOT}/me/pause", MyPauseView)
    app.router.add_view(f"{ROOT}/me/resume", MyResumeView)
    app.router.add_view(f"{ROOT}/presence/rules", PresenceRulesView)
