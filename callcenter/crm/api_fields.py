"""Fields that administrators add to cards: read by everybody, decided by them."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from aiohttp import web
from pydantic import Field, StringConstraints
from sqlalchemy.orm import Session

from callcenter.api import BUS, CLOCK, DB, ROOT, Answer, Body, Line, View, creates, etag, expect
from callcenter.crm import audit, card_fields, once
from callcenter.crm.access import actor, require
from callcenter.crm.api_statuses import Code, Labels, Position
from callcenter.crm.own_fields import MOST_OPTIONS, FieldKind, Holder
from callcenter.crm.rights import Verb
from callcenter.news import OutcomeRulesChanged

Option = Annotated[Line, StringConstraints(min_length=1)]
Options = Annotated[list[Option], Field(max_length=MOST_OPTIONS)]


class FieldAnswer(Answer):
    """``labels`` by language; ``holder``: whose cards have it; ``options``: what may be chosen, of a choice; ``active``
    false: no card shows it, though they keep what it says."""

    id: UUID
    code: str
    labels: dict[str, str]
    kind: FieldKind
    holder: Holder
    options: list[str]
    position: int
    active: bool
    version: int


class FieldAnswers(Answer):
    items: list[FieldAnswer]


class NewField(Body):
    code: Code
    labels: Labels
    kind: FieldKind
    holder: Holder = Holder.ANY
    options: Options = Field(default_factory=list)
    position: Position = 100


class FieldChange(Body):
    """What is not sent stays. What it is of cannot be changed: what cards hold would no longer be read."""

    labels: Labels = Field(default_factory=dict)
    holder: Holder = Holder.ANY
    options: Options = Field(default_factory=list)
    position: Position = 100
    active: bool = True


class FieldsView(View):
    async def get(self) -> FieldAnswers:
        """All, retired ones too, in the order in which cards show them."""
        actor(self.request)
        rows = await self.request.app[DB].read(card_fields.every)
        return FieldAnswers(items=[FieldAnswer.model_validate(row) for row in rows])

    @creates
    async def post(self, body: NewField) -> FieldAnswer:
        """Adds a field to cards, at once."""
        app, who = self.request.app, require(self.request, Verb.EDIT_STATUSES)
        now = app[CLOCK].now()

        def make(session: Session) -> UUID:
            made = card_fields.create(session, body.model_dump(mode="json"))
            audit.record(session, who, "create", ("card_field", str(made)), now, code=body.code)
            return made

        made, _ = await once.create(self.request, "card_field", make)
        await app[BUS].publish(OutcomeRulesChanged())
        answer = FieldAnswer.model_validate(await app[DB].read(lambda s: card_fields.get(s, made)))
        self.answer_header("ETag", etag(answer.version))
        return answer


class FieldView(View):
    async def patch(self, field_id: UUID, /, body: FieldChange) -> FieldAnswer:
        """Changes how it is called and what may be chosen, or hides it."""
        app, who = self.request.app, require(self.request, Verb.EDIT_STATUSES)
        now, values = app[CLOCK].now(), body.model_dump(mode="json", exclude_unset=True)

        def change(session: Session) -> FieldAnswer:
            expect(self.request, card_fields.get(session, field_id).version)
            changed = card_fields.change(session, field_id, values)
            audit.record(session, who, "change", ("card_field", str(field_id)), now, fields=sorted(values))
            return FieldAnswer.model_validate(changed)

        changed = await app[DB].write(change)
        await app[BUS].publish(OutcomeRulesChanged())
        self.answer_header("ETag", etag(changed.version))
        return changed


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/card-fields", FieldsView)
    app.router.add_view(f"{ROOT}/card-fields/{{field_id}}", FieldView)
