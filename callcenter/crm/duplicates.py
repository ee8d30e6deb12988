"""Cards that may be the same customer: candidates through indexes, scored by ``matching``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, aliased

from callcenter.crm import find, ways
from callcenter.crm.handles import WayKind
from callcenter.crm.matching import ALIKE, Face, Likeness, likeness
from callcenter.crm.models.customers import ContactPoint, ContactWay, Customer, PhoneNumber
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
    ids = {*_with_number(session, customer, actor), *_with_way(session, customer, actor)}
    if text := (customer.name or customer.organisation).strip():
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
    reached = ways.of(session, wanted)
    return {
        row.id: Face(
            name=row.name,
            organisation=row.organisation,
            emails=_keys(reached[row.id], WayKind.EMAIL),
            handles=_keys(reached[row.id], WayKind.MESSENGER),
            numbers=frozenset(numbers[row.id]),
        )
        for row in session.scalars(select(Customer).where(Customer.id.in_(wanted)))
    }


def _keys(rows: Iterable[ContactWay], kind: WayKind) -> frozenset[str]:
    return frozenset(f"{row.service}{row.key}" for row in rows if row.kind == kind and not row.shared)


def _with_way(session: Session, customer: Customer, actor: Actor) -> Iterable[UUID]:
    mine, theirs = aliased(ContactWay), aliased(ContactWay)
    same = (theirs.key == mine.key, theirs.kind == mine.kind, theirs.service == mine.service)
    found = (
        select(Customer.id)
        .join(theirs, theirs.customer_id == Customer.id)
        .join(mine, and_(*same))
        .where(mine.customer_id == customer.id, mine.kind.in_(ways.FOUND_BY), mine.shared.is_(False))
        .where(Customer.merged_into.is_(None), Customer.id != customer.id)
    )
    return session.scalars(narrow(found, actor, Customer).limit(_COMPARED))


def _with_number(session: Session, customer: Customer, actor: Actor) -> Iterable[UUID]:
    mine = select(ContactPoint.number_id).where(ContactPoint.customer_id == customer.id, ContactPoint.shared.is_(False))
    found = (
        select(Customer.id)
        .join(ContactPoint, ContactPoint.customer_id == Customer.id)
        .where(ContactPoint.number_id.in_(mine), Customer.merged_into.is_(None), Customer.id != customer.id)
    )
    return session.scalars(narrow(found, actor, Customer).limit(_COMPARED))
