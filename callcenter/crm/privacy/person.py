"""Where a person stands in the database: one list, from which preview, export and erasure are all made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Table, delete, func, or_, select, update
from sqlalchemy.orm import Session

from callcenter import phone
from callcenter.call import UNSETTLED
from callcenter.crm import customers, drafts
from callcenter.crm import find as find_cards
from callcenter.crm.models.calls import CallRow, RecordingRow, SegmentRow
from callcenter.crm.models.cards import CardWord
from callcenter.crm.models.customers import ContactPoint, ContactWay, Customer, PhoneNumber
from callcenter.crm.models.scores import Evaluation
from callcenter.crm.models.tasks import Task
from callcenter.crm.privacy.files import Words
from callcenter.tables import Base

T = TypeVar("T")
MASKED: Final = "…"
_AT_ONCE: Final = 5000
_SHORTEST_NAME: Final = 4
_SHORTEST_NUMBER: Final = 7


class By(StrEnum):
    """What of the person the column of a spot names."""

    CARD = "card"
    CALL = "call"
    SEGMENT = "segment"
    NUMBER = "number"
    TASK = "task"
    EVALUATION = "evaluation"
    THING = "thing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Rows of ``table`` whose ``column`` names the person. ``wipe`` says what its columns become; None: the row goes.
    ``told``: an export contains it."""

    table: str
    column: str
    by: By
    wipe: Mapping[str, Any] | None = None
    told: bool = True


