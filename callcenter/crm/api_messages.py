"""Messages to customers: templates that administrators write, and what one has to send."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from aiohttp import web
from pydantic import Field, StringConstraints
from sqlalchemy.orm import Session

from callcenter.api import BUS, CLOCK, DB, ROOT, Answer, Body, Line, View, creates, etag, expect
from callcenter.crm import audit, messages, once
from callcenter.crm.access import actor, require
from callcenter.crm.message_texts import MessageKind, MessagePlace
from callcenter.crm.rights import Verb
from callcenter.crm.schemas import Language
from callcenter.news import OutcomeRulesChanged

Name = Annotated[Line, StringConstraints(min_length=1)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=4000, pattern=r"^[^\x00]*$")]


class WordingBody(Body):
    """One language. Places are filled when an outcome is logged: ``{customer}``, ``{organisation}``, ``{number}``,
    ``{agent}``, ``{date}``, ``{time}``, ``{call_back}``."""

    subject: Line = ""
    text: Text


class TemplateAnswer(Answer):
    """``texts`` by language; ``active`` false: no outcome can name it."""

    id: UUID
    name: str
    kind: MessageKind
    texts: dict[str, WordingBody]
    active: bool
    version: int


class Templates(Answer):
    """``places``: all that a text may ask for."""

    items: list[TemplateAnswer]
    places: list[MessagePlace]


class NewTemplate(Body):
    name: Name
    kind: MessageKind
    texts: Annotated[dict[Language, WordingBody], Field(min_length=1, max_length=20)]


class TemplateChange(Body):
    """What is not sent stays."""

    name: Name = "-"
    texts: Annotated[dict[Language, WordingBody], Field(min_length=1, max_length=20)] = Field(default_factory=dict)
    active: bool = True


class PreparedAnswer(Answer):
    """A message that is ready. ``who``: the customer's name; ``recipient`` "": none is known; ``lacking``: places for
    which there was nothing to say, "…" stands there."""

    id: UUID
    template: str
    kind: MessageKind
    language: str
    recipient: str
    subject: str
    text: str
    lacking: list[MessagePlace]
    at: datetime
    segment_id: UUID
    call_id: UUID
    who: str


class PreparedMessages(Answer):
    items: list[PreparedAnswer]


class Settled(Body):
    """``taken``: it is sent, ``how``; ``dropped``: it is not wanted; ``open``: it waits again."""

    state: Literal["open", "taken", "dropped"]
    how: Literal["", "copied", "mail", "sms"] = ""


class TemplatesView(View):
    async def get(self) -> Templates:
        """All templates, retired ones too, by name."""
        actor(self.request)
        rows = await self.request.app[DB].read(messages.every)
        return Templates(items=[TemplateAnswer.model_validate(row) for row in rows], places=list(MessagePlace))

    @creates
    async def post(self, body: NewTemplate) -> TemplateAnswer:
        """Adds a template."""
        app, who = self.request.app, require(self.request, Verb.EDIT_OUTCOMES)
        now = app[CLOCK].now()

        def make(session: Session) -> UUID:
            made = messages.create(session, body.model_dump(mode="json"))
            audit.record(session, who, "create", ("message_template", str(made)), now, kind=body.kind)
            return made

        made, _ = await once.create(self.request, "message_template", make)
        answer = TemplateAnswer.model_validate(await app[DB].read(lambda s: messages.get(s, made)))
        self.answer_header("ETag", etag(answer.version))
        return answer


class TemplateView(View):
    async def patch(self, template_id: UUID, /, body: TemplateChange) -> TemplateAnswer:
        """Changes or retires a template. With ``If-Match`` only the version that was read."""
        app, who = self.request.app, require(self.request, Verb.EDIT_OUTCOMES)
        now, values = app[CLOCK].now(), body.model_dump(mode="json", exclude_unset=True)
        if body.texts:
            values["texts"] = {language: wording.model_dump() for language, wording in body.texts.items()}

        def change(session: Session) -> TemplateAnswer:
            expect(self.request, messages.get(session, template_id).version)
            changed = messages.change(session, template_id, values)
            audit.record(session, who, "change", ("message_template", str(template_id)), now, fields=sorted(values))
            return TemplateAnswer.model_validate(changed)

        changed = await app[DB].write(change)
        await app[BUS].publish(OutcomeRulesChanged())
        self.answer_header("ETag", etag(changed.version))
        return changed


class MyPreparedView(View):
    async def get(self) -> PreparedMessages:
        """What one's outcomes made ready in the last days and nobody has sent, the newest first."""
        app, who = self.request.app, actor(self.request)
        now = app[CLOCK].now()
        found = await app[DB].read(lambda s: [_ready(one) for one in messages.ready(s, who.id, now)])
        return PreparedMessages(items=found)


class PreparedView(View):
    async def put(self, prepared_id: UUID, /, body: Settled) -> None:
        """Says that it was taken along, or is not wanted. Only the person for whom it is ready."""
        app, who = self.request.app, actor(self.request)
        now = app[CLOCK].now()

        def settle(session: Session) -> None:
            row = messages.settle(session, prepared_id, who.id, messages.Done(state=body.state, how=body.how, at=now))
            thing = ("segment", str(row.segment_id))
            told = {"template": str(row.template_id), "state": body.state, "how": body.how}
            audit.record(session, who, "settle_message", thing, now, **told)

        await app[DB].write(settle)


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/message-templates", TemplatesView)
    app.router.add_view(f"{ROOT}/message-templates/{{template_id}}", TemplateView)
    app.router.add_view(f"{ROOT}/me/prepared-messages", MyPreparedView)
    app.router.add_view(f"{ROOT}/prepared-messages/{{prepared_id}}", PreparedView)


def _ready(one: messages.Ready) -> PreparedAnswer:
    row = one.row
    return PreparedAnswer(
        id=row.id,
        template=one.template,
        kind=MessageKind(row.kind),
        language=row.language,
        recipient=row.recipient,
        subject=row.subject,
        text=row.text,
        lacking=[MessagePlace(name) for name in row.lacking],
        at=row.at,
        segment_id=row.segment_id,
        call_id=one.call,
        who=one.customer.name if one.customer else "",
    )
