"""Missed callers as tasks: made, counted on and closed in the transaction of the call event they follow from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Table, and_, case, exists, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from callcenter.call import Call
from callcenter.crm import task_policy
from callcenter.crm.models.calls import CallRow
from callcenter.crm.models.customers import Customer, PhoneNumber
from callcenter.crm.models.tasks import DialRow, Task, TaskAttempt
from callcenter.events import Arrived, CallEvent, CustomerChosen, Ended, Joined
from callcenter.ids import new_id
from callcenter.missed import Miss, missed

_TASKS: Final = cast(Table, Task.__table__)
_ATTEMPTS: Final = cast(Table, TaskAttempt.__table__)
_LONGEST_CALL: Final = timedelta(hours=24)
_MISSED: Final = and_(Task.closed_at.is_(None), Task.missed > 0)


def follow(session: Session, call: Call, event: CallEvent, now: datetime) -> list[UUID]:
    """What the event means for tasks; those that were made or changed."""
    match event:
        case Joined(leg=leg, at=at):
            agent = next((s.agent for s in call.segments if s.leg == leg), None)
            return talked(session, call, at, agent)
        case Arrived(origin=origin) if origin:
            return dialled(session, call, origin)
        case Ended():
            return ended(session, call, now)
        case CustomerChosen():
            return chosen(session, call, now)
        case _:
            return []


def dialled(session: Session, call: Call, origin: str) -> list[UUID]:
    """The call is one that somebody clicked for, where the channel that dialled it bears a dial's id."""
    try:
        dial = UUID(origin)
    except ValueError:
        return []
    found = update(DialRow).where(DialRow.id == dial, DialRow.call_id.is_(None)).values(call_id=call.id)
    task = session.scalars(found.returning(DialRow.task_id).execution_options(synchronize_session=False)).first()
    return [task] if task else []


def talked(session: Session, call: Call, at: datetime, agent: UUID | None) -> list[UUID]:
    """Somebody talks with the customer, whoever called whom: whatever he was missed for until now is done, and so is
    the task this call was dialled for."""
    row = _held(session, call)
    found = [and_(_MISSED, _about(row), Task.last_missed_at <= at)] if row.number_id or row.customer_id else []
    dialled = select(DialRow.task_id).where(DialRow.call_id == row.id, DialRow.task_id.is_not(None))
    found.append(and_(Task.closed_at.is_(None), Task.id.in_(dialled)))
    closed = (
        update(Task)
        .where(or_(*found))
        .values(
            state="done",
            closed_at=at,
            closed_by_id=agent,
            closed_how="talk",
            result_call_id=row.id,
            open_key=None,
            updated_at=at,
            version=Task.version + 1,
        )
        .returning(Task.id)
        .execution_options(synchronize_session=False)
    )
    return list(session.scalars(closed))


def ended(session: Session, call: Call, now: datetime) -> list[UUID]:
    """Nobody talked with him: one open task for each customer and queue, which counts every attempt once.

    Who hides his number cannot be called back and makes none; the calls themselves count him.
    """
    miss = missed(call)
    row = _held(session, call) if miss else None
    if miss is None or row is None or call.withheld or row.number_id is None:
        return []
    policy = task_policy.read(session)
    counted = session.scalar(select(exists().where(TaskAttempt.call_id == row.id)))
    if counted or miss.at < now - timedelta(days=policy.missed_days):
        return []
    if _talked_since(session, row, miss.at):
        return []
    values = _values(row, miss, _key(row.customer_id, row.number_id, miss.place))
    due = miss.at + policy.call_back_within(miss.queue)
    task = _count(session, values | {"due_at": due, "order_at": due})
    session.connection().execute(_ATTEMPTS.insert(), {"call_id": row.id, "task_id": task, "at": miss.at})
    return [task]


def chosen(session: Session, call: Call, now: datetime) -> list[UUID]:
    """It is known now whose call it was: its task is this customer's, and a talk with him has done what it does."""
    row = _held(session, call)
    if call.answered_at is not None:
        last = max((s for s in call.segments if s.answered_at), key=lambda s: s.answered_at or now)
        return talked(session, call, last.answered_at or now, last.agent)
    counted = select(TaskAttempt.task_id).where(TaskAttempt.call_id == row.id)
    task = _locked(session, and_(Task.id.in_(counted), Task.closed_at.is_(None)))
    if task is None or task.open_key is None or row.customer_id is None or task.customer_id == row.customer_id:
        return []
    key = _key(row.customer_id, None, task.open_key.split("|", 2)[2])
    there = _locked(session, Task.open_key == key)
    if there:
        _unite(session, task, there, now)
    else:
        task.customer_id, task.open_key = row.customer_id, key
    changed = [task, there] if there else [task]
    for each in changed:
        each.updated_at, each.version = now, each.version + 1
    session.flush()
    return [each.id for each in changed]


