"""Whose call is this? The number's row is the lock under which a first card is made, so there is only ever one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, exists, select
from sqlalchemy.orm import Session

from callcenter import phone
from callcenter.card import Candidate, Card, Match, Tie
from callcenter.crm.models.calls import CallCandidate, CallRow, SegmentRow
from callcenter.crm.models.cards import CustomerLink
from callcenter.crm.models.customers import ContactPoint, Customer, PhoneNumber
from callcenter.crm.models.outcomes import OutcomeCode, OutcomeRow
from callcenter.crm.models.people import User
from callcenter.crm.upsert import inserting, table_of, upsert
from callcenter.ids import new_id
from callcenter.statement import Statement

_OFFERED_AT_MOST: Final = 9
_TIES_AT_MOST: Final = 3
_SHOWN: Final = (
    *("id", "kind", "name", "organisation", "status", "vip", "provisional", "last_contact_at", "calls"),
    *("owner_id", "team_id"),
)
_TIED: Final = exists().where(CustomerLink.person_id == Customer.id)
_BY_NUMBER: Final = (
    select(*(table_of(Customer).c[name] for name in _SHOWN), _TIED.label("tied"))
    .join(ContactPoint, ContactPoint.customer_id == Customer.id)
    .where(Customer.merged_into.is_(None))
    .order_by(Customer.provisional, Customer.last_contact_at.desc().nulls_last(), Customer.id)
    .limit(_OFFERED_AT_MOST)
)
_number: Final = Statement(
    lambda _: (
        select(*(table_of(PhoneNumber).c[name] for name in ("id", "e164", "tail", "region", "last4")))
        .where(PhoneNumber.key == bindparam("key"))
        .with_for_update(key_share=True)
    )
)
_known: Final = Statement(lambda _: _BY_NUMBER.where(ContactPoint.number_id == bindparam("number")))
_alike: Final = Statement(
    lambda _: _BY_NUMBER.join(PhoneNumber, PhoneNumber.id == ContactPoint.number_id).where(
        PhoneNumber.tail == bindparam("tail"), PhoneNumber.id != bindparam("number")
    )
)
_numbers: Final = Statement(
    lambda _: (
        select(ContactPoint.raw, PhoneNumber.e164)
        .join(PhoneNumber, PhoneNumber.id == ContactPoint.number_id)
        .where(ContactPoint.customer_id == bindparam("customer"))
        .order_by(ContactPoint.is_primary.desc(), ContactPoint.created_at)
    )
)
_last_talk: Final = Statement(
    lambda _: (
        select(User.display_name, OutcomeCode.code)
        .select_from(SegmentRow)
        .join(CallRow, CallRow.id == SegmentRow.call_id)
        .join(User, User.id == SegmentRow.agent_id)
        .outerjoin(OutcomeRow, OutcomeRow.segment_id == SegmentRow.id)
        .outerjoin(OutcomeCode, OutcomeCode.id == OutcomeRow.code_id)
        .where(CallRow.customer_id == bindparam("customer"))
        .where(CallRow.answered_at.is_not(None), SegmentRow.answered_at.is_not(None))
        .order_by(CallRow.started_at.desc(), SegmentRow.seq.desc())
        .limit(1)
    )
)
_ties: Final = Statement(
    lambda _: (
        select(Customer.name, Customer.organisation, Customer.owner_id, Customer.team_id, CustomerLink.role)
        .join(CustomerLink, CustomerLink.organisation_id == Customer.id)
        .where(CustomerLink.person_id == bindparam("customer"), Customer.merged_into.is_(None))
        .order_by(CustomerLink.is_primary.desc(), CustomerLink.id)
        .limit(_TIES_AT_MOST)
    )
)
_add_customer: Final = inserting(Customer)
_add_contact_point: Final = inserting(ContactPoint)
_FRESH: Final[dict[str, Any]] = {
    "kind": "person",
    "status": "new",
    "vip": False,
    "calls": 0,
    "version": 1,
    **dict.fromkeys(("name", "organisation", "email", "address", "note", "language", "search_text"), ""),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """``card`` is None while several customers have the number and nobody has chosen, and for withheld numbers.

    ``fresh``: the card was made for this call, which is counted on it already.
    """

    number_id: UUID | None
    card: Card | None
    candidates: tuple[Candidate, ...]
    fresh: bool = False


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
    known = [card(session, row, number) for row in _known(session, {"number": number_id})]
    reason = "same_number" if known else "first_contact"
    known = known or [_new_card(session, number_id, number, now)]
    candidates = [Candidate(card=c, match=Match.KNOWN, reason=reason) for c in known]
    if number.tail and reason == "first_contact":
        alike = _alike(session, {"number": number_id, "tail": number.tail})
        others = [card(session, row) for row in alike if row.id not in {c.id for c in known}]
        candidates += [Candidate(card=c, match=Match.MAYBE, reason="similar_number") for c in others]
    only = known[0] if len(known) == 1 else None
    return Identified(
        number_id=number_id,
        card=only,
        candidates=tuple(candidates[:_OFFERED_AT_MOST]),
        fresh=reason == "first_contact",
    )


def number_row(session: Session, number: phone.Phone) -> UUID:
    """The row of a number, made or mended if need be and locked until the commit. One that is as it should be is not
    written: that would rewrite its indexes too."""
    known = {"e164": number.e164, "tail": number.tail, "region": number.region, "last4": last4(number.key)}
    found = _number(session, {"key": number.key})
    if found and all(getattr(found[0], name) == value for name, value in known.items()):
        row: UUID = found[0].id
        return row
    return upsert(session, PhoneNumber, {"key": number.key}, known)


def last4(key: str) -> str:
    """The last four digits of a number's key, by which an agent finds it."""
    return "".join(c for c in key if c.isdigit())[-4:]


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
    living = [(standing_for(session, c.id), m, r) for c, m, r in rows]
    candidates = tuple(Candidate(card=card(session, c), match=Match(m), reason=r) for c, m, r in living if c)
    chosen = standing_for(session, customer_id) if customer_id else None
    return Identified(number_id=None, card=card(session, chosen) if chosen else None, candidates=candidates)


