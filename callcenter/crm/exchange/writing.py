"""A batch of rows written: a few statements for all of them, in one short transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from callcenter.crm import customers, find, matching, ways
from callcenter.crm.exchange.decide import Fate, Known, Rule, Verdict, decide
from callcenter.crm.exchange.draft import EMPTY, Draft
from callcenter.crm.exchange.reach import Reach
from callcenter.crm.fold import fold
from callcenter.crm.handles import WayKind
from callcenter.crm.identify import last4
from callcenter.crm.models.cards import StatusChange
from callcenter.crm.models.customers import ContactPoint, ContactWay, Customer, PhoneNumber
from callcenter.crm.models.imports import ImportRow
from callcenter.ids import new_id
from callcenter.phone import Phone

FIELDS: Final = ("kind", "name", "organisation", "status", "vip", "email", "address", "note", "language")
_SEARCHED: Final = ("name", "organisation", "email")
_AGAIN: Final = {"populate_existing": True}
_FRESH: Final[dict[str, Any]] = {
    "kind": "person",
    "status": "new",
    "vip": False,
    "calls": 0,
    "version": 1,
    "provisional": False,
    **dict.fromkeys(("name", "organisation", "email", "address", "note", "language"), ""),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of the file, read. ``n`` is its line in the sheet."""

    n: int
    cells: Sequence[str]
    draft: Draft


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Which import, under which rule, for whom."""

    id: UUID
    rule: Rule
    reach: Reach
    at: datetime


@dataclass(slots=True)
class _Batch:
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


def write(session: Session, rows: Sequence[Row], task: Task) -> dict[str, int]:
    """Writes them; how many rows met each fate."""
    good = [row.draft for row in rows if not row.draft.refused]
    batch = _Batch(numbers=_number_rows(session, {n.key: n for draft in good for n, _ in draft.numbers}))
    _load(session, batch, good, task)
    for row in rows:
        _settle(batch, row, task)
    if batch.customers:
        session.execute(insert(_table(Customer)), list(batch.customers.values()))
    _change(session, batch.changed)
    _reach_new(session, batch, task.at)
    for card in session.scalars(select(Customer).where(Customer.id.in_(batch.changed)).execution_options(**_AGAIN)):
        for name, text in batch.reached.get(card.id, {}).items():
            ways.take_field(session, card.id, name, text, task.at)
        customers.rewritten(session, card)
    if batch.statuses:
        session.execute(insert(_table(StatusChange)), batch.statuses)
    if batch.points:
        session.execute(insert(_table(ContactPoint)), batch.points)
    session.execute(insert(_table(ImportRow)), batch.rows)
    counts: dict[str, int] = {}
    for made in batch.rows:
        counts[made["fate"]] = counts.get(made["fate"], 0) + 1
    return counts


def _reach_new(session: Session, batch: _Batch, at: datetime) -> None:
    """The ways of new cards, and the words by which those are found."""
    made = {card: ways.rows_for(card, values, at) for card, values in batch.customers.items()}
    if rows := [row for some in made.values() for row in some]:
        session.execute(insert(_table(ContactWay)), rows)
    words = {}
    for card, values in batch.customers.items():
        whole, places = ways.spoken((row["kind"], row["key"]) for row in made[card])
        words[card] = matching.words_of(values["name"], values["organisation"], *whole, places=places)
    find.index_new(session, words)


def _settle(batch: _Batch, row: Row, task: Task) -> None:
    draft = row.draft
    numbers = {number.key: (number, label) for number, label in draft.numbers}
    if draft.refused:
        fate = Fate.SKIPPED if draft.refused == EMPTY else Fate.REFUSED
        verdict = Verdict(fate=fate, reason=draft.refused)
    else:
        verdict = decide(draft.values, list(numbers), batch.matches(draft), task.rule)
    line: dict[str, Any] = {
        "import_id": task.id,
        "n": row.n,
        "fate": str(verdict.fate),
        "reason": verdict.reason,
        "customer_id": verdict.customer,
        "version": 0,
        "points": [],
        "doubts": [[doubt.column, doubt.reason] for doubt in draft.doubts],
        "cells": list(row.cells) if verdict.fate is Fate.REFUSED else None,
        "before": None,
        "undone": "",
    }
    if verdict.fate is Fate.CREATED:
        line |= _created(batch, verdict, numbers, task)
    elif verdict.fate is Fate.UPDATED:
        line |= _updated(batch, verdict, numbers, task)
    batch.rows.append(line)


def _created(batch: _Batch, verdict: Verdict, numbers: Mapping[str, tuple[Phone, str]], task: Task) -> dict[str, Any]:
    customer = new_id()
    values = _FRESH | dict(verdict.changes)
    batch.customers[customer] = values | {
        "id": customer,
        "search_text": _search_text(values),
        "created_at": task.at,
        "updated_at": task.at,
        **task.reach.claim(),
    }
    points = _put(batch, customer, [numbers[key] for key in verdict.adds], task.at, first=True)
    known = Known(id=customer, values=values, numbers=frozenset(numbers), provisional=False, version=1, ours=True)
    batch.knows(known, numbers, values["email"])
    return {"customer_id": customer, "version": 1, "points": points}


def _updated(batch: _Batch, verdict: Verdict, numbers: Mapping[str, tuple[Phone, str]], task: Task) -> dict[str, Any]:
    known = batch.cards[cast(UUID, verdict.customer)]
    values = dict(known.values) | dict(verdict.changes)
    version = known.version + 1
    now = {"provisional": False, "version": version, "updated_at": task.at, "search_text": _search_text(values)}
    changed = {name: values[name] for name in FIELDS} | now
    if known.id in batch.customers:
        batch.customers[known.id] |= changed
    else:
        batch.changed[known.id] = changed
        addresses = {name: str(verdict.changes[name]) for name in ways.FIELDS if name in verdict.changes}
        batch.reached.setdefault(known.id, {}).update(addresses)
    points = _put(batch, known.id, [numbers[key] for key in verdict.adds], task.at, first=not known.numbers)
    after = Known(
        id=known.id,
        values=values,
        numbers=known.numbers | set(verdict.adds),
        provisional=False,
        version=version,
        ours=known.ours,
        writable=known.writable,
    )
    batch.knows(after, verdict.adds, str(values["email"]))
    if known.values["status"] != values["status"]:
        moved = {"old": known.values["status"], "new": values["status"], "by_id": task.reach.person, "at": task.at}
        batch.statuses.append({"id": new_id(), "customer_id": known.id, **moved})
    before = {
        "values": {name: [known.values[name], new] for name, new in verdict.changes.items()},
        "provisional": known.provisional,
        "version": known.version,
    }
    return {"version": version, "points": points, "before": before}


def _put(
    batch: _Batch, customer: UUID, numbers: Sequence[tuple[Phone, str]], at: datetime, *, first: bool
) -> list[str]:
    made: list[str] = []
    for place, (number, label) in enumerate(numbers):
        point = new_id()
        made.append(str(point))
        batch.points.append(
            {
                "id": point,
                "customer_id": customer,
                "number_id": batch.numbers[number.key],
                "raw": number.raw[:200],
                "extension": number.extension,
                "label": label,
                "is_primary": first and place == 0,
                "created_at": at,
            }
        )
    return made


def _number_rows(session: Session, numbers: Mapping[str, Phone]) -> dict[str, UUID]:
    """The rows of the numbers, made where need be and locked until the commit, always in one order."""
    if not numbers:
        return {}
    values = [
        {"id": new_id(), "key": key, "e164": n.e164, "tail": n.tail, "region": n.region, "last4": last4(key)}
        for key, n in sorted(numbers.items())
    ]
    build = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    made = build(_table(PhoneNumber)).values(values)
    kept = made.on_conflict_do_update(index_elements=["key"], set_={"tail": made.excluded.tail})
    table = _table(PhoneNumber).c
    return {key: row for row, key in session.execute(kept.returning(table.id, table.key))}


def _load(session: Session, batch: _Batch, drafts: Sequence[Draft], task: Task) -> None:
    """Every card that one of the rows may mean."""
    keys = {number.key: batch.numbers[number.key] for draft in drafts for number, _ in draft.numbers if number.e164}
    living = Customer.merged_into.is_(None)
    on_number = select(ContactPoint.customer_id, ContactPoint.number_id).where(
        ContactPoint.number_id.in_(list(keys.values()))
    )
    by_card: dict[UUID, set[UUID]] = {}
    for holder, number in session.execute(on_number):
        by_card.setdefault(holder, set()).add(number)
    emails = {str(d.values["email"]).lower() for d in drafts if d.values.get("email")}
    on_email = select(ContactWay.customer_id, ContactWay.key).where(
        ContactWay.key.in_(emails), ContactWay.kind == WayKind.EMAIL
    )
    named: dict[UUID, set[str]] = {}
    for holder, email in session.execute(on_email) if emails else ():
        named.setdefault(holder, set()).add(email)
    meant = select(Customer).where(Customer.id.in_({*by_card, *named}), living).order_by(Customer.id).with_for_update()
    cards = {card.id: card for card in session.scalars(meant)}
    ours = _made_here(session, task.id, cards)
    numbers = _numbers_on(session, cards)
    for card in cards.values():
        known = Known(
            id=card.id,
            values={name: getattr(card, name) for name in FIELDS},
            numbers=frozenset(numbers.get(card.id, ())),
            provisional=card.provisional,
            version=card.version,
            ours=card.id in ours,
            writable=task.reach.writes(card),
        )
        batch.knows(known, known.numbers, *named.get(card.id, ()))


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


def _change(session: Session, changed: Mapping[UUID, Mapping[str, Any]]) -> None:
    if not changed:
        return
    table = _table(Customer)
    names = next(iter(changed.values()))
    statement = (
        update(table).where(table.c.id == bindparam("card")).values({name: bindparam(f"new_{name}") for name in names})
    )
    session.connection().execute(
        statement, [{"card": card, **{f"new_{n}": v for n, v in values.items()}} for card, values in changed.items()]
    )


def _search_text(values: Mapping[str, Any]) -> str:
    return fold(" ".join(str(values[name] or "") for name in _SEARCHED))


def _table(kind: type[Any]) -> Table:
    return cast(Table, kind.__table__)
