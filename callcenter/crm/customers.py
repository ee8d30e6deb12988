"""Cards: found, listed, written on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Tuple, Uuid, literal, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from callcenter.crm import card_fields, own_fields, points, retro, statuses, teams, ways
from callcenter.crm import find as find_cards
from callcenter.crm.fold import fold
from callcenter.crm.handles import Handle
from callcenter.crm.models.cards import CustomerTag, StatusChange
from callcenter.crm.models.customers import Customer
from callcenter.crm.models.people import User
from callcenter.crm.points import Told
from callcenter.crm.rights import Actor, Verb, allow, card_of
from callcenter.crm.visible import narrow
from callcenter.errors import Invalid, NotFound
from callcenter.phone import Phone
from callcenter.tables import UtcDateTime

PageKey = tuple[datetime | None, UUID]
WHOSE: Final = ("owner_id", "team_id")
WRITABLE: Final = (
    "kind",
    "name",
    "organisation",
    "status",
    "vip",
    "email",
    "address",
    "note",
    "language",
    "extra",
    *WHOSE,
)
_SEARCHED: Final = ("name", "organisation", "email")


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """``region`` reads numbers that are typed without a country; ``actor`` is who looks."""

    actor: Actor
    text: str
    region: str
    limit: int
    after: PageKey | None
    only: Only = field(default_factory=lambda: Only())


@dataclass(frozen=True, slots=True, kw_only=True)
class Only:
    """None and ``""``: whatever. ``field`` and ``value``: what a field says that the call center added."""

    status: str = ""
    tag: str = ""
    kind: str = ""
    owner: UUID | None = None
    team: UUID | None = None
    field: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """Who does it (None: no person), and when."""

    by: Actor | None
    at: datetime


def find(session: Session, search: Search) -> list[Customer]:
    """One page, the last contact first, then cards without any, the newest first.

    Without words a card shows once somebody has written on it or it has called twice: one-time callers are no list
    to work with. A search finds them all.
    """
    if search.text.strip():
        return _ranked(session, search)
    shown = or_(Customer.provisional.is_(False), Customer.calls > 1)
    found = select(Customer).where(Customer.merged_into.is_(None), shown, *_kept(session, search.only))
    found = narrow(found, search.actor, Customer)
    page: list[Customer] = []
    if search.after is None or search.after[0] is not None:
        page = list(session.scalars(_contacted(found, search.after).limit(search.limit)))
    if len(page) < search.limit:
        after = search.after if search.after and search.after[0] is None else None
        page += session.scalars(_never_contacted(found, after).limit(search.limit - len(page)))
    return page


def _ranked(session: Session, search: Search) -> list[Customer]:
    ids = find_cards.ranked(session, search.text, search.region, search.actor)
    if search.after and search.after[1] in ids:
        ids = ids[ids.index(search.after[1]) + 1 :]
    found = select(Customer).where(Customer.id.in_(ids), *_kept(session, search.only))
    rows = {row.id: row for row in session.scalars(found)}
    return [rows[customer] for customer in ids if customer in rows][: search.limit]


def _kept(session: Session, only: Only) -> list[ColumnElement[bool]]:
    """The filters as conditions."""
    found = [column == value for column, value in _columns(only) if value]
    if only.tag:
        found.append(Customer.id.in_(select(CustomerTag.customer_id).where(CustomerTag.folded == fold(only.tag))))
    if only.field:
        found.append(card_fields.holds(session, only.field, only.value))
    return found


def _columns(only: Only) -> list[tuple[InstrumentedAttribute[Any], Any]]:
    return [
        (Customer.status, only.status),
        (Customer.kind, only.kind),
        (Customer.owner_id, only.owner),
        (Customer.team_id, only.team),
    ]


def get(session: Session, customer_id: UUID, actor: Actor) -> Customer:
    """The card; the surviving one where two were merged. Raises NotFound, also where the actor may not see it."""
    customer = seen(session, customer_id, actor)
    if customer is None:
        raise NotFound("no such customer")
    return customer


def seen(session: Session, customer_id: UUID, actor: Actor) -> Customer | None:
    """The same; None where there is none, or none that the actor may see."""
    customer = survivor(session, customer_id)
    if customer and allow(actor, Verb.READ_CARDS, card_of(customer.owner_id, customer.team_id)):
        return customer
    return None


def locked(session: Session, customer_id: UUID, actor: Actor) -> Customer:
    """The same, held until the commit, as it is in the database now."""
    customer = get(session, customer_id, actor)
    session.refresh(customer, with_for_update=True)
    return get(session, customer.id, actor)


def whoever(session: Session, customer_id: UUID) -> Customer:
    """The same for those whose duty is about everybody, and for what no person does. Raises NotFound."""
    customer = survivor(session, customer_id)
    if customer is None:
        raise NotFound("no such customer")
    return customer


def survivor(session: Session, customer_id: UUID) -> Customer | None:
    """The card that stands for this one today, whoever may see it."""
    customer = session.get(Customer, customer_id)
    while customer and customer.merged_into:
        customer = session.get(Customer, customer.merged_into)
    return customer


def create(
    session: Session,
    values: Mapping[str, Any],
    numbers: Iterable[tuple[Phone, Told]],
    made: Made,
    reached: Iterable[tuple[Handle, Told]] = (),
) -> UUID:
    """A card that somebody writes himself: his and his team's. ``numbers`` and ways come with what is known of them."""
    now = made.at
    customer = Customer(created_at=now, updated_at=now, provisional=False)
    _claim(customer, made.by)
    values = _judge(session, values, {})
    _take(customer, values)
    session.add(customer)
    session.flush()
    for handle, told in reached:
        ways.add(session, customer.id, handle, told, now)
    _reach(session, customer, values, now)
    for number, told in numbers:
        points.add(session, customer, number, told, now)
    return customer.id