def _unite(session: Session, task: Task, there: Task, now: datetime) -> None:
    """Two tasks turn out to be about one customer: the one that is his already counts for both."""
    session.execute(update(TaskAttempt).where(TaskAttempt.task_id == task.id).values(task_id=there.id))
    there.missed += task.missed
    there.first_missed_at = min(filter(None, (there.first_missed_at, task.first_missed_at)))
    there.last_missed_at = max(filter(None, (there.last_missed_at, task.last_missed_at)))
    there.due_at = there.order_at = min(there.order_at, task.order_at)
    task.state, task.closed_at, task.closed_how, task.open_key = "cancelled", now, "united", None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """What of a call's row is asked here."""

    id: UUID
    pbx: str
    customer_id: UUID | None
    number_id: UUID | None


def _held(session: Session, call: Call) -> _Row:
    """The call's row as it is now, its number and customer locked: a talk and a miss that are told at once by two PBXs
    must see each other."""
    columns = (CallRow.id, CallRow.pbx, CallRow.customer_id, CallRow.number_id)
    row = _Row(**session.execute(select(*columns).where(CallRow.id == call.id)).one()._mapping)
    if session.get_bind().dialect.name != "sqlite":
        session.execute(select(PhoneNumber.id).where(PhoneNumber.id == row.number_id).with_for_update())
        session.execute(select(Customer.id).where(Customer.id == row.customer_id).with_for_update())
    return row


def _locked(session: Session, wanted: ColumnElement[bool]) -> Task | None:
    found = select(Task).where(wanted).with_for_update().execution_options(populate_existing=True)
    return session.scalars(found).first()


def _key(customer: UUID | None, number: UUID | None, place: str) -> str:
    return f"missed|{f'c{customer}' if customer else f'n{number}'}|{place}"


def _about(row: _Row) -> ColumnElement[bool]:
    """Tasks about the caller: his, or his number's while nobody knew whose it is."""
    number = and_(Task.customer_id.is_(None), Task.number_id == row.number_id)
    return or_(Task.customer_id == row.customer_id, number) if row.customer_id else number


def _talked_since(session: Session, row: _Row, at: datetime) -> bool:
    """Calls of two PBXs, and of one that was silent for a while, are not told in the order in which they were."""
    alike = CallRow.customer_id == row.customer_id if row.customer_id else CallRow.number_id == row.number_id
    later = and_(alike, CallRow.started_at > at - _LONGEST_CALL, CallRow.answered_at > at)
    return bool(session.scalar(select(exists().where(later))))


def _values(row: _Row, miss: Miss, key: str) -> dict[str, Any]:
    return {
        "id": new_id(),
        "kind": "callback",
        "state": "open",
        "subject": "",
        "note": "",
        "customer_id": row.customer_id,
        "number_id": row.number_id,
        "pbx": row.pbx,
        "queue": miss.queue,
        "extension": miss.extension,
        "assignee_id": miss.agent,
        "zone": "",
        "origin_call_id": row.id,
        "missed": 1,
        "first_missed_at": miss.at,
        "last_missed_at": miss.at,
        "closed_how": "",
        "open_key": key,
        "created_at": miss.at,
        "updated_at": miss.at,
        "version": 1,
    }


def _count(session: Session, values: dict[str, Any]) -> UUID:
    """Makes the task, or counts one attempt more on the one that is open; it stays locked until the commit."""
    build = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    insert = build(_TASKS).values(values)
    new, old = insert.excluded, _TASKS.c
    known = insert.on_conflict_do_update(
        index_elements=["open_key"],
        set_={
            "missed": old.missed + 1,
            "first_missed_at": case(
                (new.first_missed_at < old.first_missed_at, new.first_missed_at), else_=old.first_missed_at
            ),
            "last_missed_at": case(
                (new.last_missed_at > old.last_missed_at, new.last_missed_at), else_=old.last_missed_at
            ),
            "updated_at": new.updated_at,
            "version": old.version + 1,
        },
    )
    found: UUID = session.connection().execute(known.returning(old.id)).scalar_one()
    return found
