"""Notes, tags and links of cards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from callcenter.crm import customers, hiding_policy, passages
from callcenter.crm.customers import Made
from callcenter.crm.fold import fold
from callcenter.crm.models.cards import CustomerLink, CustomerTag, NoteRow
from callcenter.crm.models.customers import Customer
from callcenter.crm.rights import Actor
from callcenter.crm.visible import narrow
from callcenter.errors import Forbidden, Invalid, NotFound

_TAGS_AT_MOST: Final = 30
_SUGGESTED: Final = 20


def write(session: Session, customer: Customer, text: str, pinned: bool, made: Made) -> UUID:
    """A new note."""
    note = NoteRow(customer_id=customer.id, text=hiding_policy.hide(session, text), pinned=pinned, created_at=made.at)
    note.author_id = made.by.id if made.by else None
    session.add(note)
    customers.worked_on(customer, made)
    session.flush()
    index(session, note)
    return note.id


def note(session: Session, note_id: UUID, actor: Actor) -> NoteRow:
    """A note on a card the actor may see. Raises NotFound."""
    found = session.get(NoteRow, note_id)
    if found is None or not customers.seen(session, found.customer_id, actor):
        raise NotFound("no such note")
    return found


def rewrite(session: Session, note_id: UUID, values: Mapping[str, Any], made: Made) -> NoteRow:
    """Its author changes the words; whoever may write on the card pins it. Raises NotFound, Forbidden."""
    if made.by is None:
        raise NotFound("no such note")
    found = note(session, note_id, made.by)
    if "text" in values and values["text"] != found.text:
        if found.author_id != made.by.id:
            raise Forbidden("a colleague wrote this; add a note of your own")
        found.text, found.edited_at = hiding_policy.hide(session, values["text"]), made.at
    found.pinned = values.get("pinned", found.pinned)
    found.version += 1
    session.flush()
    index(session, found)
    return found


def remove(session: Session, note_id: UUID, actor: Actor) -> UUID:
    """Takes one's own note away; the card it was on. Raises NotFound, Forbidden."""
    found = note(session, note_id, actor)
    if found.author_id != actor.id:
        raise Forbidden("a colleague wrote this")
    session.delete(found)
    return found.customer_id


def tags_of(session: Session, cards: Sequence[UUID]) -> list[str]:
    rows = session.scalars(select(CustomerTag).where(CustomerTag.customer_id.in_(cards)).order_by(CustomerTag.folded))
    return list({row.folded: row.tag for row in rows}.values())


def set_tags(session: Session, customer: Customer, wanted: Sequence[str], made: Made) -> None:
    """The card's tags from now on. One tag in two spellings is one. Raises Invalid."""
    new = {fold(tag): " ".join(tag.split()) for tag in wanted if fold(tag)}
    if len(new) > _TAGS_AT_MOST:
        raise Invalid("too many tags", fields={"tags": "too_long"})
    there = {row.folded: row for row in session.scalars(_own_tags(customer.id))}
    for folded in there.keys() - new.keys():
        session.delete(there[folded])
    for folded in new.keys() - there.keys():
        session.add(CustomerTag(customer_id=customer.id, folded=folded, tag=new[folded]))
    customers.worked_on(customer, made)
    session.flush()


def suggested(session: Session, begun: str, actor: Actor) -> list[tuple[str, int]]:
    """Tags in use that begin so, with how many cards the actor sees that have them, the most used first."""
    count = func.count().label("cards")
    found = (
        select(func.min(CustomerTag.tag), count)
        .join(Customer, Customer.id == CustomerTag.customer_id)
        .where(CustomerTag.folded.startswith(fold(begun), autoescape=True))
        .group_by(CustomerTag.folded)
        .order_by(count.desc(), CustomerTag.folded)
        .limit(_SUGGESTED)
    )
    return [(tag, cards) for tag, cards in session.execute(narrow(found, actor, Customer))]


def links_of(session: Session, cards: Sequence[UUID]) -> list[CustomerLink]:
    """What the card is to others and others to it, the primary ones first."""
    either = or_(CustomerLink.person_id.in_(cards), CustomerLink.organisation_id.in_(cards))
    return list(
        session.scalars(select(CustomerLink).where(either).order_by(CustomerLink.is_primary.desc(), CustomerLink.id))
    )


def link(session: Session, person: Customer, organisation: Customer, values: Mapping[str, Any]) -> UUID:
    """Ties a person to an organisation. Raises Invalid when it is the wrong way round or tied already."""
    if (person.kind, organisation.kind) != ("person", "organisation"):
        raise Invalid("a person is tied to an organisation", fields={"organisation_id": "not_allowed"})
    since, until = values.get("valid_from"), values.get("valid_until")
    if since and until and until < since:
        raise Invalid("the end is before the beginning", fields={"valid_until": "out_of_range"})
    same = select(CustomerLink.id).where(
        CustomerLink.person_id == person.id,
        CustomerLink.organisation_id == organisation.id,
        CustomerLink.role == values.get("role", ""),
    )
    if session.scalar(same):
        raise Invalid("they are tied so already", fields={"organisation_id": "already_there"})
    if values.get("is_primary"):
        for row in session.scalars(select(CustomerLink).where(CustomerLink.person_id == person.id)):
            row.is_primary = False
    made = CustomerLink(person_id=person.id, organisation_id=organisation.id, **values)
    session.add(made)
    session.flush()
    return made.id


def unlink(session: Session, link_id: UUID, actor: Actor) -> CustomerLink:
    """Unties. Raises NotFound, also where the actor may not see both cards."""
    found = session.get(CustomerLink, link_id)
    if found is None:
        raise NotFound("no such link")
    if not all(customers.seen(session, card, actor) for card in (found.person_id, found.organisation_id)):
        raise NotFound("no such link")
    session.delete(found)
    return found


def holds(row: CustomerLink, today: date) -> bool:
    """Whether it is so on that day."""
    return (row.valid_from is None or row.valid_from <= today) and (row.valid_until is None or today <= row.valid_until)


def _own_tags(customer: UUID) -> Any:
    return select(CustomerTag).where(CustomerTag.customer_id == customer)


def index(session: Session, row: NoteRow) -> None:
    """Makes its words found."""
    words = passages.Found(kind=passages.NOTE, source=row.id, call=None, at=row.created_at, text=row.text)
    passages.put(session, [words])
