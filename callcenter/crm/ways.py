"""Ways to reach a customer beside the telephone: kept on the card, one of each kind the primary one.

The card's own ``email`` and ``address`` repeat what the primary ones say: whoever writes here calls ``tell`` after it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from callcenter.crm import handles
from callcenter.crm.handles import Handle, WayKind
from callcenter.crm.models.customers import ContactWay, Customer
from callcenter.crm.rights import Actor
from callcenter.crm.visible import narrow
from callcenter.errors import Invalid, NotFound

FIELDS: Final[Mapping[str, WayKind]] = {"email": WayKind.EMAIL, "address": WayKind.ADDRESS}
"""Fields of the card that repeat the primary way of a kind."""
_MOST: Final = 50
_ALSO_AT_MOST: Final = 9
FOUND_BY: Final = (WayKind.EMAIL, WayKind.MESSENGER)
"""Kinds by which two cards are one: whole families share a street, and a firm a site."""


def of(session: Session, cards: Collection[UUID]) -> dict[UUID, list[ContactWay]]:
    """All ways of the cards, by kind, the primary one first."""
    wanted = select(ContactWay).where(ContactWay.customer_id.in_(cards))
    order = (ContactWay.is_primary.desc(), ContactWay.created_at, ContactWay.id)
    found: dict[UUID, list[ContactWay]] = {card: [] for card in cards}
    for row in session.scalars(wanted.order_by(*order)):
        found[row.customer_id].append(row)
    place = {str(kind): at for at, kind in enumerate(WayKind)}
    return {card: sorted(rows, key=lambda row: place.get(row.kind, len(place))) for card, rows in found.items()}


def add(session: Session, customer: UUID, handle: Handle, told: Mapping[str, Any], now: datetime) -> ContactWay:
    """Puts a way on the card; the first of its kind is the primary one. ``told``: label, note, and what is known of it.

    Raises Invalid when it stands there already, or when there are too many.
    """
    there = of(session, [customer])[customer]
    if any(_is(row, handle) for row in there):
        raise Invalid("the card has this already", fields={"value": "way_there"})
    if len(there) >= _MOST:
        raise Invalid("the card has too many", fields={"value": "too_many"})
    way = ContactWay(customer_id=customer, created_at=now, **_written(handle))
    for name, value in told.items():
        setattr(way, name, value)
    first = not any(row.kind == handle.kind for row in there)
    way.is_primary = False
    session.add(way)
    session.flush()
    if first or told.get("is_primary"):
        _make_primary(session, way)
    return way


def change(session: Session, way: ContactWay, handle: Handle | None, told: Mapping[str, Any]) -> None:
    """Changes what is told of it, or what it is. Raises Invalid when that stands on the card already."""
    if handle is not None:
        if any(_is(row, handle) for row in of(session, [way.customer_id])[way.customer_id] if row.id != way.id):
            raise Invalid("the card has this already", fields={"value": "way_there"})
        for name, value in _written(handle).items():
            setattr(way, name, value)
    for name, value in told.items():
        setattr(way, name, value)
    if told.get("is_primary"):
        _make_primary(session, way)
    session.flush()


def remove(session: Session, customer: UUID, way_id: UUID) -> None:
    """Takes it off; the next of its kind becomes the primary one. Raises NotFound."""
    way = on_card(session, customer, way_id)
    session.delete(way)
    session.flush()
    _one_primary(session, customer)


def on_card(session: Session, customer: UUID, way_id: UUID) -> ContactWay:
    """Raises NotFound."""
    way = session.get(ContactWay, way_id)
    if way is None or way.customer_id != customer:
        raise NotFound("no such address on this card")
    return way


def sharing(session: Session, way: ContactWay, actor: Actor) -> list[UUID]:
    """Other cards that have the same: families and offices are no mistake, doubles are."""
    same = (ContactWay.kind == way.kind, ContactWay.service == way.service, ContactWay.key == way.key)
    found = (
        select(Customer.id)
        .join(ContactWay, ContactWay.customer_id == Customer.id)
        .where(*same, Customer.id != way.customer_id, Customer.merged_into.is_(None))
        .order_by(Customer.id)
        .limit(_ALSO_AT_MOST)
    )
    return list(session.scalars(narrow(found, actor, Customer)))


def read_field(name: str, text: str) -> str:
    """What the card's field becomes. Raises Invalid, naming the field."""
    if not text.strip():
        return ""
    try:
        return handles.read(FIELDS[name], None, text, "").value
    except Invalid as wrong:
        raise Invalid(str(wrong), fields={name: wrong.fields["value"]}) from None


