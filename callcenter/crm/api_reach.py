"""How customers are reached: their telephone numbers, and the ways beside the telephone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal
from uuid import UUID

from aiohttp import web
from pydantic import AwareDatetime, StringConstraints
from sqlalchemy.orm import Session

from callcenter import phone
from callcenter.api import BUS, CLOCK, DB, ROOT, SETTINGS, Body, Line, Prose, View, creates
from callcenter.crm import audit, card_views, customers, handles, news, once, points, retro, ways
from callcenter.crm.access import require
from callcenter.crm.card_views import CustomerAnswer, NumberAnswer, WayAnswer
from callcenter.crm.customers import Made
from callcenter.crm.handles import Handle, Service, WayKind
from callcenter.crm.models.customers import ContactPoint, ContactWay, Customer, PhoneNumber
from callcenter.crm.retro import Linked
from callcenter.crm.rights import Actor, Verb
from callcenter.decision_events import CustomerChosen
from callcenter.news import CustomerChanged

Text = Annotated[Prose, StringConstraints(min_length=1, max_length=handles.LONGEST)]


class _Told(Body):
    """What is known of it. ``shared``: by a family or an office; ``bad_since``: since when it does not work."""

    label: Line = ""
    note: Line = ""
    is_primary: Literal[True] = True
    shared: bool = False
    bad_since: AwareDatetime | None = None

    def told(self) -> dict[str, Any]:
        return self.model_dump(include={*_Told.model_fields}, exclude_unset=True)


class NewNumber(_Told):
    raw: Line


class NumberChange(_Told):
    """What is not sent stays. ``bad_since`` null: it reaches him again."""


class NewWay(_Told):
    """``service`` of messengers only. Telephone numbers are no ways; messengers that know people by theirs take one."""

    kind: WayKind
    service: Service | None = None
    value: Text

    def handle(self, region: str) -> Handle:
        return handles.read(self.kind, self.service, self.value, region)


class WayChange(_Told):
    """What is not sent stays. ``bad_since`` null: it works again."""

    value: Text = ""


class NumbersView(View):
    @creates
    async def post(self, customer_id: UUID, /, body: NewNumber) -> NumberAnswer:
        """Puts a number on the card. ``also_on`` tells which other cards have it."""
        app, who = self.request.app, require(self.request, Verb.WRITE_CARDS)
        now, number = app[CLOCK].now(), phone.parse(body.raw, app[SETTINGS].region)

        linked = Linked()

        def add(session: Session) -> UUID:
            nonlocal linked
            customer = customers.locked(session, customer_id, who)
            made, linked = points.add(session, customer, number, body.told(), now)
            customers.touched(customer, Made(by=who, at=now))
            audit.record(session, who, "add_number", ("customer", str(customer.id)), now, number=str(made))
            return made

        point_id, _ = await once.create(self.request, f"number {customer_id}", add)
        await _calls_follow(self.request, customer_id, linked)
        answer = await app[DB].read(lambda s: _number(s, point_id, number, who))
        return answer.model_copy(update={"linked_calls": linked.calls})


class OneNumberView(View):
    async def patch(self, customer_id: UUID, number_id: UUID, /, body: NumberChange) -> CustomerAnswer:
        """Says what the number is: its label, whether it is the first to call, shared by several, or dead."""
        values = body.told()

        def change(session: Session, customer: Customer) -> None:
            points.change(session, customer, number_id, values)

        return await _rewrite(self, customer_id, "change_number", change, sorted(values))

    async def delete(self, customer_id: UUID, number_id: UUID, /) -> None:
        """Takes a number off the card."""
        app, who = self.request.app, require(self.request, Verb.WRITE_CARDS)
        now = app[CLOCK].now()

        def remove(session: Session) -> Linked:
            customer = customers.locked(session, customer_id, who)
            unlinked = points.remove(session, customer, number_id)
            customers.touched(customer, Made(by=who, at=now))
            audit.record(session, who, "remove_number", ("customer", str(customer.id)), now, number=str(number_id))
            return unlinked

        await _calls_follow(self.request, customer_id, await app[DB].write(remove))


class WaysView(View):
    @creates
    async def post(self, customer_id: UUID, /, body: NewWay) -> WayAnswer:
        """Puts an e-mail address, a messenger, a web site or a postal address on the card. ``also_on`` tells which
        other cards have it."""
        app, who = self.request.app, require(self.request, Verb.WRITE_CARDS)
        now, handle = app[CLOCK].now(), body.handle(app[SETTINGS].region)

        def add(session: Session) -> UUID:
            customer = customers.locked(session, customer_id, who)
            way = ways.add(session, customer.id, handle, body.told(), now)
            customers.touched(customer, Made(by=who, at=now))
            customers.rewritten(session, customer)
            audit.record(session, who, "add_way", ("customer", str(customer.id)), now, kind=str(handle.kind))
            return way.id

        way_id, _ = await once.create(self.request, f"way {customer_id}", add)
        await app[BUS].publish(CustomerChanged(customer=customer_id))
        return await app[DB].read(lambda s: _way(s, way_id, who))


class WayView(View):
    async def patch(self, customer_id: UUID, way_id: UUID, /, body: WayChange) -> CustomerAnswer:
        """Corrects it, or says what it is: its label, whether it is the main one, shared by several, or dead."""
        values, region = body.told(), self.request.app[SETTINGS].region
        fields = sorted(body.model_fields_set)

        def change(session: Session, customer: Customer) -> None:
            way = ways.on_card(session, customer.id, way_id)
            service = Service(way.service) if way.service else None
            handle = handles.read(WayKind(way.kind), service, body.value, region) if "value" in fields else None
            ways.change(session, way, handle, values)
            customers.rewritten(session, customer)

        return await _rewrite(self, customer_id, "change_way", change, fields)

    async def delete(self, customer_id: UUID, way_id: UUID, /) -> None:
        """Takes it off the card."""

        def remove(session: Session, customer: Customer) -> None:
            ways.remove(session, customer.id, way_id)
            customers.rewritten(session, customer)

        await _rewrite(self, customer_id, "remove_way", remove, [])


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/customers/{{customer_id}}/numbers", NumbersView)
    app.router.add_view(f"{ROOT}/customers/{{customer_id}}/numbers/{{number_id}}", OneNumberView)
    app.router.add_view(f"{ROOT}/customers/{{customer_id}}/ways", WaysView)
    app.router.add_view(f"{ROOT}/customers/{{customer_id}}/ways/{{way_id}}", WayView)


async def _rewrite(
    view: View, customer_id: UUID, verb: str, change: Callable[[Session, Customer], None], fields: list[str]
) -> CustomerAnswer:
    """Changes how a customer is reached, on the record; the card as it is then."""
    app, who = view.request.app, require(view.request, Verb.WRITE_CARDS)
    now = app[CLOCK].now()

    def write(session: Session) -> CustomerAnswer:
        customer = customers.locked(session, customer_id, who)
        change(session, customer)
        customers.touched(customer, Made(by=who, at=now))
        audit.record(session, who, verb, ("customer", str(customer.id)), now, fields=fields)
        session.flush()
        return card_views.card(session, customer, who, now)

    card = await app[DB].write(write)
    await app[BUS].publish(CustomerChanged(customer=card.id))
    return card


async def _calls_follow(request: web.Request, customer: UUID, linked: Linked) -> None:
    """Calls that are still followed become the customer's in their own order; the others are already."""
    app, who = request.app, require(request, Verb.WRITE_CARDS)
    for call in linked.live:
        at, mono = app[CLOCK].now(), app[CLOCK].monotonic()
        await news.take(app, CustomerChosen(call=call, at=at, mono=mono, customer=customer, by=who.id))
    if linked.live:
        await app[DB].write(lambda s: retro.recount(s, customers.whoever(s, customer)))
    for card in (customer, *linked.absorbed):
        await app[BUS].publish(CustomerChanged(customer=card))


def _number(session: Session, point_id: UUID, number: phone.Phone, who: Actor) -> NumberAnswer:
    point = session.get_one(ContactPoint, point_id)
    row = session.get_one(PhoneNumber, point.number_id)
    return card_views.number(point, row, points.sharing(session, point.customer_id, number, who))


def _way(session: Session, way_id: UUID, who: Actor) -> WayAnswer:
    row = session.get_one(ContactWay, way_id)
    return card_views.way(row, ways.sharing(session, row, who))
