"""Notes, links, moves and merges of cards as the API answers them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.api import Answer
from callcenter.crm import merge
from callcenter.crm.models.cards import CustomerLink, NoteRow, StatusChange
from callcenter.crm.models.customers import Customer
from callcenter.crm.models.office import Audit
from callcenter.crm.models.people import User
from callcenter.crm.notes import holds, links_of
from callcenter.crm.rights import Actor
from callcenter.crm.schemas import Person
from callcenter.crm.visible import narrow


class Change(StrEnum):
    """Verbs of the trail that tell how a card became what it is."""

    CREATE = "create"
    CHANGE = "change"
    ADD_NUMBER = "add_number"
    CHANGE_NUMBER = "change_number"
    REMOVE_NUMBER = "remove_number"
    ADD_WAY = "add_way"
    CHANGE_WAY = "change_way"
    REMOVE_WAY = "remove_way"
    TAG = "tag"
    LINK = "link"
    UNLINK = "unlink"
    MERGE = "merge"
    UNDO_MERGE = "undo_merge"


CHANGES: Final = frozenset(map(str, Change))


class NoteAnswer(Answer):
    id: UUID
    text: str
    pinned: bool
    author: Person | None
    created_at: datetime
    edited_at: datetime | None
    version: int


class StatusMove(Answer):
    """Codes of statuses."""

    old: str
    new: str
    by: Person | None


class ChangeAnswer(Answer):
    """``what`` was done to the card, and to which of its ``fields``."""

    what: Change
    fields: list[str]
    by: Person | None


class LinkAnswer(Answer):
    """``customer`` is the other card: an organisation of a person, a person of an organisation. ``current``: today."""

    id: UUID
    customer: UUID
    kind: str
    name: str
    role: str
    is_primary: bool
    valid_from: date | None
    valid_until: date | None
    current: bool


class MergeAnswer(Answer):
    """A merge that can still be undone."""

    id: UUID
    name: str
    at: datetime
    by: Person | None


def notes(session: Session, rows: Sequence[NoteRow]) -> list[NoteAnswer]:
    people = _people(session, (row.author_id for row in rows))
    return [
        NoteAnswer(
            id=row.id,
            text=row.text,
            pinned=row.pinned,
            author=people.get(row.author_id) if row.author_id else None,
            created_at=row.created_at,
            edited_at=row.edited_at,
            version=row.version,
        )
        for row in rows
    ]


def pinned(session: Session, cards: Sequence[UUID]) -> list[NoteAnswer]:
    """What somebody pinned, the newest first."""
    found = select(NoteRow).where(NoteRow.customer_id.in_(cards), NoteRow.pinned)
    return notes(session, list(session.scalars(found.order_by(NoteRow.created_at.desc()).limit(20))))


def moves(session: Session, rows: Sequence[StatusChange]) -> list[StatusMove]:
    people = _people(session, (row.by_id for row in rows))
    return [StatusMove(old=r.old, new=r.new, by=people.get(r.by_id) if r.by_id else None) for r in rows]


def changes(session: Session, rows: Sequence[Audit]) -> list[ChangeAnswer]:
    people = _people(session, (row.actor_id for row in rows))
    return [
        ChangeAnswer(
            what=Change(row.verb),
            fields=list(row.details.get("fields", ())),
            by=people.get(row.actor_id) if row.actor_id else None,
        )
        for row in rows
    ]


def links(session: Session, cards: Sequence[UUID], actor: Actor, today: date) -> list[LinkAnswer]:
    """Those whose other card the actor may see."""
    rows = links_of(session, cards)
    other = {row.id: row.organisation_id if row.person_id in cards else row.person_id for row in rows}
    found = select(Customer).where(Customer.id.in_(other.values()))
    known = {card.id: card for card in session.scalars(narrow(found, actor, Customer))}
    return [_link(row, known[other[row.id]], today) for row in rows if other[row.id] in known]


def merges(session: Session, customer: UUID, now: datetime) -> list[MergeAnswer]:
    rows = merge.undoable(session, customer, now)
    people = _people(session, (row.by_id for row in rows))
    losers = {c.id: c for c in session.scalars(select(Customer).where(Customer.id.in_([r.loser_id for r in rows])))}
    return [
        MergeAnswer(
            id=row.id,
            name=losers[row.loser_id].name or losers[row.loser_id].organisation,
            at=row.at,
            by=people.get(row.by_id) if row.by_id else None,
        )
        for row in rows
    ]


def _link(row: CustomerLink, other: Customer, today: date) -> LinkAnswer:
    return LinkAnswer(
        id=row.id,
        customer=other.id,
        kind=other.kind,
        name=other.name or other.organisation,
        role=row.role,
        is_primary=row.is_primary,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        current=holds(row, today),
    )


def _people(session: Session, ids: Iterable[UUID | None]) -> dict[UUID, Person]:
    wanted = {i for i in ids if i}
    if not wanted:
        return {}
    return {u.id: Person.model_validate(u) for u in session.scalars(select(User).where(User.id.in_(wanted)))}
