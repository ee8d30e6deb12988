"""A batch of rows written: a few statements for all of them, in one short transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.orm import Session

from callcenter.crm import customers, find, matching, own_fields, retro, ways
from callcenter.crm.exchange.batch import FIELDS, Batch, load
from callcenter.crm.exchange.decide import Fate, Known, Rule, Verdict, decide
from callcenter.crm.exchange.draft import EMPTY, Draft
from callcenter.crm.exchange.reach import Reach
from callcenter.crm.fold import fold
from callcenter.crm.models.calls import CallRow
from callcenter.crm.models.cards import StatusChange
from callcenter.crm.models.customers import ContactPoint, ContactWay, Customer
from callcenter.crm.models.imports import ImportRow
from callcenter.crm.own_fields import OWN
from callcenter.events import CallKey
from callcenter.ids import new_id
from callcenter.phone import Phone

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
    """Which import, under which rule, for whom. ``left_out`` are lines that make no new customer."""

    id: UUID
    rule: Rule
    reach: Reach
    at: datetime
    left_out: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """How many rows met each fate. ``live`` are cards and calls that came to them while they are still followed: whose
    those are goes through the ledger."""

    counts: dict[str, int]
    live: tuple[tuple[UUID, CallKey], ...] = ()


def write(session: Session, rows: Sequence[Row], task: Task) -> Written:
    """Writes them."""
    good = [row.draft for row in rows if not row.draft.refused]
    batch = load(session, good, task.id, task.reach)
    for row in rows:
        _settle(batch, row, task)
    if batch.customers:
        session.execute(insert(_table(Customer)), list(batch.customers.values()))
        _reach_new(session, batch, task.at)
    if batch.changed:
        _change(session, batch, task.at)
    if batch.statuses:
        session.execute(insert(_table(StatusChange)), batch.statuses)
    if batch.points:
        session.execute(insert(_table(ContactPoint)), batch.points)
    session.execute(insert(_table(ImportRow)), batch.rows)
    live = _earlier_calls(session, batch) if batch.points else []
    return Written(counts=dict(Counter(made["fate"] for made in batch.rows)), live=tuple(live))


def _reach_new(session: Session, batch: Batch, at: datetime) -> None:
    """The ways of new cards, and the words by which those are found."""
    made = {card: ways.rows_for(card, values, at) for card, values in batch.customers.items()}
    if rows := [row for some in made.values() for row in some]:
        session.execute(insert(_table(ContactWay)), rows)
    words = {}
    for card, values in batch.customers.items():
        whole, places = ways.spoken((row["kind"], row["key"]) for row in made[card])
        beside = f"{values['organisation']} {own_fields.words(values['extra'])}"
        words[card] = matching.words_of(values["name"], beside, *whole, places=places)
    find.index_new(session, words)


def _settle(batch: Batch, row: Row, task: Task) -> None:
    draft = row.draft
    numbers = {number.key: (number, label) for number, label in draft.numbers}
    if draft.refused:
        fate = Fate.SKIPPED if draft.refused == EMPTY else Fate.REFUSED
        verdict = Verdict(fate=fate, reason=draft.refused)
    else:
        verdict = decide(draft.values, list(numbers), batch.matches(draft), task.rule)
    if verdict.fate is Fate.CREATED and row.n in task.left_out:
        verdict = Verdict(fate=Fate.SKIPPED, reason="same_name")
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


def _created(batch: Batch, verdict: Verdict, numbers: Mapping[str, tuple[Phone, str]], task: Task) -> dict[str, Any]:
    customer = new_id()
    values = _FRESH | dict(verdict.changes)
    batch.customers[customer] = _columns(values) | {
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


def _updated(batch: Batch, verdict: Verdict, numbers: Mapping[str, tuple[Phone, str]], task: Task) -> dict[str, Any]:
    known = batch.cards[cast(UUID, verdict.customer)]
    values = dict(known.values) | dict(verdict.changes)
    version = known.version + 1
    now = {"provisional": False, "version": version, "updated_at": task.at, "search_text": _search_text(values)}
    changed = {name: values[name] for name in FIELDS} | {"extra": own_fields.unnamed(values)} | now
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
        "values": {name: [known.values.get(name, ""), new] for name, new in verdict.changes.items()},
        "provisional": known.provisional,
        "version": known.version,
    }
    return {"version": version, "points": points, "before": before}


def _put(batch: Batch, customer: UUID, numbers: Sequence[tuple[Phone, str]], at: datetime, *, first: bool) -> list[str]:
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


def _change(session: Session, batch: Batch, at: datetime) -> None:
    """The cards that were there before, and what they are found by."""
    table = _table(Customer)
    names = next(iter(batch.changed.values()))
    statement = (
        update(table).where(table.c.id == bindparam("card")).values({name: bindparam(f"new_{name}") for name in names})
    )
    session.connection().execute(
        statement, [{"card": card, **{f"new_{n}": v for n, v in new.items()}} for card, new in batch.changed.items()]
    )
    for card in session.scalars(select(Customer).where(Customer.id.in_(batch.changed)).execution_options(**_AGAIN)):
        for name, text in batch.reached.get(card.id, {}).items():
            ways.take_field(session, card.id, name, text, at)
        customers.rewritten(session, card)


def _earlier_calls(session: Session, batch: Batch) -> list[tuple[UUID, CallKey]]:
    """Calls from before the numbers stood on the cards come to them, as when a number is added by hand."""
    numbers = {point["number_id"] for point in batch.points}
    called = set(session.scalars(select(CallRow.number_id).where(CallRow.number_id.in_(numbers)).distinct()))
    live = []
    for point in batch.points:
        if point["number_id"] in called:
            card = session.get_one(Customer, point["customer_id"])
            linked = retro.link(session, card, session.get_one(ContactPoint, point["id"]))
            live += [(card.id, call) for call in linked.live]
    return live


def _search_text(values: Mapping[str, Any]) -> str:
    said = [str(values[name] or "") for name in _SEARCHED]
    return fold(" ".join([*said, own_fields.words(own_fields.unnamed(values))]))


def _columns(values: Mapping[str, Any]) -> dict[str, Any]:
    """As the table has them: fields that the call center added stand together."""
    plain = {name: value for name, value in values.items() if not name.startswith(OWN)}
    return plain | {"extra": own_fields.unnamed(values)}


def _table(kind: type[Any]) -> Table:
    return cast(Table, kind.__table__)
