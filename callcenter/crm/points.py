"""Telephone numbers on cards: put there, described, taken off, with the calls that come and go with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter import phone
from callcenter.crm import retro
from callcenter.crm.identify import add_contact_point
from callcenter.crm.models.customers import ContactPoint, Customer, PhoneNumber
from callcenter.crm.retro import Linked
from callcenter.crm.rights import Actor
from callcenter.crm.visible import narrow
from callcenter.errors import Invalid, NotFound
from callcenter.phone import Phone

Told = Mapping[str, Any]
"""What is known of a number: label, note, is_primary, shared, bad_since."""


def of(session: Session, customers: Sequence[UUID]) -> dict[UUID, list[tuple[ContactPoint, PhoneNumber]]]:
    """All numbers of the cards, the primary one first."""
    rows = session.execute(
        select(ContactPoint, PhoneNumber)
        .join(PhoneNumber, PhoneNumber.id == ContactPoint.number_id)
        .where(ContactPoint.customer_id.in_(customers))
        .order_by(ContactPoint.is_primary.desc(), ContactPoint.created_at, ContactPoint.id)
    )
    found: dict[UUID, list[tuple[ContactPoint, PhoneNumber]]] = {customer: [] for customer in customers}
    for point, number in rows:
        found[point.customer_id].append((point, number))
    return found


def add(session: Session, customer: Customer, number: Phone, told: Told, now: datetime) -> tuple[UUID, Linked]:
    """Puts a number on the card, and the earlier calls of it. Raises Invalid when it stands there already or is none.

    Letters are no number (``1-800-FLOWERS`` is not dialled so here); an extension is kept beside it.
    """
    dialled = number.key.removeprefix("raw:")
    if phone.is_withheld(number.raw) or not any(c.isdigit() for c in dialled) or any(c.isalpha() for c in dialled):
        raise Invalid("this is no telephone number", fields={"raw": "not_a_number"})
    there = (
        select(ContactPoint.id)
        .join(PhoneNumber, PhoneNumber.id == ContactPoint.number_id)
        .where(ContactPoint.customer_id == customer.id, PhoneNumber.key == number.key)
    )
    if session.scalars(there).first():
        raise Invalid("the card has this number already", fields={"raw": "already_there"})
    point = add_contact_point(session, customer.id, number, now)
    change(session, customer, point, told)
    return point, retro.link(session, customer, session.get_one(ContactPoint, point))


def sharing(session: Session, customer: UUID, number: Phone, actor: Actor) -> list[UUID]:
    """Other cards with the same number: families and switchboards are no mistake, doubles are."""
    found = (
        select(Customer.id)
        .join(ContactPoint, ContactPoint.customer_id == Customer.id)
        .join(PhoneNumber, PhoneNumber.id == ContactPoint.number_id)
        .where(PhoneNumber.key == number.key, Customer.id != customer, Customer.merged_into.is_(None))
        .order_by(Customer.provisional, Customer.id)
        .limit(9)
    )
    return list(session.scalars(narrow(found, actor, Customer)))


def change(session: Session, customer: Customer, point_id: UUID, told: Told) -> None:
    """Changes what is known of it. Raises NotFound."""
    point = _on_card(session, customer, point_id)
    if told.get("is_primary"):
        for other, _ in of(session, [customer.id])[customer.id]:
            other.is_primary = False
    for name, value in told.items():
        setattr(point, name, value)
    session.flush()


def remove(session: Session, customer: Customer, point_id: UUID) -> Linked:
    """Takes a number off, and the calls that came with it; the next one becomes the primary one. Raises NotFound."""
    point = _on_card(session, customer, point_id)
    was_primary = point.is_primary
    unlinked = retro.unlink(session, customer, point_id)
    session.delete(point)
    session.flush()
    left = of(session, [customer.id])[customer.id]
    if was_primary and left:
        left[0][0].is_primary = True
    return unlinked


def _on_card(session: Session, customer: Customer, point_id: UUID) -> ContactPoint:
    point = session.get(ContactPoint, point_id)
    if point is None or point.customer_id != customer.id:
        raise NotFound("no such number on this card")
    return point
