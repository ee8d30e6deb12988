"""Cards that rows of a sheet may mean, as they are and as they will be: read in few statements for all rows at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import Table, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from callcenter.crm import own_fields
from callcenter.crm.exchange.decide import Fate, Known
from callcenter.crm.exchange.draft import Draft
from callcenter.crm.exchange.reach import Reach
from callcenter.crm.handles import WayKind
from callcenter.crm.identify import last4
from callcenter.crm.models.customers import ContactPoint, ContactWay, Customer, PhoneNumber
from callcenter.crm.models.imports import ImportRow
from callcenter.ids import new_id
from callcenter.phone import Phone

FIELDS: Final = ("kind", "name", "organisation", "status", "vip", "email", "address", "note", "language")


@dataclass(slots=True)
class Batch:
    """The cards as they are and will be, and the rows to insert."""

    numbers: dict[str, UUID]
    cards: dict[UUID, Known] = field(default_factory=dict)
    by_number: dict[str, set[UUID]] = field(default_factory=dict)
    by_email: dict[str, set[UUID]] = field(default_factory=dict)
    customers: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    changed: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    points: list[dict[str, Any]] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    statuses: list[dict[str, Any]] = field(default_factory=list)
    reached: dict[UUID, dict[str, str]] = field(default_factory=dict)
    """What changed of the main addresses of cards that were there before."""

    def knows(self, known: Known, numbers: Collection[str], *emails: str) -> None:
        self.cards[known.id] = known
        for key in numbers:
            self.by_number.setdefault(key, set()).add(known.id)
        for email in filter(None, emails):
            self.by_email.setdefault(email.lower(), set()).add(known.id)

    def matches(self, draft: Draft) -> list[Known]:
        """By number; by address only where no number says anything."""
        found: set[UUID] = set()
        for number, _ in draft.numbers:
            if number.e164:
                found |= self.by_number.get(number.key, set())
        email = str(draft.values.get("email", "")).lower()
        if not found and email:
            found = self.by_email.get(email, set())
        return [self.cards[card] for card in sorted(found)]


def _number_rows(session: Session, numbers: Mapping[str, Phone]) -> dict[str, UUID]:
    """The rows of the numbers, made where need be and locked until the commit, always in one order."""
    if not numbers:
        return {}
    values = [
        {"id": new_id(), "key": key, "e164": n.e164, "tail": n.tail, "region": n.region, "last4": last4(key)}
        for key, n in sorted(numbers.items())
    ]
    build = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    session.execute(build(_table(PhoneNumber)).on_conflict_do_nothing(), values)
    rows = select(PhoneNumber.key, PhoneNumber.id).where(PhoneNumber.key.in_(numbers)).order_by(PhoneNumber.key)
    return {key: row for key, row in session.execute(rows.with_for_update())}  # noqa: C416 - rows are no pairs to mypy


def load(session: Session, drafts: Sequence[Draft], import_id: UUID, reach: Reach) -> Batch:
    """Every card that one of the rows may mean. ``import_id`` tells its own cards from those that were there before."""
    batch = Batch(numbers=_number_rows(session, {n.key: n for draft in drafts for n, _ in draft.numbers}))
    by_card = _held(session, batch, drafts)
    named = _addressed(session, drafts)
    if not by_card and not named:
        return batch
    meant = select(Customer).where(Customer.id.in_({*by_card, *named}), Customer.merged_into.is_(None))
    cards = {card.id: card for card in session.scalars(meant.order_by(Customer.id).with_for_update())}
    ours = _made_here(session, import_id, cards)
    numbers = _numbers_on(session, cards)
    for card in cards.values():
        known = Known(
            id=card.id,
            values={name: getattr(card, name) for name in FIELDS} | own_fields.named(card.extra),
            numbers=frozenset(numbers.get(card.id, ())),
            provisional=card.provisional,
            version=card.version,
            ours=card.id in ours,
            writable=reach.writes(card),
        )
        batch.knows(known, known.numbers, *named.get(card.id, ()))
    return batch


def _held(session: Session, batch: Batch, drafts: Sequence[Draft]) -> set[UUID]:
    """The cards that bear one of the numbers."""
    numbers = {batch.numbers[number.key] for draft in drafts for number, _ in draft.numbers if number.e164}
    return set(session.scalars(select(ContactPoint.customer_id).where(ContactPoint.number_id.in_(numbers))))


def _addressed(session: Session, drafts: Sequence[Draft]) -> dict[UUID, set[str]]:
    """The cards that bear one of the e-mail addresses, and which."""
    emails = {str(draft.values["email"]).lower() for draft in drafts if draft.values.get("email")}
    on_email = select(ContactWay.customer_id, ContactWay.key).where(
        ContactWay.key.in_(emails), ContactWay.kind == WayKind.EMAIL
    )
    named: dict[UUID, set[str]] = {}
    for holder, email in session.execute(on_email) if emails else ():
        named.setdefault(holder, set()).add(email)
    return named


def _numbers_on(session: Session, cards: Collection[UUID]) -> dict[UUID, set[str]]:
    rows = session.execute(
        select(ContactPoint.customer_id, PhoneNumber.key)
        .join(PhoneNumber, PhoneNumber.id == ContactPoint.number_id)
        .where(ContactPoint.customer_id.in_(cards))
    )
    found: dict[UUID, set[str]] = {}
    for card, key in rows:
        found.setdefault(card, set()).add(key)
    return found


def _made_here(session: Session, import_id: UUID, cards: Collection[UUID]) -> set[UUID]:
    made = select(ImportRow.customer_id).where(
        ImportRow.customer_id.in_(cards), ImportRow.import_id == import_id, ImportRow.fate == Fate.CREATED
    )
    return {card for card in session.scalars(made) if card}


def _table(kind: type[Any]) -> Table:
    return cast(Table, kind.__table__)
