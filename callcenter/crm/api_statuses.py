"""Statuses of customers: read by everybody, decided by administrators."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from aiohttp import web
from pydantic import Field, StringConstraints
from sqlalchemy.orm import Session

from callcenter.api import CLOCK, DB, ROOT, Answer, Body, Line, View, creates, etag, expect
from callcenter.crm import audit, once, statuses
from callcenter.crm.access import actor, require
from callcenter.crm.rights import Verb
from callcenter.crm.schemas import Language

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Label = Annotated[Line, StringConstraints(min_length=1)]
Labels = Annotated[dict[Language, Label], Field(min_length=1)]
Position = Annotated[int, Field(ge=0, le=10_000)]
Colour = Literal["grey", "blue", "teal", "green", "amber", "orange", "red", "purple"]
Icon = Literal["circle", "sparkle", "snow", "sun", "fire", "check", "star", "clock", "flag", "block"]


class StatusAnswer(Answer):
    """``labels`` by language."""

    id: UUID
    code: str
    labels: dict[str, str]
    colour: str
    icon: str
    position: int
    active: bool
    version: int


class Statuses(Answer):
    items: list[StatusAnswer]


class NewStatus(Body):
    code: Code
    labels: Labels
    colour: Colour = "grey"
    icon: Icon = "circle"
    position: Position = 100


class StatusChanges(Body):
    """What is not sent stays. ``active`` False: cards keep it, none gets it any more."""

    labels: Labels = Field(default_factory=dict)
    colour: Colour = "grey"
    icon: Icon = "circle"
    position: Position = 100
    active: bool = True


class StatusesView(View):
    async def get(self) -> Statuses:
        """All, retired ones too, as cards may still have them."""
        actor(self.request)
        rows = await self.request.app[DB].read(statuses.every)
        return Statuses(items=[StatusAnswer.model_validate(row) for row in rows])

    @creates
    async def post(self, body: NewStatus) -> StatusAnswer:
        """Adds a status."""
        app, who = self.request.app, require(self.request, Verb.EDIT_STATUSES)
        now = app[CLOCK].now()

        def make(session: Session) -> UUID:
            made = statuses.create(session, body.model_dump())
            audit.record(session, who, "create", ("status", str(made)), now, code=body.code)
            return made

        made, _ = await once.create(self.request, "status", make)
        return StatusAnswer.model_validate(await app[DB].read(lambda s: statuses.get(s, made)))


class StatusView(View):
    async def patch(self, status_id: UUID, /, body: StatusChanges) -> StatusAnswer:
        """Changes how it is shown, or retires it."""
        app, who = self.request.app, require(self.request, Verb.EDIT_STATUSES)
        now, values = app[CLOCK].now(), body.model_dump(exclude_unset=True)

        def change(session: Session) -> StatusAnswer:
            expect(self.request, statuses.get(session, status_id).version)
            changed = statuses.change(session, status_id, values)
            audit.record(session, who, "change", ("status", str(status_id)), now, fields=sorted(values))
            self.answer_header("ETag", etag(changed.version))
            return StatusAnswer.model_validate(changed)

        return await app[DB].write(change)


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/statuses", StatusesView)
    app.router.add_view(f"{ROOT}/statuses/{{status_id}}", StatusView)
