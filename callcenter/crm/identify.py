"""Whose call is this? The number's row is the lock under which a first card is made, so there is only ever one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import Row, Table, bindparam, insert, select
from sqlalchemy.orm import Session

from callcenter import phone
from callcenter.card import Candidate, Card, Match
from callcenter.crm.models.calls import CallCandidate, CallRow, SegmentRow
from callcenter.crm.models.customers import ContactPoint, Customer, PhoneNumber
from callcenter.crm.models.outcomes import OutcomeCode, OutcomeRow
from callcenter.crm.models.people import User
from callcenter.crm.upsert import upsert
from callcenter.ids import new_id

_OFFERED_AT_MOST: Final = 9
_CARD: Final = Customer.__table__.c
_BY_NUMBER = (
    select(*_CARD)
    .join(ContactPoint, ContactPoint.customer_id == Customer.id)
    .where(Customer.merged_into.is_(None))
    .order_by(Customer.provisional, Customer.last_contact_at.desc().nulls_last(), Customer.id)
    .limit(_OFFERED_AT_MOST)
)
_KNOWN: Final = _BY_NUMBER.where(ContactPoint.number_id == bindparam("number"))
_ALIKE: Final = _BY_NUMBER.join(PhoneNumber, PhoneNumber.id == ContactPoint.number_id).where(
    PhoneNumber.tail == bindparam("tail"), PhoneNumber.id != bindparam("number")
)
_NUMBERS: Final = (
    select(ContactPoint.raw, PhoneNumber.e164)
    .join(PhoneNumber, PhoneNumber.id == ContactPoint.number_id)
    .where(ContactPoint.customer_id == bindparam("customer"))
    .order_by(ContactPoint.is_primary.desc(), ContactPoint.created_at)
)
_LAST_TALK: Final = (
    select(User.display_name, OutcomeCode.code)
    .select_from(SegmentRow)
    .join(CallRow, CallRow.id == SegmentRow.call_id)
    .join(User, User.id == SegmentRow.agent_id)
    .outerjoin(OutcomeRow, OutcomeRow.segment_id == SegmentRow.id)
    .outerjoin(OutcomeCode, OutcomeCode.id == OutcomeRow.code_id)
    .where(CallRow.customer_id == bindparam("customer"), SegmentRow.answered_at.is_not(None))
    .order_by(CallRow.started_at.desc(), SegmentRow.seq.desc())
    .limit(1)
)
_ADD_CUSTOMER: Final = insert(cast(Table, Customer.__table__))
_ADD_CONTACT_POINT: Final = insert(cast(Table, ContactPoint.__table__))
_FRESH: Final[dict[str, Any]] = {
    "kind": "person",
    "status": "new",
    "vip": False,
    "calls": 0,
    "version": 1,
    **dict.fromkeys(("name", "organisation", "email", "address", "note", "language", "search_text"), ""),
}
"""Built once and run past the ORM: this is what stands between a ringing phone and its pop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """``card`` is None while several customers have the number and nobody has chosen, and for withheld numbers."""

    number_id: UUID | None
    card: Card | None
    candidates: tuple[Candidate, ...]


NOBODY: Final = Identified(number_id=None, card=None, candidates=())


def identify(session: Session, raw: str, region: str, now: datetime) -> Identified:
    """The customers of a number, best first; makes a provisional card with nothing but the number where none is.

    Every customer who has exactly this number is ``known``; where there is none, those whose number ends alike are
    ``maybe``.
    """
    if phone.is_withheld(raw):
        return NOBODY
    number = phone.parse(raw, region)
    number_id = number_row(session, number)
    connection = session.connection()
    known = [card(session, row) for row in connection.execute(_KNOWN, {"number": number_id})]
    reason = "same_number" if known else "first_contact"
    known = known or [_new_card(session, number_id, number, now)]
    candidates = [Candidate(card=c, match=Match.KNOWN, reason=reason) for c in known]
    if number.tail and reason == "first_contact":
        alike = connection.execute(_ALIKE, {"number": number_id, "tail": number.tail})
        others = [card(session, row) for row in alike if row.id not in {c.id for c in known}]
        candidates += [Candidate(card=c, match=Match.MAYBE, reason="similar_number") for c in others]
    only = known[0] if len(known) == 1 else None
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


def card(session: Session, customer: Customer | Row[Any]) -> Card:
    """The customer in brief, as a pop shows it."""
    connection = session.connection()
    numbers = connection.execute(_NUMBERS, {"customer": customer.id}).all()
    last = connection.execute(_LAST_TALK, {"customer": customer.id}).first() if customer.calls else None
    agent, outcome = (last[0], last[1] or "") if last else ("", "")
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


def _new_card(session: Session, number_id: UUID, number: phone.Phone, now: datetime) -> Card:
    connection = session.connection()
    customer = new_id()
    named: dict[str, Any] = {"id": customer, "provisional": True, "created_at": now, "updated_at": now}
    connection.execute(_ADD_CUSTOMER, _FRESH | named)
    connection.execute(
        _ADD_CONTACT_POINT,
        {
            "id": new_id(),
            "customer_id": customer,
            "number_id": number_id,
            "raw": number.raw,
            "extension": number.extension,
            "label": "",
            "is_primary": True,
            "created_at": now,
        },
    )
    return Card(
        id=customer,
        kind="person",
        name="",
        organisation="",
        status="new",
        vip=False,
        provisional=True,
        numbers=(phone.display(number),),
        last_contact_at=None,
        last_agent="",
        last_outcome="",
        calls=0,
    )
