"""What came of a talk: the codes, and logging them."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from aiohttp import web
from pydantic import AwareDatetime, Field, StringConstraints
from sqlalchemy.orm import Session

from callcenter.api import (
    BUS,
    CLOCK,
    DB,
    ROOT,
    Answer,
    Body,
    Line,
    Prose,
    View,
    creates,
    etag,
    expect,
)
from callcenter.crm import audit, call_list, call_views, hiding_policy, news, once, outcomes, settle
from callcenter.crm.access import actor, require
from callcenter.crm.call_views import SegmentAnswer
from callcenter.crm.rights import Actor, Verb
from callcenter.crm.schemas import Language, Zone
from callcenter.crm.task_writing import columns
from callcenter.events import OutcomeLogged, OutcomeWaived, Promise
from callcenter.news import DraftSaved

CommentRule = Literal["none", "optional", "required"]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Label = Annotated[Line, StringConstraints(min_length=1)]
CommentMin = Annotated[int, Field(ge=0, le=500)]
Key = Annotated[int, Field(ge=1, le=9)]
Position = Annotated[int, Field(ge=0, le=10_000)]
Labels = Annotated[dict[Language, Label], Field(min_length=1)]


class OutcomeAnswer(Answer):
    """``labels`` by language; ``comment`` is the rule for comments, ``comment_min`` how many characters one has at
    least; ``follow_up``: a call back is to be promised; ``key`` the digit that picks it."""

    id: UUID
    code: str
    labels: dict[str, str]
    comment: str
    comment_min: int
    follow_up: bool
    key: int | None
    position: int
    active: bool


class Outcomes(Answer):
    items: list[OutcomeAnswer]


class NewOutcome(Body):
    code: Code
    labels: Labels
    comment: CommentRule = "optional"
    comment_min: CommentMin = 0
    follow_up: bool = False
    key: Key | None = None
    position: Position = 100


class OutcomeChange(Body):
    """What is not sent stays. ``key`` null takes the key away."""

    labels: Labels = Field(default_factory=dict)
    comment: CommentRule = "optional"
    comment_min: CommentMin = 0
    follow_up: bool = False
    key: Key | None = None
    position: Position = 100
    active: bool = True


class NextStep(Body):
    """What was promised: a call from ``due_at`` on, by oneself unless ``assignee_id`` says who (null: anybody)."""

    due_at: AwareDatetime
    due_until: AwareDatetime | None = None
    zone: Zone = ""
    note: Prose = ""
    assignee_id: UUID | None = None
    remind_at: AwareDatetime | None = None


class Logged(Body):
    """``next_step`` is kept in the same transaction as the outcome."""

    outcome: Line
    comment: Prose = ""
    next_step: NextStep | None = None


class DraftBody(Body):
    outcome: Line | None = None
    comment: Prose = ""


class Waiver(Body):
    reason: Annotated[Prose, StringConstraints(min_length=1)]


class OutcomesView(View):
    async def get(self) -> Outcomes:
        """All codes, retired ones too (``active`` false), as old calls still name them."""
        rows = await self.request.app[DB].read(outcomes.every)
        return Outcomes(items=[OutcomeAnswer.model_validate(row) for row in rows])

    @creates
    async def post(self, body: NewOutcome) -> OutcomeAnswer:
        """Adds a code."""
        app, who = self.request.app, require(self.request, Verb.EDIT_OUTCOMES)
        now = app[CLOCK].now()

        def make(session: Session) -> UUID:
            made = outcomes.create(session, body.model_dump())
            audit.record(session, who, "create", ("outcome", str(made)), now, code=body.code)
            return made

        made, _ = await once.create(self.request, "outcome", make)
        return OutcomeAnswer.model_validate(await app[DB].read(lambda s: outcomes.get(s, made)))


class OutcomeView(View):
    async def patch(self, outcome_id: UUID, /, body: OutcomeChange) -> OutcomeAnswer:
        """Changes or retires a code."""
        app, who = self.request.app, require(self.request, Verb.EDIT_OUTCOMES)
        now, values = app[CLOCK].now(), body.model_dump(exclude_unset=True)

        def change(session: Session) -> OutcomeAnswer:
            expect(self.request, outcomes.get(session, outcome_id).version)
            changed = outcomes.change(session, outcome_id, values)
            audit.record(session, who, "change", ("outcome", str(outcome_id)), now, fields=sorted(values))
            self.answer_header("ETag", etag(changed.version))
            return OutcomeAnswer.model_validate(changed)

        return await app[DB].write(change)


class SegmentOutcomeView(View):
    async def put(self, segment_id: UUID, /, body: Logged) -> SegmentAnswer:
        """Logs what came of the talk, from its answer on; again: corrects it."""
        return await _log(self.request, segment_id, body)


class CallOutcomeView(View):
    async def put(self, call_id: UUID, /, body: Logged) -> SegmentAnswer:
        """The same where one owes exactly one outcome for the call."""
        who = actor(self.request)

        def owed(session: Session) -> UUID:
            return settle.only_owed(session, call_list.get(session, call_id, who).id, who)

        return await _log(self.request, await self.request.app[DB].read(owed), body)


class DraftView(View):
    async def put(self, segment_id: UUID, /, body: DraftBody) -> None:
        """Keeps what is half written, so that a reload or another tab has it too."""
        app, who = self.request.app, actor(self.request)

        def keep(session: Session) -> None:
            row = settle.drafted(session, segment_id, who)
            row.draft_outcome, row.draft_comment = body.outcome or "", hiding_policy.hide(session, body.comment)

        await app[DB].write(keep)
        saved = DraftSaved(segment=segment_id, agent=who.id, outcome=body.outcome or "", comment=body.comment)
        await app[BUS].publish(saved)


class WaiveView(View):
    async def post(self, segment_id: UUID, /, body: Waiver) -> SegmentAnswer:
        """Lets an agent off, with a reason."""
        app, who = self.request.app, require(self.request, Verb.WAIVE)
        now = app[CLOCK].now()
        part = await app[DB].read(lambda s: settle.waived(s, segment_id, who))
        mono = app[CLOCK].monotonic()
        event = OutcomeWaived(call=part.call, at=now, mono=mono, segment=part.seq, by=who.id, reason=body.reason)
        await news.take(app, event)
        await _audit(self.request, who, "waive", part)
        return await app[DB].read(lambda s: call_views.segment(s, segment_id))


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/outcomes", OutcomesView)
    app.router.add_view(f"{ROOT}/outcomes/{{outcome_id}}", OutcomeView)
    app.router.add_view(f"{ROOT}/segments/{{segment_id}}/outcome", SegmentOutcomeView)
    app.router.add_view(f"{ROOT}/segments/{{segment_id}}/draft", DraftView)
    app.router.add_view(f"{ROOT}/segments/{{segment_id}}/waive", WaiveView)
    app.router.add_view(f"{ROOT}/calls/{{call_id}}/outcome", CallOutcomeView)


async def _log(request: web.Request, segment_id: UUID, body: Logged) -> SegmentAnswer:
    app, who, now = request.app, actor(request), request.app[CLOCK].now()
    choice = (body.outcome, body.comment, body.next_step is not None)
    part, code = await app[DB].read(lambda s: settle.logged(s, segment_id, who, now, choice))
    promise = await _promised(request, body.next_step)
    event = OutcomeLogged(
        call=part.call,
        at=now,
        mono=app[CLOCK].monotonic(),
        segment=part.seq,
        outcome=code,
        by=who.id,
        comment=body.comment,
        promise=promise,
    )
    await news.take(app, event)
    if part.correction or part.agent != who.id:
        await _audit(request, who, "correct_outcome" if part.correction else "log_outcome", part)
    return await app[DB].read(lambda s: call_views.segment(s, segment_id))


async def _promised(request: web.Request, step: NextStep | None) -> Promise | None:
    """Judged before the outcome is logged: afterwards neither could be refused alone."""
    if step is None:
        return None
    values = {"assignee_id": actor(request).id, **step.model_dump(exclude_unset=True)}
    judged = await request.app[DB].read(lambda s: columns(s, request, values))
    return Promise(
        due_at=step.due_at,
        due_until=step.due_until,
        zone=step.zone,
        note=step.note,
        assignee=judged["assignee_id"],
        remind_at=step.remind_at,
    )


async def _audit(request: web.Request, who: Actor, verb: str, part: settle.Part) -> None:
    now = request.app[CLOCK].now()
    thing = ("segment", str(part.id))
    await request.app[DB].write(lambda s: audit.record(s, who, verb, thing, now, agent=str(part.agent)))