def write(session: Session, customer: Customer, values: Mapping[str, Any], made: Made) -> list[str]:
    """Changes the card, which thereby is no longer provisional; the names of the fields that differ."""
    values = _judge(session, values, customer.extra)
    changed = [name for name, value in values.items() if name != "extra" and getattr(customer, name) != value]
    changed += card_fields.names(customer.extra, values.get("extra", customer.extra))
    before = customer.status
    touched(customer, made)
    _take(customer, values)
    _reach(session, customer, values, made.at)
    if values.keys() & set(WHOSE):
        _family_follows(session, customer)
    if customer.status != before:
        by = made.by.id if made.by else None
        session.add(StatusChange(customer_id=customer.id, old=before, new=customer.status, by_id=by, at=made.at))
    return changed


def key(at: datetime | None, row: UUID) -> Tuple:
    """Where a page ended, as SQL compares it on both databases."""
    return tuple_(literal(at, UtcDateTime), literal(row, Uuid))


def touched(customer: Customer, made: Made) -> None:
    """Somebody changed the card: who read it before must look again."""
    worked_on(customer, made)
    customer.version += 1


def worked_on(customer: Customer, made: Made) -> None:
    """Somebody changed what hangs on the card. Who writes first on a card born of a call makes it his."""
    if customer.provisional and customer.owner_id is None and customer.team_id is None:
        _claim(customer, made.by)
    customer.provisional = False
    customer.updated_at = made.at


def search_text(customer: Customer) -> str:
    """What words find the card by."""
    said = [getattr(customer, name) or "" for name in _SEARCHED]
    return fold(" ".join([*said, own_fields.words(customer.extra or {})]))


def rewritten(session: Session, customer: Customer) -> None:
    """What the card is found by follows from what stands on it and its ways."""
    ways.tell(session, customer)
    customer.search_text = search_text(customer)
    session.flush()
    find_cards.index(session, customer)


def _take(customer: Customer, values: Mapping[str, Any]) -> None:
    for name in WRITABLE:
        if name in values and name not in ways.FIELDS:
            setattr(customer, name, values[name])


def _reach(session: Session, customer: Customer, values: Mapping[str, Any], now: datetime) -> None:
    for name in ways.FIELDS.keys() & values.keys():
        ways.take_field(session, customer.id, name, values[name], now)
    rewritten(session, customer)


def _family_follows(session: Session, customer: Customer) -> None:
    """Cards merged into this one are whose it is: their calls are seen by their rights."""
    for card in retro.family(session, customer.id)[1:]:
        part = session.get_one(Customer, card)
        part.owner_id, part.team_id = customer.owner_id, customer.team_id


def _claim(customer: Customer, actor: Actor | None) -> None:
    if actor:
        customer.owner_id, customer.team_id = actor.id, actor.team


def _judge(session: Session, values: Mapping[str, Any], extra: Mapping[str, str]) -> Mapping[str, Any]:
    """The values as they will stand. Raises Invalid for what cannot be read, or names nothing of ours."""
    if "status" in values:
        statuses.must_be_used(session, values["status"])
    teams.must_exist(session, values.get("team_id"))
    owner = values.get("owner_id")
    if owner is not None and session.get(User, owner) is None:
        raise Invalid("there is no such person", fields={"owner_id": "not_allowed"})
    values = card_fields.taken(session, values, extra)
    return {**values, **{name: ways.read_field(name, values[name]) for name in ways.FIELDS.keys() & values.keys()}}


def _contacted(found: Select[Customer], after: PageKey | None) -> Select[Customer]:
    found = found.where(Customer.last_contact_at.is_not(None))
    if after:
        found = found.where(tuple_(Customer.last_contact_at, Customer.id) < key(*after))
    return found.order_by(Customer.last_contact_at.desc(), Customer.id.desc())


def _never_contacted(found: Select[Customer], after: PageKey | None) -> Select[Customer]:
    found = found.where(Customer.last_contact_at.is_(None))
    if after:
        found = found.where(Customer.id < after[1])
    return found.order_by(Customer.id.desc())