SPOTS: Final = (
    Spot(table="outcomes", column="segment_id", by=By.SEGMENT, wipe={"comment": ""}),
    Spot(table="prepared_messages", column="segment_id", by=By.SEGMENT),
    Spot(table="deferrals", column="segment_id", by=By.SEGMENT, wipe={"note": ""}),
    Spot(table="segments", column="id", by=By.SEGMENT, wipe={**drafts.NONE, "handed_to": ""}),
    Spot(table="evaluation_answers", column="evaluation_id", by=By.EVALUATION, wipe={"words": "", "comment": ""}),
    Spot(table="evaluations", column="id", by=By.EVALUATION, wipe={"summary": "", "dispute": "", "settlement": ""}),
    Spot(table="call_candidates", column="call_id", by=By.CALL, told=False),
    Spot(table="call_candidates", column="customer_id", by=By.CARD, told=False),
    Spot(table="legal_holds", column="customer_id", by=By.CARD, wipe={"reference": ""}, told=False),
    Spot(table="legal_holds", column="call_id", by=By.CALL, wipe={"reference": ""}, told=False),
    Spot(table="idempotency", column="thing_id", by=By.THING, told=False),
    Spot(
        table="import_rows",
        column="customer_id",
        by=By.CARD,
        wipe={"customer_id": None, "cells": None, "before": None, "points": []},
        told=False,
    ),
    Spot(table="task_reminders", column="task_id", by=By.TASK, told=False),
    Spot(table="task_attempts", column="task_id", by=By.TASK, told=False),
    Spot(table="dials", column="call_id", by=By.CALL, wipe={"number": MASKED}, told=False),
    Spot(table="dials", column="task_id", by=By.TASK, wipe={"number": MASKED, "task_id": None}, told=False),
    Spot(table="dials", column="customer_id", by=By.CARD, wipe={"number": MASKED, "customer_id": None}),
    Spot(table="tasks", column="id", by=By.TASK),
    Spot(table="tasks", column="number_id", by=By.NUMBER, wipe={"number_id": None}, told=False),
    Spot(table="linked_calls", column="call_id", by=By.CALL, told=False),
    Spot(table="linked_calls", column="was_id", by=By.CARD, told=False),
    Spot(table="merges", column="loser_id", by=By.CARD, told=False),
    Spot(table="merges", column="survivor_id", by=By.CARD, told=False),
    Spot(table="notes", column="customer_id", by=By.CARD),
    Spot(table="customer_tags", column="customer_id", by=By.CARD),
    Spot(table="customer_links", column="person_id", by=By.CARD),
    Spot(table="customer_links", column="organisation_id", by=By.CARD),
    Spot(table="status_changes", column="customer_id", by=By.CARD),
    Spot(table="card_words", column="customer_id", by=By.CARD, told=False),
    Spot(table="do_not_call", column="customer_id", by=By.CARD),
    Spot(table="do_not_call", column="number_id", by=By.NUMBER),
    Spot(table="do_not_call", column="segment_id", by=By.SEGMENT, wipe={"why": "", "segment_id": None}, told=False),
    Spot(table="contact_points", column="customer_id", by=By.CARD),
    Spot(table="contact_ways", column="customer_id", by=By.CARD),
    Spot(
        table="calls",
        column="id",
        by=By.CALL,
        wipe={"number_raw": MASKED, "number_read": "", "name": "", "number_id": None, "customer_id": None},
    ),
    Spot(table="blocked_numbers", column="number_id", by=By.NUMBER),
    Spot(table="phone_numbers", column="id", by=By.NUMBER),
    Spot(table="customers", column="id", by=By.CARD),
)
"""In the order in which they may go: what points at a row goes before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """All of a person by id. ``numbers`` are those nobody else has."""

    cards: tuple[UUID, ...]
    calls: tuple[UUID, ...]
    segments: tuple[UUID, ...]
    numbers: tuple[UUID, ...]
    points: tuple[UUID, ...]
    words: Words
    ids: Mapping[By, tuple[UUID, ...]] = field(default_factory=dict)


def find(session: Session, customer: UUID) -> Person:
    """Everything of the customer: his card and those merged into it, their calls, and calls of his numbers that are on
    no card. Raises NotFound."""
    cards = _cards(session, customers.whoever(session, customer).id)
    numbers = _numbers(session, cards)
    own = or_(CallRow.customer_id.in_(cards), CallRow.customer_id.is_(None) & CallRow.number_id.in_(numbers))
    calls = tuple(session.scalars(select(CallRow.id).where(own)))
    segments = tuple(_among(session, select(SegmentRow.id), SegmentRow.call_id, calls))
    points = tuple(session.scalars(select(ContactPoint.id).where(ContactPoint.customer_id.in_(cards))))
    reached = tuple(session.scalars(select(ContactWay.id).where(ContactWay.customer_id.in_(cards))))
    tasks = _tasks(session, cards, calls, numbers)
    scored = tuple(_among(session, select(Evaluation.id), Evaluation.call_id, calls))
    ids = {
        By.CARD: cards,
        By.CALL: calls,
        By.SEGMENT: segments,
        By.NUMBER: numbers,
        By.TASK: tasks,
        By.EVALUATION: scored,
        By.THING: (*cards, *points, *reached, *tasks),
    }
    words = _words(session, cards, calls, numbers)
    return Person(cards=cards, calls=calls, segments=segments, numbers=numbers, points=points, words=words, ids=ids)


def count(session: Session, person: Person) -> dict[str, int]:
    """How many rows of each table name the person."""
    named: dict[str, list[ColumnElement[bool]]] = {}
    for spot in SPOTS:
        named.setdefault(spot.table, []).extend(_at(spot, person))
    found = {
        table: session.scalar(select(func.count()).select_from(Base.metadata.tables[table]).where(or_(*places))) or 0
        for table, places in named.items()
        if places
    }
    return {table: rows for table, rows in found.items() if rows}


def rows(session: Session, person: Person) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every row an export tells of, with its table."""
    for spot in SPOTS:
        for at in _at(spot, person) if spot.told else ():
            for row in session.execute(select(_table(spot)).where(at)).mappings():
                yield spot.table, dict(row)


def wipe(session: Session, person: Person) -> dict[str, int]:
    """Takes the person out of every table; how many rows of each changed or went."""
    done: dict[str, int] = {}
    spoken = list(_among(session, select(CardWord.word), CardWord.customer_id, person.cards))
    for spot in SPOTS:
        table = _table(spot)
        for at in _at(spot, person):
            change = delete(table) if spot.wipe is None else update(table).values(dict(spot.wipe))
            result: Any = session.execute(change.where(at))
            done[spot.table] = done.get(spot.table, 0) + result.rowcount
    find_cards.forget(session, spoken)
    return {table: changed for table, changed in done.items() if changed}


