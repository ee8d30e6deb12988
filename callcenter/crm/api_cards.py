"""What stands on cards beside their fields: notes, tags, links."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from aiohttp import web
from pydantic import Field, StringConstraints
from sqlalchemy.orm import Session

from callcenter.api import BUS, CLOCK, DB, ROOT, Answer, Body, Line, Prose, View, creates, etag, expect
from callcenter.crm import audit, card_views, card_work, customers, do_not_call, notes, once
from callcenter.crm.access import require
from callcenter.crm.card_views import CustomerAnswer
from callcenter.crm.card_work import NoteAnswer
from callcenter.crm.customers import Made
from callcenter.crm.models.outcomes import DoNotCall
from callcenter.crm.rights import Actor, Verb
from callcenter.news import CustomerChanged, DoNotCallChanged

Tag = Annotated[Line, StringConstraints(min_length=1, max_length=60)]
Words = Annotated[Prose, StringConstraints(min_length=1)]


class NewNote(Body):
    text: Words
    pinned: bool = False


class NoteChange(Body):
    """What is not sent stays."""

    text: Words = ""
    pinned: bool = False


class TagsBody(Body):
    tags: list[Tag] = Field(max_length=100)


class TagAnswer(Answer):
    """``cards``: how many one sees that have it."""

    tag: str
    cards: int


class TagAnswers(Answer):
    items: list[TagAnswer]


class NewLink(Body):
    """The card in the path is a person and this its organisation, or the other way round."""

    customer_id: UUID
    role: Line = ""
    is_primary: bool = False
    valid_from: date | None = None
    valid_until: date | None = None


class NotCalled(Body):
    """Why, in a few words."""

    why: Annotated[Line, StringConstraints(min_length=1)]


class NotesView(View):
    @creates
    async def post(self, customer_id: UUID, /, body: NewNote) -> NoteAnswer:
        """Writes a note."""
        app, who = self.request.app, require(self.request, Verb.WRITE_CARDS)
        made = Made(by=who, at=app[CLOCK].now())

        def write(session: Session) -> UUID:
            customer = customers.locked(session, customer_id, who)
            note = notes.write(session, customer, body.text, body.pinned, made)
            audit.record(session, who, "write_note", ("customer", str(customer.id)), made.at, note=str(note))
            return note

        note_id, _ = await once.create(self.request, f"note {customer_id}", write)
        await app[BUS].publish(CustomerChanged(customer=customer_id))
        return await app[DB].read(lambda s: card_work.notes(s, [notes.note(s, note_id, who)])[0])


class NoteView(View):
    async def patch(self, note_id: UUID, /, body: NoteChange) -> NoteAnswer:
        """Changes one's own words, or pins."""
        app, who = self.request.app, require(self.request, Verb.WRITE_CARDS)
        made, values = Made(by=who, at=app[CLOCK].now()), body.model_dump(exclude_unset=True)

        def change(session: Session) -> NoteAnswer:
            expect(self.request, notes.note(session, note_id, who).version)
            row = notes.rewrite(session, note_id, values, made)
            audit.record(session, who, "change_note", ("customer", str(row.customer_id)), made.at, note=str(note_id))
            self.answer_header("ETag", etag(row.version))
            return card_work.notes(session, [row])[0]

        return await app[DB].write(change)

    async def delete(self, note_id: UUID, /) -> None:
        """Takes one's own note away."""
        app, who = self.request.app, require(self.request, Verb.WRITE_CARDS)
        now = app[CLOCK].now()

        def remove(session: Session) -> None:
            card = notes.remove(session, note_id, who)
            audit.record(session, who, "remove_note", ("customer", str(card)), now, note=str(note_id))

        await app[DB].write(remove)


class CardTagsView(View):
    async def put(self, customer_id: UUID, /, body: TagsBody) -> CustomerAnswer:
        """The card's tags from now on."""

        def change(session: Session, made: Made, who: Actor) -> UUID:
            customer = customers.locked(session, customer_id, who)
            notes.set_tags(session, customer, body.tags, made)
            audit.record(session, who, "tag", ("customer", str(customer.id)), made.at, tags=len(body.tags))
            return customer.id

        return await _change(self, change)


