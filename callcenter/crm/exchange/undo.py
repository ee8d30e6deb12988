"""An import taken back. What people did since is theirs: it stays, and is named."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from callcenter.crm import customers, find, points, ways
from callcenter.crm.exchange.decide import Fate
from callcenter.crm.exchange.reach import Reach
from callcenter.crm.models.cards import CardWord, StatusChange
from callcenter.crm.models.customers import ContactPoint, ContactWay, Customer
from callcenter.crm.models.imports import ImportRow

WRITTEN: Final = (Fate.CREATED, Fate.UPDATED)


def batch(session: Session, import_id: UUID, size: int, reach: Reach, now: datetime) -> dict[str, int]:
    """Undoes the last ``size`` rows that are not undone yet; how many ended how. Empty: all is undone.

    ``removed`` and ``restored`` are as before; ``partly:…`` and ``kept:…`` name why not.
    """
    rows = session.scalars(
        select(ImportRow)
        .where(ImportRow.import_id == import_id, ImportRow.fate.in_(WRITTEN), ImportRow.undone == "")
        .order_by(ImportRow.n.desc())
        .limit(size)
    )
    counts: dict[str, int] = {}
    for row in list(rows):
        row.undone = _undo(session, row, reach, now)
        counts[row.undone] = counts.get(row.undone, 0) + 1
    return counts


def _undo(session: Session, row: ImportRow, reach: Reach, now: datetime) -> str:
    card = session.get(Customer, row.customer_id, with_for_update=True) if row.customer_id else None
    if card is None:
        return "kept:gone"
    if card.merged_into:
        return "kept:merged"
    if not reach.writes(card):
        return "kept:not_yours"
    return _remove(session, row, card) if row.fate == Fate.CREATED else _restore(session, row, card, (reach, now))


def _remove(session: Session, row: ImportRow, card: Customer) -> str:
    """A card that nobody wrote on, called about or promised anything to since."""
    if card.version != row.version:
        return "kept:changed_since"
    if card.calls or card.last_contact_at:
        return "kept:in_use"
    try:
        with session.begin_nested():
            session.execute(delete(ContactPoint).where(ContactPoint.customer_id == card.id))
            session.execute(delete(ContactWay).where(ContactWay.customer_id == card.id))
            session.execute(update(ImportRow).where(ImportRow.customer_id == card.id).values(customer_id=None))
            words = list(session.scalars(select(CardWord.word).where(CardWord.customer_id == card.id)))
            session.execute(delete(CardWord).where(CardWord.customer_id == card.id))
            session.execute(delete(StatusChange).where(StatusChange.customer_id == card.id))
            find.forget(session, words)
            session.execute(delete(Customer).where(Customer.id == card.id))
    except IntegrityError:
        return "kept:in_use"
    session.expunge(card)
    return "removed"


def _restore(session: Session, row: ImportRow, card: Customer, made: tuple[Reach, datetime]) -> str:
    reach, now = made
    status = card.status
    before: Mapping[str, Any] = row.before or {"values": {}, "provisional": False, "version": 0}
    untouched = card.version == row.version
    back = {name: old for name, (old, new) in before["values"].items() if getattr(card, name) == new}
    for name, value in back.items():
        if name in ways.FIELDS:
            ways.take_field(session, card.id, name, str(value), now)
        else:
            setattr(card, name, value)
    gone = _take_off(session, card.id, row.points)
    card.version, card.updated_at = card.version + 1, now
    customers.rewritten(session, card)
    if card.status != status:
        moved = StatusChange(customer_id=card.id, old=status, new=card.status, by_id=reach.person, at=now)
        session.add(moved)
    if untouched:
        card.provisional = before["provisional"]
        _hand_on(session, row, before["version"], card.version)
        return "restored"
    whole = len(back) == len(before["values"]) and gone == len(row.points)
    return "restored" if whole else "partly:changed_since" if back or gone else "kept:changed_since"


def _take_off(session: Session, card: UUID, put: list[str]) -> int:
    """The numbers the row put on the card; how many were still there."""
    found = [p for p in (session.get(ContactPoint, UUID(point)) for point in put) if p and p.customer_id == card]
    for point in found:
        session.delete(point)
    session.flush()
    left = points.of(session, [card])[card]
    if left and not any(point.is_primary for point, _ in left):
        left[0][0].is_primary = True
    return len(found)


def _hand_on(session: Session, row: ImportRow, before: int, now: int) -> None:
    """Earlier rows of this import on the same card knew it by the version that is back now under another number."""
    session.execute(
        update(ImportRow)
        .where(
            ImportRow.import_id == row.import_id,
            ImportRow.customer_id == row.customer_id,
            ImportRow.n < row.n,
            ImportRow.version == before,
        )
        .values(version=now)
    )