def standing_for(session: Session, customer_id: UUID) -> Customer | None:
    """The card, or the one it was merged into."""
    customer = session.get(Customer, customer_id)
    while customer and customer.merged_into:
        customer = session.get(Customer, customer.merged_into)
    return customer


def card(session: Session, customer: Any, read: phone.Phone | None = None) -> Card:
    """A customer's row in brief, as a pop shows it. ``read``: a number that has been read already: it takes longer than
    all the rows."""
    numbers = _numbers(session, {"customer": customer.id})
    last = _last_talk(session, {"customer": customer.id}) if customer.calls else []
    agent, outcome = (last[0].display_name, last[0].code or "") if last else ("", "")
    ties = _ties(session, {"customer": customer.id}) if getattr(customer, "tied", True) else []
    return Card(
        id=customer.id,
        kind=customer.kind,
        name=customer.name,
        organisation=customer.organisation,
        status=customer.status,
        vip=customer.vip,
        provisional=customer.provisional,
        numbers=tuple(
            read.grouped if read and e164 and e164 == read.e164 else phone.parse(e164 or raw, "ZZ").grouped
            for raw, e164 in numbers
        ),
        last_contact_at=customer.last_contact_at,
        last_agent=agent,
        last_outcome=outcome,
        calls=customer.calls,
        owner_id=customer.owner_id,
        team_id=customer.team_id,
        works_for=tuple(_tie(t) for t in ties),
    )


def _tie(row: Any) -> Tie:
    name = row.name or row.organisation
    return Tie(organisation=name, role=row.role, owner_id=row.owner_id, team_id=row.team_id)


def _new_card(session: Session, number_id: UUID, number: phone.Phone, now: datetime) -> Card:
    customer = new_id()
    named: dict[str, Any] = {"id": customer, "provisional": True, "extra": {}, "calls": 1, "last_contact_at": now}
    named |= {"created_at": now, "updated_at": now}
    _add_customer(session, _FRESH | named)
    point = {"id": new_id(), "customer_id": customer, "number_id": number_id, "created_at": now}
    point |= {"raw": number.raw, "extension": number.extension, "label": "", "note": ""}
    _add_contact_point(session, point | {"is_primary": True, "shared": False})
    return Card(
        id=customer,
        kind="person",
        name="",
        organisation="",
        status="new",
        vip=False,
        provisional=True,
        numbers=(number.grouped,),
        last_contact_at=None,
        last_agent="",
        last_outcome="",
        calls=0,
    )
