"""Outcome codes: the tree that administrators make, and what each code asks for and brings about."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from aiohttp import web
from pydantic import Field, StringConstraints
from sqlalchemy.orm import Session

from callcenter.api import BUS, CLOCK, DB, ROOT, Answer, Body, Line, View, creates, etag, expect
from callcenter.crm import audit, once, outcomes
from callcenter.crm.access import actor, require
from callcenter.crm.code_rules import CardField, System
from callcenter.crm.models.outcomes import OutcomeCode
from callcenter.crm.rights import Verb, allow
from callcenter.crm.schemas import Language
from callcenter.news import OutcomeRulesChanged

CommentRule = Literal["none", "optional", "required"]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Label = Annotated[Line, StringConstraints(min_length=1)]
CommentMin = Annotated[int, Field(ge=0, le=500)]
Key = Annotated[int, Field(ge=1, le=9)]
Position = Annotated[int, Field(ge=0, le=10_000)]
Labels = Annotated[dict[Language, Label], Field(min_length=1)]
OwnName = Annotated[str, StringConstraints(pattern=r"^own:[a-z][a-z0-9_]{0,39}$")]
Needs = Annotated[list[CardField | OwnName], Field(max_length=30)]
Minutes = Annotated[int, Field(ge=1, le=60 * 24 * 90)]
Url = Annotated[str, StringConstraints(pattern=r"^(https?://[^\s/@]+(/\S*)?)?$", max_length=500)]
Secret = Annotated[str, StringConstraints(max_length=200)]


class OutcomeAnswer(Answer):
    """``labels`` by language; ``comment`` is the rule for comments, ``comment_min`` how many characters one has at
    least; ``follow_up``: a call back is to be promised; ``key`` the digit that picks it.

    A group (``group``) holds the codes whose ``parent_id`` it is, and is not chosen. ``confirm``: only a second stroke
    logs it; ``needs``: fields of the card that must not be empty, ``own:…`` for added ones; ``system``: it is one of
    those on a key of their own; ``do_not_call``: the customer is not called any more; ``call_back_min``: the call back
    that is proposed; ``set_status``: what the customer becomes; ``template_id``: the message that is made ready.
    ``webhook_url`` only administrators read; ``webhook_signed``: there is a secret.
    """

    id: UUID
    code: str
    labels: dict[str, str]
    parent_id: UUID | None
    group: bool
    comment: str
    comment_min: int
    follow_up: bool
    confirm: bool
    needs: list[str]
    system: System | None
    do_not_call: bool
    call_back_min: int | None
    set_status: str
    template_id: UUID | None
    webhook_url: str
    webhook_signed: bool
    key: int | None
    position: int
    active: bool
    version: int


class Outcomes(Answer):
    items: list[OutcomeAnswer]


class OutcomeFields(Body):
    """What a code is, but for its name. ``webhook_secret`` is never read again; "" takes it away."""

    parent_id: UUID | None = None
    group: bool = False
    comment: CommentRule = "optional"
    comment_min: CommentMin = 0
    follow_up: bool = False
    confirm: bool = False
    needs: Needs = Field(default_factory=list)
    do_not_call: bool = False
    call_back_min: Minutes | None = None
    set_status: Line = ""
    template_id: UUID | None = None
    webhook_url: Url = ""
    webhook_secret: Secret = ""
    key: Key | None = None
    position: Position = 100


class NewOutcome(OutcomeFields):
    code: Code
    labels: Labels


class OutcomeChange(OutcomeFields):
    """What is not sent stays. ``key`` null takes the key away."""

    labels: Labels = Field(default_factory=dict)
    active: bool = True


class CodePlace(Body):
    """Where a code goes, with all under it: into this group (null: the root), before this brother (null: last)."""

    parent_id: UUID | None = None
    before_id: UUID | None = None


class OutcomesView(View):
    async def get(self) -> Outcomes:
        """All codes, retired ones too (``active`` false), as old calls still name them; groups stand before theirs."""
        full = allow(actor(self.request), Verb.EDIT_OUTCOMES)
        rows = await self.request.app[DB].read(outcomes.every)
        return Outcomes(items=[_told(row, full) for row in rows])

    @creates
    async def post(self, body: NewOutcome) -> OutcomeAnswer:
        """Adds a code, or a group of codes."""
        app, who = self.request.app, require(self.request, Verb.EDIT_OUTCOMES)
        now = app[CLOCK].now()

        def make(session: Session) -> UUID:
            made = outcomes.create(session, _columns(body))
            audit.record(session, who, "create", ("outcome", str(made)), now, code=body.code)
            return made

        made, _ = await once.create(self.request, "outcome", make)
        await app[BUS].publish(OutcomeRulesChanged())
        answer = await app[DB].read(lambda s: _told(outcomes.get(s, made), True))
        self.answer_header("ETag", etag(answer.version))
        return answer


class OutcomeView(View):
    async def patch(self, outcome_id: UUID, /, body: OutcomeChange) -> OutcomeAnswer:
        """Changes or retires a code."""
        app, who = self.request.app, require(self.request, Verb.EDIT_OUTCOMES)
        now, values = app[CLOCK].now(), _columns(body)

        def change(session: Session) -> OutcomeAnswer:
            expect(self.request, outcomes.get(session, outcome_id).version)
            changed = outcomes.change(session, outcome_id, values)
            audit.record(session, who, "change", ("outcome", str(outcome_id)), now, fields=sorted(values))
            return _told(changed, True)

        return await _announce(self, await app[DB].write(change))


class OutcomePlaceView(View):
    async def put(self, outcome_id: UUID, /, body: CodePlace) -> OutcomeAnswer:
        """Moves a code, with all under it, within the tree."""
        app, who = self.request.app, require(self.request, Verb.EDIT_OUTCOMES)
        now = app[CLOCK].now()

        def move(session: Session) -> OutcomeAnswer:
            expect(self.request, outcomes.get(session, outcome_id).version)
            moved = outcomes.move(session, outcome_id, body.parent_id, body.before_id)
            under = str(body.parent_id or "")
            audit.record(session, who, "move", ("outcome", str(outcome_id)), now, under=under, place=moved.position)
            return _told(moved, True)

        return await _announce(self, await app[DB].write(move))


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/outcomes", OutcomesView)
    app.router.add_view(f"{ROOT}/outcomes/{{outcome_id}}", OutcomeView)
    app.router.add_view(f"{ROOT}/outcomes/{{outcome_id}}/place", OutcomePlaceView)


async def _announce(view: View, changed: OutcomeAnswer) -> OutcomeAnswer:
    await view.request.app[BUS].publish(OutcomeRulesChanged())
    view.answer_header("ETag", etag(changed.version))
    return changed


def _columns(body: OutcomeFields) -> dict[str, object]:
    """What was sent, as columns are called."""
    sent, ids = not isinstance(body, NewOutcome), {"parent_id": body.parent_id, "template_id": body.template_id}
    values = body.model_dump(mode="json", exclude_unset=sent, exclude=set(ids))
    if "group" in values:
        values["is_group"] = values.pop("group")
    values.update((name, value) for name, value in ids.items() if name in body.model_fields_set)
    return values


def _told(row: OutcomeCode, full: bool) -> OutcomeAnswer:
    return OutcomeAnswer(
        id=row.id,
        code=row.code,
        labels=row.labels,
        parent_id=row.parent_id,
        group=row.is_group,
        comment=row.comment,
        comment_min=row.comment_min,
        follow_up=row.follow_up,
        confirm=row.confirm,
        needs=list(row.needs),
        system=System(row.system) if row.system else None,
        do_not_call=row.do_not_call,
        call_back_min=row.call_back_min,
        set_status=row.set_status,
        template_id=row.template_id,
        webhook_url=row.webhook_url if full else "",
        webhook_signed=bool(row.webhook_secret),
        key=row.key,
        position=row.position,
        active=row.active,
        version=row.version,
    )
