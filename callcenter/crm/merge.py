"""Two cards made one, softly: nothing is thrown away, so that it can be undone for a month.

The loser points at the survivor and keeps its calls, tasks and notes, as everything was recorded with it; who reads the
survivor reads the whole family. Only numbers move, because a ringing phone asks by them and must find one card.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.crm import customers, retro, ways
from callcenter.crm.customers import Made
from callcenter.crm.models.cards import MergeRow
from callcenter.crm.models.customers import ContactPoint, Customer
from callcenter.crm.rights import Actor
from callcenter.errors import Invalid, NotFound, Refused

UNDONE_WITHIN: Final = timedelta(days=30)
CHOSEN: Final = (
    *("kind", "name", "organisation", "status", "vip", "email"),
    *("address", "note", "language", *customers.WHOSE),
)
"""Fields of which the one or the other card's value stays."""
_PLAIN: Final = tuple(name for name in CHOSEN if name not in ways.FIELDS)
_KEPT: Final = (*_PLAIN, "extra")
"""Of the call center's own fields the one that stays keeps what it says, and takes what only the other says."""


def merge(session: Session, kept: UUID, gone: UUID, take: frozenset[str], made: Made) -> MergeRow:
    """Makes ``gone`` a part of ``kept``, whose fields named in ``take`` get the other's values.

    Raises NotFound for a card the actor may not see, Refused when somebody else merged one of them meanwhile.
    """
    survivor, loser = _both(session, kept, gone, made.by)
    before = {name: _plain(getattr(survivor, name)) for name in _KEPT}
    survivor.extra = {**loser.extra, **survivor.extra}
    for name in take.difference(ways.FIELDS):
        setattr(survivor, name, getattr(loser, name))
    moved = _move_numbers(session, loser, survivor)
    reached = _move_ways(session, loser, survivor, take, made.at)
    row = MergeRow(loser_id=loser.id, survivor_id=survivor.id, by_id=made.by.id if made.by else None, at=made.at)
    row.snapshot = {
        "before": before,
        "after": {name: _plain(getattr(survivor, name)) for name in _KEPT},
        "moved": moved,
        "ways": reached,
        "whose": {name: _plain(getattr(loser, name)) for name in customers.WHOSE},
        "provisional": survivor.provisional,
    }
    loser.merged_into = survivor.id
    loser.version += 1
    session.add(row)
    customers.touched(survivor, made)
    _settle(session, survivor)
    return row


def undo(session: Session, merge_id: UUID, made: Made) -> MergeRow:
    """Makes them two again. What was written on the survivor since stays there. Raises NotFound, Refused."""
    row = session.get(MergeRow, merge_id, with_for_update=True)
    if row is None or made.by is None:
        raise NotFound("no such merge")
    if not customers.seen(session, row.survivor_id, made.by):
        raise NotFound("no such merge")
    if row.undone_at is not None:
        raise Refused("this was undone already", code="merge_undone")
    if not row.snapshot or made.at - row.at > UNDONE_WITHIN:
        raise Refused("this is too long ago to be undone", code="merge_too_old")
    survivor, loser = _pair(session, row.survivor_id, row.loser_id)
    if survivor.merged_into is not None:
        raise Refused("the card was merged again; undo that first", code="merged_again")
    _give_back(session, row.snapshot, survivor, loser)
    row.undone_at, row.undone_by_id = made.at, made.by.id
    customers.touched(survivor, made)
    survivor.provisional = bool(row.snapshot["provisional"])
    _settle(session, survivor)
    _settle(session, loser)
    return row


def undoable(session: Session, customer: UUID, now: datetime) -> list[MergeRow]:
    """Merges of the card that can still be undone, the newest first."""
    found = select(MergeRow).where(
        MergeRow.survivor_id == customer, MergeRow.undone_at.is_(None), MergeRow.at > now - UNDONE_WITHIN
    )
    return list(session.scalars(found.order_by(MergeRow.at.desc(), MergeRow.id.desc())))


def _both(session: Session, kept: UUID, gone: UUID, actor: Actor | None) -> tuple[Customer, Customer]:
    if kept == gone:
        raise Invalid("a card cannot be merged with itself", fields={"other_id": "not_allowed"})
    for card in (kept, gone):
        _ = customers.get(session, card, actor) if actor else customers.whoever(session, card)
    survivor, loser = _pair(session, kept, gone)
    if survivor.merged_into or loser.merged_into:
        raise Refused("one of the cards was merged meanwhile; look again", code="already_merged")
    return survivor, loser


def _pair(session: Session, kept: UUID, gone: UUID) -> tuple[Customer, Customer]:
    """Both, locked in one order everywhere, so that two who merge the same cards crosswise wait and do not choke."""
    ordered = select(Customer).where(Customer.id.in_([kept, gone])).order_by(Customer.id).with_for_update()
    rows = {row.id: row for row in session.scalars(ordered.execution_options(populate_existing=True))}
    return rows[kept], rows[gone]


def _move_numbers(session: Session, loser: Customer, survivor: Customer) -> list[str]:
    has = select(ContactPoint.number_id).where(ContactPoint.customer_id == survivor.id)
    theirs = set(session.scalars(has))
    moved = []
    for point in session.scalars(select(ContactPoint).where(ContactPoint.customer_id == loser.id)).all():
        if point.number_id not in theirs:
            point.customer_id = survivor.id
            moved.append(f"{point.id} {int(point.is_primary)}")
            point.is_primary = point.is_primary and not theirs
    return moved


def _move_ways(
    session: Session, loser: Customer, survivor: Customer, take: frozenset[str], now: datetime
) -> dict[str, list[str]]:
    """Both cards' addresses are on the one that stays; whose is the main one, ``take`` says."""
    before = ways.primary_of(session, survivor.id)
    moved = ways.move(session, loser.id, survivor.id)
    for name in sorted(take.intersection(ways.FIELDS)):
        if text := getattr(loser, name):
            ways.take_field(session, survivor.id, name, text, now)
    return {"moved": moved, "before": before, "after": ways.primary_of(session, survivor.id)}


def _give_back(session: Session, kept: Mapping[str, Any], survivor: Customer, loser: Customer) -> None:
    for name in kept["before"]:
        if kept["before"][name] != kept["after"][name] and _plain(getattr(survivor, name)) == kept["after"][name]:
            setattr(survivor, name, _typed(name, kept["before"][name]))
    for name in customers.WHOSE:
        setattr(loser, name, _typed(name, kept["whose"][name]))
    for told in kept["moved"]:
        point_id, primary = told.split()
        point = session.get(ContactPoint, UUID(point_id))
        if point and point.customer_id == survivor.id:
            point.customer_id, point.is_primary = loser.id, primary == "1"
    ways.give_back(session, survivor.id, loser.id, kept["ways"])
    loser.merged_into = None
    loser.version += 1


def _settle(session: Session, card: Customer) -> None:
    """Counts, words and rights follow."""
    session.flush()
    for member in retro.family(session, card.id)[1:]:
        part = session.get_one(Customer, member)
        part.owner_id, part.team_id = card.owner_id, card.team_id
    retro.recount(session, card)
    customers.rewritten(session, card)
    session.flush()


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value


def _typed(name: str, value: Any) -> Any:
    return UUID(value) if name in customers.WHOSE and value else value
