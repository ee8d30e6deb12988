"""Whose call is this? The number's row is the lock under which a first card is made, so there is only ever one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter import phone
from callcenter.card import Candidate, Card, Match
from callcenter.crm.models import (
    CallCandidate,
    CallRow,
    ContactPoint,
    Customer,
    OutcomeCode,
    OutcomeRow,
    PhoneNumber,
    SegmentRow,
    User,
)
from callcenter.crm.upsert import upsert

_OFFERED_AT_MOST: Final = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """``card`` is None while several customers have the number and nobody has chosen, and for withheld numbers."""

    number_id: UUID | None
    card: Card | None
    candidates: tuple[Candidate, ...]


NOBODY: Final = Identified(number_id=None, card=None, candidates=())


def identify(session: Session, raw: str, region: str, now: datetime) -> Identified:
    """The customers of a number, best first; makes a provisional card with nothing but the number where none is.

    Every customer who has exactly this number is ``known``; those whose number ends alike are ``maybe``.
    """
    if phone.is_withheld(raw):
        return NOBODY
    number = phone.parse(raw, region)
    number_id = number_row(session, number)
    known = _customers_of(session, [number_id])
    maybe = _customers_of(session, _alike(session, number)) if number.tail else []
    if not known:
        known = [_new_card(session, number_id, number, now)]
        reason = "first_contact"
    else:
        reason = "same_number"
    candidates = [Candidate(card=card(session, c), match=Match.KNOWN, reason=reason) for c in known]
    taken = {c.id for c in known}
    others = [c for c in maybe if c.id not in taken]
    candidates += [Candidate(card=card(session, c), match=Match.MAYBE, reason="similar_number") for c in others]
    only = candidates[0].card if len(known) == 1 else None
    return Identified(number_id=number_id, card=only, candidates=tuple(candidates[:_OFFERED_AT_MOST]))


def number_row(session: Session, number: phone.Phone) -> UUID:
    """The row of a number, made if need be and locked until the commit."""
    known = {"e164": number.e164, "tail": number.tail, "region": number.region}
    return upsert(session, PhoneNumber, {"key": number.key}, known)


def add_contact_point(session: Session, customer: UUID, number: phone.Phone, now: datetime, *, label: str = "") -> UUID:
    """Puts a number on a card; the first one is the primary one. Raw text is kept."""
    first = session.scalars(select(ContactPoint.id).where(ContactPoint.customer_id == customer).limit(1)).first()
    row = ContactPoint(
        customer_id=customer,
        number_id=number_row(session, number),
        raw=number.raw,
        extension=number.extension,
        label=label,
        is_primary=first is None,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row.id


def recall(session: Session, call_id: UUID, customer_id: UUID | None) -> Identified:
    """What was known when the call came, for a call that is read back after a restart."""
    rows = session.execute(
        select(Customer, CallCandidate.match, CallCandidate.reason)
        .join(CallCandidate, CallCandidate.customer_id == Customer.id)
        .where(CallCandidate.call_id == call_id)
        .order_by(CallCandidate.position)
    ).all()
    candidates = tuple(Candidate(card=card(session, c), match=Match(m), reason=r) for c, m, r in rows)
    chosen = session.get(Customer, customer_id) if customer_id else None
    return Identified(number_id=None, card=card(session, chosen) if chosen else None, candidates=candidates)


def card(session: Session, customer: Customer) -> Card:
    """The customer in brief, as a pop shows it."""
    numbers = session.execute(
        select(ContactPoint.raw, PhoneNumber.e164)
        .join(PhoneNumber, PhoneNumber.id == ContactPoint.number_id)
        .where(ContactPoint.customer_id == customer.id)
        .order_by(ContactPoint.is_primary.desc(), ContactPoint.created_at)
    ).all()
    agent, outcome = _last_talk(session, customer.id) if customer.calls else ("", "")
    return Card(
        id=customer.id,
        kind=customer.kind,
        name=customer.name,
        organisation=customer.organisation,
        status=customer.status,
        vip=customer.vip,
        provisional=customer.provisional,
        numbers=tuple(phone.display(phone.parse(e164 or raw, "ZZ")) for raw, e164 in numbers),
        last_contact_at=customer.last_contact_at,
        last_agent=agent,
        last_outcome=outcome,
        calls=customer.calls,
    )


def _customers_of(session: Session, numbers: list[UUID]) -> list[Customer]:
    found = (
        select(Customer)
        .join(ContactPoint, ContactPoint.customer_id == Customer.id)
        .where(ContactPoint.number_id.in_(numbers), Customer.merged_into.is_(None))
        .order_by(Customer.provisional, Customer.last_contact_at.desc().nulls_last(), Customer.id)
        .limit(_OFFERED_AT_MOST)
    )
    return list(session.scalars(found).unique()) if numbers else []


def _alike(session: Session, number: phone.Phone) -> list[UUID]:
    """Numbers that end alike but are not the same, as after a wrong country prefix."""
    found = select(PhoneNumber.id).where(PhoneNumber.tail == number.tail, PhoneNumber.key != number.key)
    return list(session.scalars(found.limit(_OFFERED_AT_MOST)))


def _new_card(session: Session, number_id: UUID, number: phone.Phone, now: datetime) -> Customer:
    customer = Customer(provisional=True, created_at=now, updated_at=now, calls=0, kind="person", search_text="")
    session.add(customer)
    session.flush()
    session.add(
        ContactPoint(
            customer_id=customer.id,
            number_id=number_id,
            raw=number.raw,
            extension=number.extension,
            is_primary=True,
            created_at=now,
        )
    )
    session.flush()
    return customer


def _last_talk(session: Session, customer: UUID) -> tuple[str, str]:
    """Who talked with the customer last, and the code of what came of it."""
    row = session.execute(
        select(User.display_name, OutcomeCode.code)
        .select_from(SegmentRow)
        .join(CallRow, CallRow.id == SegmentRow.call_id)
        .join(User, User.id == SegmentRow.agent_id)
        .outerjoin(OutcomeRow, OutcomeRow.segment_id == SegmentRow.id)
        .outerjoin(OutcomeCode, OutcomeCode.id == OutcomeRow.code_id)
        .where(CallRow.customer_id == customer, SegmentRow.answered_at.is_not(None))
        .order_by(CallRow.started_at.desc(), SegmentRow.seq.desc())
        .limit(1)
    ).first()
    return (row[0], row[1] or "") if row else ("", "")