def take_field(session: Session, customer: UUID, name: str, text: str, now: datetime) -> None:
    """The card's field was written: its primary way says so now. Empty takes it off; one that is there is made primary.

    Text of a sheet or of a time when nothing was checked is kept as it stands.
    """
    kind = FIELDS[name]
    ours = [row for row in of(session, [customer])[customer] if row.kind == kind]
    main = next(iter(ours), None)
    if not text.strip():
        if main:
            remove(session, customer, main.id)
        return
    handle = _as_it_stands(kind, text)
    same = next((row for row in ours if row.key == handle.key), None)
    if same is None and main is None:
        add(session, customer, handle, {}, now)
        return
    way = same or main
    if way is not None:
        way.value, way.key = handle.value, handle.key
        if same is None:
            way.bad_since = None
        _make_primary(session, way)


def tell(session: Session, customer: Customer) -> None:
    """The card's fields repeat its primary ways."""
    session.flush()
    main = {row.kind: row.value for row in of(session, [customer.id])[customer.id] if row.is_primary}
    for name, kind in FIELDS.items():
        setattr(customer, name, main.get(kind, ""))


def rows_for(customer: UUID, values: Mapping[str, Any], now: datetime) -> list[dict[str, Any]]:
    """The primary ways of a new card, to be inserted by the thousand: ``values`` are fields of the card."""
    found = []
    for name, kind in FIELDS.items():
        if text := str(values.get(name) or "").strip():
            way = {"customer_id": customer, "is_primary": True, "created_at": now}
            found.append(way | _written(_as_it_stands(kind, text)))
    return found


def spoken(ways: Iterable[tuple[str, str]]) -> tuple[list[str], list[str]]:
    """What a card is found by, out of kinds and keys: names that are typed whole, and words of places and sites."""
    told = list(ways)
    return [key for kind, key in told if kind in FOUND_BY], [key for kind, key in told if kind not in FOUND_BY]


def with_key(key: str) -> Select[UUID]:
    """Cards that have a messenger under this key."""
    return select(ContactWay.customer_id).where(ContactWay.key == key, ContactWay.kind == WayKind.MESSENGER)


def move(session: Session, loser: UUID, survivor: UUID) -> list[str]:
    """Ways of the one card that the other has not go over to it; what undoing needs to know of them."""
    theirs = of(session, [survivor])[survivor]
    has, kinds = {_what(row) for row in theirs}, {row.kind for row in theirs}
    moved = []
    for way in of(session, [loser])[loser]:
        if _what(way) not in has:
            moved.append(f"{way.id} {int(way.is_primary)}")
            way.customer_id, way.is_primary = survivor, way.is_primary and way.kind not in kinds
    session.flush()
    return moved


def give_back(session: Session, survivor: UUID, loser: UUID, kept: Mapping[str, Sequence[str]]) -> None:
    """Undoes ``move``: ``kept`` holds what was ``moved``, and the survivor's primary ones ``before`` and ``after``. Who
    made another one primary since meant it."""
    for told in kept["moved"]:
        way_id, was = told.split()
        way = session.get(ContactWay, UUID(way_id))
        if way and way.customer_id == survivor:
            way.customer_id, way.is_primary = loser, was == "1"
    session.flush()
    now = primary_of(session, survivor)
    for way_id in kept["before"]:
        before = session.get(ContactWay, UUID(way_id))
        if before and before.customer_id == survivor:
            chosen = [other for other in now if session.get_one(ContactWay, UUID(other)).kind == before.kind]
            if set(chosen) <= set(kept["after"]):
                _make_primary(session, before)
    _one_primary(session, survivor)
    _one_primary(session, loser)


def primary_of(session: Session, customer: UUID) -> list[str]:
    """Their ids."""
    return [str(row.id) for row in of(session, [customer])[customer] if row.is_primary]


def _make_primary(session: Session, way: ContactWay) -> None:
    for other in of(session, [way.customer_id])[way.customer_id]:
        if other.kind == way.kind:
            other.is_primary = other.id == way.id
    session.flush()


def _one_primary(session: Session, customer: UUID) -> None:
    seen: set[str] = set()
    for row in of(session, [customer])[customer]:
        row.is_primary = row.kind not in seen
        seen.add(row.kind)
    session.flush()


def _as_it_stands(kind: WayKind, text: str) -> Handle:
    try:
        return handles.read(kind, None, text, "")
    except Invalid:
        return Handle(kind=kind, service="", value=text.strip(), key=handles.key_of(kind, text))


def _written(handle: Handle) -> dict[str, Any]:
    return {"kind": str(handle.kind), "service": handle.service, "value": handle.value, "key": handle.key}


def _what(row: ContactWay) -> tuple[str, str, str]:
    return row.kind, row.service, row.key


def _is(row: ContactWay, handle: Handle) -> bool:
    return _what(row) == (handle.kind, handle.service, handle.key)
