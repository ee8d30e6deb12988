"""An import taken back. What people did since is theirs: it stays, and is named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from callcenter.crm import customers, find, points, retro, ways
from callcenter.crm.exchange.decide import Fate
from callcenter.crm.exchange.reach import Reach
from callcenter.crm.models.cards import CardWord, LinkedCall, StatusChange
from callcenter.crm.models.customers import ContactPoint, ContactWay, Customer
from callcenter.crm.models.imports import ImportRow
from callcenter.crm.own_fields import OWN

WRITTEN: Final = (Fate.CREATED, Fate.UPDATED)


def batch(session: Session, import_id: UUID, size: int, reach: Reach, now: datetime) -> dict[str, int]:
    """Undoes the last ``size`` rows that are not undone yet; how many ended how. Empty: all is undone.

    ``removed`` and ``restored`` are as before; ``partly:…`` and ``kept:…`` name why not.
    """
    wanted = (
        select(ImportRow)
        .where(ImportRow.import_id == import_id, ImportRow.fate.in_(WRITTEN), ImportRow.undone == "")
        .order_by(ImportRow.n.desc())
        .limit(size)
    )
    rows = list(session.scalars(wanted))
    gone = _remove_untouched(session, rows, reach)
    for row in rows:
        row.undone = "removed" if row.n in gone else _undo(session, row, reach, now)
    return dict(Counter(row.undone for row in rows))


def _remove_untouched(session: Session, rows: Sequence[ImportRow], reach: Reach) -> set[int]:
    """Removes together what is clearly as it was made; which rows. None when one of them is in use after all: each is
    looked at by itself then."""
    made = {row.customer_id: row for row in rows if row.fate == Fate.CREATED and row.customer_id}
    cards = session.scalars(select(Customer).where(Customer.id.in_(made)).with_for_update())
    untouched = {card.id: made[card.id] for card in cards if _as_made(card, made[card.id], reach)}
    put = [UUID(point) for row in untouched.values() for point in row.points]
    if session.scalar(select(LinkedCall.call_id).where(LinkedCall.point_id.in_(put)).limit(1)):
        return set()
    try:
        with session.begin_nested():
            _delete(session, untouched.keys())
    except IntegrityError:
        return set()
    return {row.n for row in untouched.values()}


def _as_made(card: Customer, row: ImportRow, reach: Reach) -> bool:
    return card.version == row.version and not card.merged_into and not card.calls and reach.writes(card)


def _delete(session: Session, cards: Collection[UUID]) -> None:
    """Raises IntegrityError when something else hangs on one of them."""
    words = list(session.scalars(select(CardWord.word).where(CardWord.customer_id.in_(cards)).distinct()))
    session.execute(update(ImportRow).where(ImportRow.customer_id.in_(cards)).values(customer_id=None))
    for kind in (ContactPoint, ContactWay, CardWord, StatusChange):
        session.execute(delete(kind).where(kind.customer_id.in_(cards)))
    find.forget(session, words)
    session.execute(delete(Customer).where(Customer.id.in_(cards)))


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
    try:
        with session.begin_nested():
            _give_back(session, card, [UUID(point) for point in row.points])
            if card.calls or card.last_contact_at:
                raise _InUse
            _delete(session, [card.id])
    except (IntegrityError, _InUse):
        return "kept:in_use"
    session.expunge(card)
    return "removed"


class _InUse(Exception):
    """Somebody called since: what was given back is taken again."""


def _give_back(session: Session, card: Customer, put: Sequence[UUID]) -> None:
    """Calls that came with the numbers go where they were, callers who were absorbed come back."""
    for point in set(session.scalars(select(LinkedCall.point_id).where(LinkedCall.point_id.in_(put)))):
        retro.unlink(session, card, point)


def _restore(session: Session, row: ImportRow, card: Customer, made: tuple[Reach, datetime]) -> str:
    reach, now = made
    status = card.status
    before: Mapping[str, Any] = row.before or {"values": {}, "provisional": False, "version": 0}
    untouched = card.version == row.version
    back = {name: old for name, (old, new) in before["values"].items() if _says(card, name) == new}
    for name, value in back.items():
        if name.startswith(OWN):
            added = {**card.extra, name.removeprefix(OWN): value}
            card.extra = {code: said for code, said in added.items() if said}
        elif name in ways.FIELDS:
            ways.take_field(session, card.id, name, str(value), now)
        else:
            setattr(card, name, value)
    gone = _take_off(session, card, row.points)
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


def _says(card: Customer, name: str) -> Any:
    return card.extra.get(name.removeprefix(OWN), "") if name.startswith(OWN) else getattr(card, name)


def _take_off(session: Session, card: Customer, put: list[str]) -> int:
    """The numbers the row put on the card; how many were still there."""
    found = [p for p in (session.get(ContactPoint, UUID(point)) for point in put) if p and p.customer_id == card.id]
    _give_back(session, card, [point.id for point in found])
    for point in found:
        session.delete(point)
    session.flush()
    left = points.of(session, [card.id])[card.id]
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