class TagsView(View):
    async def get(self, q: Line = "") -> TagAnswers:
        """Tags in use that begin so, the most used first."""
        who = require(self.request, Verb.READ_CARDS)
        found = await self.request.app[DB].read(lambda s: notes.suggested(s, q, who))
        return TagAnswers(items=[TagAnswer(tag=tag, cards=cards) for tag, cards in found])


class DoNotCallView(View):
    async def put(self, customer_id: UUID, /, body: NotCalled) -> CustomerAnswer:
        """The customer is not to be called from now on. What is said first stays."""

        def change(session: Session, made: Made, who: Actor) -> UUID:
            customer = customers.locked(session, customer_id, who)
            if do_not_call.of_card(session, customer.id) is None:
                do_not_call.mark(session, DoNotCall(customer_id=customer.id, by_id=who.id, why=body.why, at=made.at))
            customers.worked_on(customer, made)
            audit.record(session, who, "forbid_calls", ("customer", str(customer.id)), made.at)
            return customer.id

        card = await _change(self, change)
        await self.request.app[BUS].publish(DoNotCallChanged())
        return card

    async def delete(self, customer_id: UUID, /) -> CustomerAnswer:
        """He may be called again."""
        require(self.request, Verb.CALL_ALL_THE_SAME)

        def change(session: Session, made: Made, who: Actor) -> UUID:
            customer = customers.locked(session, customer_id, who)
            if do_not_call.lift(session, customer.id):
                audit.record(session, who, "allow_calls", ("customer", str(customer.id)), made.at)
            return customer.id

        card = await _change(self, change)
        await self.request.app[BUS].publish(DoNotCallChanged())
        return card


class LinksView(View):
    async def post(self, customer_id: UUID, /, body: NewLink) -> CustomerAnswer:
        """Ties a person to an organisation."""
        values = body.model_dump(exclude={"customer_id"})

        def change(session: Session, made: Made, who: Actor) -> UUID:
            here = customers.locked(session, customer_id, who)
            there = customers.get(session, body.customer_id, who)
            person, organisation = (there, here) if here.kind == "organisation" else (here, there)
            tied = notes.link(session, person, organisation, values)
            customers.worked_on(here, made)
            audit.record(session, who, "link", ("customer", str(here.id)), made.at, link=str(tied))
            return here.id

        return await _change(self, change, body.customer_id)


class LinkView(View):
    async def delete(self, link_id: UUID, /) -> None:
        """Unties."""
        app, who = self.request.app, require(self.request, Verb.WRITE_CARDS)
        now = app[CLOCK].now()

        def remove(session: Session) -> UUID:
            row = notes.unlink(session, link_id, who)
            audit.record(session, who, "unlink", ("customer", str(row.person_id)), now, link=str(link_id))
            return row.person_id

        await app[BUS].publish(CustomerChanged(customer=await app[DB].write(remove)))


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/customers/{{customer_id}}/notes", NotesView)
    app.router.add_view(f"{ROOT}/notes/{{note_id}}", NoteView)
    app.router.add_view(f"{ROOT}/customers/{{customer_id}}/tags", CardTagsView)
    app.router.add_view(f"{ROOT}/customers/{{customer_id}}/do-not-call", DoNotCallView)
    app.router.add_view(f"{ROOT}/tags", TagsView)
    app.router.add_view(f"{ROOT}/customers/{{customer_id}}/links", LinksView)
    app.router.add_view(f"{ROOT}/customer-links/{{link_id}}", LinkView)


async def _change(view: View, change: Callable[[Session, Made, Actor], UUID], *others: UUID) -> CustomerAnswer:
    """Changes a card and answers it as it is then."""
    app, who = view.request.app, require(view.request, Verb.WRITE_CARDS)
    now: datetime = app[CLOCK].now()

    def write(session: Session) -> CustomerAnswer:
        customer = customers.get(session, change(session, Made(by=who, at=now), who), who)
        session.flush()
        return card_views.card(session, customer, who, now)

    card = await app[DB].write(write)
    for changed in (card.id, *others):
        await app[BUS].publish(CustomerChanged(customer=changed))
    view.answer_header("ETag", etag(card.version))
    return card