def open_matters(session: Session, person: Person) -> bool:
    """Whether a call of the person goes on, or its outcome is owed."""
    going = select(CallRow.id).where(CallRow.ended_at.is_(None))
    owed = select(SegmentRow.id).where(SegmentRow.outcome_state.in_(UNSETTLED))
    first = next(_among(session, going, CallRow.id, person.calls), None)
    return first is not None or next(_among(session, owed, SegmentRow.id, person.segments), None) is not None


def recordings(session: Session, person: Person) -> list[RecordingRow]:
    """Those that are not erased yet."""
    found: list[RecordingRow] = []
    for some in _batches(person.calls, _AT_ONCE):
        wanted = select(RecordingRow).where(RecordingRow.call_id.in_(some), RecordingRow.state != "erased")
        found += session.scalars(wanted.order_by(RecordingRow.started_at))
    return found


def _at(spot: Spot, person: Person) -> Iterator[ColumnElement[bool]]:
    column = _table(spot).c[spot.column]
    for some in _batches(person.ids[spot.by], _AT_ONCE):
        yield column.in_(some)


def _batches(ids: Sequence[UUID], size: int) -> Iterator[Sequence[UUID]]:
    return (ids[at : at + size] for at in range(0, len(ids), size))


def _table(spot: Spot) -> Table:
    return Base.metadata.tables[spot.table]


def _among(session: Session, wanted: Select[T], column: Any, among: Sequence[UUID]) -> Iterator[T]:
    for some in _batches(among, _AT_ONCE):
        yield from session.scalars(wanted.where(column.in_(some)))


def _cards(session: Session, card: UUID) -> tuple[UUID, ...]:
    found, new = [card], [card]
    while new:
        new = list(session.scalars(select(Customer.id).where(Customer.merged_into.in_(new), Customer.id.not_in(found))))
        # Those merged first point at those merged later: they go first.
        found = [*new, *found]
    return tuple(found)


def _numbers(session: Session, cards: Iterable[UUID]) -> tuple[UUID, ...]:
    """The numbers of these cards and their calls which are on no other card and in no other's calls."""
    mine = set(session.scalars(select(ContactPoint.number_id).where(ContactPoint.customer_id.in_(cards))))
    called = select(CallRow.number_id).where(CallRow.customer_id.in_(cards), CallRow.number_id.is_not(None))
    mine |= {number for number in session.scalars(called) if number}
    shared = set(
        session.scalars(
            select(ContactPoint.number_id).where(
                ContactPoint.number_id.in_(mine), ContactPoint.customer_id.not_in(cards)
            )
        )
    )
    others = select(CallRow.number_id).where(CallRow.number_id.in_(mine), CallRow.customer_id.not_in(cards))
    shared |= {number for number in session.scalars(others) if number}
    return tuple(mine - shared)


def _tasks(session: Session, cards: Sequence[UUID], calls: Sequence[UUID], numbers: Sequence[UUID]) -> tuple[UUID, ...]:
    """What was to be done for the person: for his cards, for his numbers on no card, and what came of his calls."""
    found = set(_among(session, select(Task.id), Task.customer_id, cards))
    found |= set(_among(session, select(Task.id).where(Task.customer_id.is_(None)), Task.number_id, numbers))
    found |= set(_among(session, select(Task.id).where(Task.customer_id.is_(None)), Task.origin_call_id, calls))
    return tuple(found)


def _words(session: Session, cards: Sequence[UUID], calls: Sequence[UUID], numbers: Sequence[UUID]) -> Words:
    digits: set[str] = set()
    for row in session.scalars(select(PhoneNumber).where(PhoneNumber.id.in_(numbers))):
        digits.add(row.tail or "".join(c for c in row.key if c.isdigit()))
    names = set(session.scalars(select(Customer.name).where(Customer.id.in_(cards))))
    names |= set(_among(session, select(CallRow.name).distinct(), CallRow.id, calls))
    digits |= {_tail(raw) for raw in _among(session, select(CallRow.number_raw).distinct(), CallRow.id, calls)}
    return Words(
        numbers=tuple(sorted(d for d in digits if len(d) >= _SHORTEST_NUMBER)),
        names=tuple(sorted(name for name in names if len(name) >= _SHORTEST_NAME)),
    )


def _tail(raw: str) -> str:
    return "".join(c for c in raw if c.isdigit())[-phone.TAIL :]
