"""Cards that may be the same customer: candidates through indexes, scored by ``matching``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.crm import find
from callcenter.crm.matching import ALIKE, Face, Likeness, likeness
from callcenter.crm.models.customers import ContactPoint, Customer, PhoneNumber
from callcenter.crm.rights import Actor
from callcenter.crm.visible import narrow

_COMPARED: Final = 60
_TOLD: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Double:
    customer: UUID
    likeness: Likeness


def doubles(session: Session, customer: Customer, actor: Actor) -> list[Double]:
    """The most alike first; only such as the actor may see."""
    ours = faces(session, [customer.id])[customer.id]
    ids = set(_with_number(session, customer, actor))
    for text in (customer.email, customer.name or customer.organisation):
        if text.strip():
            ids |= set(find.ranked(session, text, "ZZ", actor)[:_COMPARED])
    ids.discard(customer.id)
    found = [Double(customer=i, likeness=likeness(ours, face)) for i, face in faces(session, ids).items()]
    alike = [double for double in found if double.likeness.score >= ALIKE]
    return sorted(alike, key=lambda double: (-double.likeness.score, double.customer))[:_TOLD]


def faces(session: Session, ids: Iterable[UUID]) -> dict[UUID, Face]:
    """What of the cards is compared, by id."""
    wanted = list(ids)
    numbers: dict[UUID, set[str]] = {i: set() for i in wanted}
    known = (
        select(ContactPoint.customer_id, PhoneNumber.key)
        .join(PhoneNumber, PhoneNumber.id == ContactPoint.number_id)
        .where(ContactPoint.customer_id.in_(wanted), ContactPoint.shared.is_(False))
    )
    for card, key in session.execute(known):
        numbers[card].add(key)
    return {
        row.id: Face(
            name=row.name,
            organisation=row.organisation,
            emails=frozenset({row.email.strip().lower()} - {""}),
            numbers=frozenset(numbers[row.id]),
        )
        for row in session.scalars(select(Customer).where(Customer.id.in_(wanted)))
    }


def _with_number(session: Session, customer: Customer, actor: Actor) -> Iterable[UUID]:
    mine = select(ContactPoint.number_id).where(ContactPoint.customer_id == customer.id, ContactPoint.shared.is_(False))
    found = (
        select(Customer.id)
        .join(ContactPoint, ContactPoint.customer_id == Customer.id)
        .where(ContactPoint.number_id.in_(mine), Customer.merged_into.is_(None), Customer.id != customer.id)
    )
    return session.scalars(narrow(found, actor, Customer).limit(_COMPARED))
