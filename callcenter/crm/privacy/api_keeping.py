"""How long what is kept, what tonight would remove, and what must stay."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import available_timezones

from aiohttp import web
from pydantic import Field
from sqlalchemy.orm import Session

from callcenter.api import BUS, CLOCK, DB, ROOT, Answer, Body, Line, View, creates, etag, expect
from callcenter.crm import audit, once
from callcenter.crm.access import require
from callcenter.crm.models.privacy import LegalHold, RetentionRun
from callcenter.crm.privacy import holds, keeping, nights
from callcenter.crm.privacy.keeping import Keeping
from callcenter.crm.privacy.parts import LAW
from callcenter.crm.rights import Verb
from callcenter.errors import Invalid
from callcenter.news import KeepingChanged, RecordingRulesChanged

Days = Annotated[int, Field(ge=1, le=3650)]


class KeepingBody(Body):
    """``hour`` is local to ``timezone`` (an IANA name; empty: the server's). ``cards_months`` null: cards stay."""

    hour: Annotated[int, Field(ge=0, le=23)]
    timezone: Line = ""
    cards_months: Annotated[int, Field(ge=1, le=600)] | None = None
    journal_days: Annotated[int, Field(ge=1, le=14)]
    audit_months: Annotated[int, Field(ge=6, le=600)]
    attempts_days: Days
    sign_ins_days: Days
    drafts_days: Days
    posts_days: Days
    jobs_days: Days
    evaluations_days: Days = 730
    pbx_files: Literal["leave", "delete"] = "leave"
    audit_card_views: bool = True
    hidden_numbers: bool = False


class NightAnswer(Answer):
    """A night. ``finished_at`` null: it was cut short and goes on within a minute."""

    night: date
    started_at: datetime
    finished_at: datetime | None
    removed: dict[str, int]


class KeepingAnswer(Answer):
    keeping: KeepingBody
    next_at: datetime
    last: NightAnswer | None


class Tonight(Answer):
    """What the next night removes, by kind, and how many recordings legal holds keep from it."""

    next_at: datetime
    due: dict[str, int]
    held: int


class HoldBody(Body):
    """Holds a call, or everything of a customer. ``reference`` names the case, not the person."""

    call_id: UUID | None = None
    customer_id: UUID | None = None
    reference: Annotated[Line, Field(min_length=1)]


class HoldAnswer(Answer):
    id: UUID
    call_id: UUID | None
    customer_id: UUID | None
    reference: str
    at: datetime
    released_at: datetime | None


class Holds(Answer):
    items: list[HoldAnswer]


class KeepingView(View):
    async def get(self) -> KeepingAnswer:
        """How long what is kept."""
        require(self.request, Verb.EDIT_PRIVACY)
        return await _keeping(self)

    async def put(self, body: KeepingBody) -> KeepingAnswer:
        """Changes it; the next night goes by it. With ``If-Match`` only the version that was read."""
        who, app = require(self.request, Verb.EDIT_PRIVACY), self.request.app
        if body.timezone and body.timezone not in available_timezones():
            raise Invalid("there is no such time zone", fields={"timezone": "unknown"})
        now = app[CLOCK].now()

        def write(session: Session) -> None:
            expect(self.request, keeping.version(session))
            before = asdict(keeping.load(session))
            keeping.save(session, Keeping(**body.model_dump()))
            changed = {name: value for name, value in body.model_dump().items() if before[name] != value}
            audit.record(session, who, "edit", ("retention", ""), now, **changed)

        await app[DB].write(write)
        await app[BUS].publish(RecordingRulesChanged(pbx=""), KeepingChanged())
        return await _keeping(self)


class TonightView(View):
    async def get(self) -> Tonight:
        """Counts, removes nothing."""
        require(self.request, Verb.EDIT_PRIVACY)
        app, now = self.request.app, self.request.app[CLOCK].now()
        report = await app[LAW].nights.report()
        next_at = await app[DB].read(lambda s: keeping.load(s).next_at(now))
        return Tonight(next_at=next_at, due=dict(report.due), held=report.held)


class NightRunView(View):
    async def post(self) -> KeepingAnswer:
        """Does it now, without waiting for the night."""
        who, app = require(self.request, Verb.EDIT_PRIVACY), self.request.app
        now = app[CLOCK].now()
        await app[DB].write(lambda s: audit.record(s, who, "run", ("retention", ""), now))
        await app[LAW].nights.now()
        return await _keeping(self)


class HoldsView(View):
    async def get(self) -> Holds:
        """What must stay, and what was let go."""
        require(self.request, Verb.HOLD)
        rows = await self.request.app[DB].read(holds.every)
        return Holds(items=[HoldAnswer.model_validate(row) for row in rows])

    @creates
    async def post(self, body: HoldBody) -> HoldAnswer:
        """Keeps something from every night and every erasure."""
        who, app = require(self.request, Verb.HOLD), self.request.app
        if (body.call_id is None) == (body.customer_id is None):
            raise Invalid("a call or a customer", fields={"call_id": "required"})
        now = app[CLOCK].now()

        def make(session: Session) -> UUID:
            hold = holds.put(session, (body.call_id, body.customer_id), body.reference, who, now)
            audit.record(session, who, "hold", ("legal_hold", str(hold.id)), now)
            return hold.id

        hold_id, _ = await once.create(self.request, "hold", make)
        return await app[DB].read(lambda s: HoldAnswer.model_validate(s.get_one(LegalHold, hold_id)))


class OneHoldView(View):
    async def delete(self, hold_id: UUID, /) -> None:
        """Lets it go; the line stays."""
        who, app = require(self.request, Verb.HOLD), self.request.app
        now = app[CLOCK].now()

        def release(session: Session) -> None:
            holds.release(session, hold_id, who, now)
            audit.record(session, who, "release", ("legal_hold", str(hold_id)), now)

        await app[DB].write(release)


async def _keeping(view: View) -> KeepingAnswer:
    now = view.request.app[CLOCK].now()

    def read(session: Session) -> tuple[Keeping, int, RetentionRun | None]:
        return keeping.load(session), keeping.version(session), nights.last(session)

    policy, version, run = await view.request.app[DB].read(read)
    view.answer_header("ETag", etag(version))
    return KeepingAnswer(
        keeping=KeepingBody(**asdict(policy)),
        next_at=policy.next_at(now),
        last=NightAnswer.model_validate(run) if run else None,
    )


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/privacy/keeping", KeepingView)
    app.router.add_view(f"{ROOT}/privacy/keeping/tonight", TonightView)
    app.router.add_view(f"{ROOT}/privacy/keeping/run", NightRunView)
    app.router.add_view(f"{ROOT}/legal-holds", HoldsView)
    app.router.add_view(f"{ROOT}/legal-holds/{{hold_id}}", OneHoldView)
