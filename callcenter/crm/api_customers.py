"""Cards: the list, the card, its time-line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from aiohttp import web
from pydantic import Field, StringConstraints
from sqlalchemy.orm import Session

from callcenter import phone
from callcenter.api import (
    BUS,
    CLOCK,
    DB,
    ROOT,
    SETTINGS,
    Answer,
    Body,
    Limit,
    Line,
    Prose,
    View,
    creates,
    cursor,
    etag,
    expect,
    read_cursor,
)
from callcenter.crm import audit, card_views, customers, once, retro, timeline
from callcenter.crm.access import require
from callcenter.crm.api_calls import Before, Began
from callcenter.crm.api_reach import NewNumber, NewWay
from callcenter.crm.card_views import CustomerAnswer, CustomerBrief, Kind
from callcenter.crm.customers import Made
from callcenter.crm.models.customers import Customer
from callcenter.crm.own_fields import MOST
from callcenter.crm.privacy import keeping
from callcenter.crm.rights import Actor, Verb
from callcenter.crm.timeline import Timeline
from callcenter.errors import NotFound, Unavailable
from callcenter.log import logger
from callcenter.news import CustomerChanged

log = logger(__name__)


Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class CardFields(Body):
    """Null is no value, except for whose the card is: a field that is not sent stays. ``fields``: those that the call
    center added, by code; "" empties one, and those that are not named stay."""

    kind: Kind = "person"
    name: Line = ""
    organisation: Line = ""
    status: Line = "new"
    vip: bool = False
    email: Line = ""
    address: Prose = ""
    note: Prose = ""
    language: Line = ""
    fields: Annotated[dict[Code, Line], Field(max_length=MOST)] = Field(default_factory=dict)
    owner_id: UUID | None = None
    team_id: UUID | None = None


class NewCustomer(CardFields):
    numbers: list[NewNumber] = Field(default_factory=list, max_length=20)
    ways: list[NewWay] = Field(default_factory=list, max_length=20)


class Customers(Answer):
    items: list[CustomerBrief]
    next_cursor: str | None


class CustomersView(View):
    async def get(  # noqa: PLR0913 - the query's names are the parameters' names
        self,
        q: Line = "",
        status: Line = "",
        tag: Line = "",
        kind: Line = "",
        owner: UUID | None = None,
        team: UUID | None = None,
        field: Line = "",
        value: Line = "",
        limit: Limit = 50,
        cursor: Line = "",
    ) -> Customers:
        """Cards. Without ``q`` the last contact first; with it the best first: digits find numbers, also by their last
        four, ``@`` e-mail addresses, all else names as they sound in either alphabet, one slip a word forgiven.
        ``field`` and ``value``: what an added field says; without ``value``, where it says anything."""
        who = require(self.request, Verb.READ_CARDS)
        region = self.request.app[SETTINGS].region
        only = customers.Only(status=status, tag=tag, kind=kind, owner=owner, team=team, field=field, value=value)
        search = customers.Search(
            actor=who, text=q, region=region, limit=limit + 1, after=read_cursor(cursor), only=only
        )
        return await self.request.app[DB].read(lambda s: _page(s, search))

    @creates
    async def post(self, body: NewCustomer) -> CustomerAnswer:
        """Makes a card by hand."""
        app, who = self.request.app, require(self.request, Verb.WRITE_CARDS)
        now = app[CLOCK].now()
        region = app[SETTINGS].region
        numbers = [(phone.parse(n.raw, region), n.told()) for n in body.numbers]
        reached = [(n.handle(region), n.told()) for n in body.ways]

        by = Made(by=who, at=now)

        def make(session: Session) -> UUID:
            values = body.model_dump(exclude={"numbers", "ways"}, exclude_unset=True)
            made = customers.create(session, values, numbers, by, reached)
            audit.record(session, who, "create", ("customer", str(made)), now)
            return made

        customer_id, _ = await once.create(self.request, "customer", make)
        await app[BUS].publish(CustomerChanged(customer=customer_id))
        return await _read_card(self, lambda s: customers.survivor(s, customer_id))


class CustomerView(View):
    async def get(self, customer_id: UUID, /) -> CustomerAnswer:
        """The whole card. Who read it is kept, unless the policy says otherwise."""
        app, who = self.request.app, require(self.request, Verb.READ_CARDS)
        card = await _read_card(self, lambda s: customers.get(s, customer_id, who))
        try:
            now = app[CLOCK].now()
            await app[DB].write(lambda s: _note_reading(s, who, card.id, now))
        except Unavailable as wrong:
            # A phone is ringing: a trail that cannot be written must not hide the card.
            log.error("read_not_audited", customer=str(card.id), code=wrong.code)
        return card

    async def patch(self, customer_id: UUID, /, body: CardFields) -> CustomerAnswer:
        """Writes on the card. With ``If-Match`` only on the version that was read."""
        app, who = self.request.app, require(self.request, Verb.WRITE_CARDS)
        now, values = app[CLOCK].now(), body.model_dump(exclude_unset=True)

        def change(session: Session) -> CustomerAnswer:
            customer = customers.locked(session, customer_id, who)
            expect(self.request, customer.version)
            changed = customers.write(session, customer, values, Made(by=who, at=now))
            audit.record(session, who, "change", ("customer", str(customer.id)), now, fields=changed)
            session.flush()
            return card_views.card(session, customer, who, now)

        card = await app[DB].write(change)
        await app[BUS].publish(CustomerChanged(customer=card.id))
        self.answer_header("ETag", etag(card.version))
        return card


class TimelineView(View):
    async def get(  # noqa: PLR0913 - the query's names are the parameters' names
        self,
        customer_id: UUID,
        /,
        kinds: Line = "",
        person: UUID | None = None,
        from_: Began = None,
        to_: Before = None,
        limit: Limit = 50,
        cursor: Line = "",
    ) -> Timeline:
        """What happened with the customer, the newest first. ``kinds`` is some of ``call,task,note,status,change``,
        without it all but the last; ``person`` is who talked, wrote, changed or had it to do."""
        app, who = self.request.app, require(self.request, Verb.READ_CARDS)
        wanted = timeline.Wanted(kinds=timeline.read_kinds(kinds), person=person, since=from_, before=to_)

        def read(session: Session) -> Timeline:
            asked = timeline.Asked(
                cards=retro.family(session, customers.get(session, customer_id, who).id),
                actor=who,
                region=app[SETTINGS].region,
                now=app[CLOCK].now(),
                limit=limit,
                after=read_cursor(cursor),
                wanted=wanted,
            )
            return timeline.page(session, asked)

        return await app[DB].read(read)


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/customers", CustomersView)
    app.router.add_view(f"{ROOT}/customers/{{customer_id}}", CustomerView)
    app.router.add_view(f"{ROOT}/customers/{{customer_id}}/timeline", TimelineView)


def _note_reading(session: Session, who: Actor, card: UUID, now: datetime) -> None:
    if keeping.load(session).audit_card_views:
        audit.record(session, who, "read", ("customer", str(card)), now)


def _page(session: Session, search: customers.Search) -> Customers:
    found = customers.find(session, search)
    shown = found[: search.limit - 1]
    more = len(found) > len(shown)
    go_on = cursor(shown[-1].last_contact_at, shown[-1].id) if more else None
    return Customers(items=card_views.briefs(session, shown), next_cursor=go_on)


async def _read_card(view: View, find: Callable[[Session], Customer | None]) -> CustomerAnswer:
    who, now = require(view.request, Verb.READ_CARDS), view.request.app[CLOCK].now()

    def read(session: Session) -> CustomerAnswer:
        if found := find(session):
            return card_views.card(session, found, who, now)
        raise NotFound("no such customer")

    card = await view.request.app[DB].read(read)
    view.answer_header("ETag", etag(card.version))
    return card
