"""Missed callers as tasks: made, counted on and closed in the transaction of the call event they follow from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Table, Uuid, and_, bindparam, case, delete, exists, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from callcenter.call import Call
from callcenter.crm import task_policy
from callcenter.crm.models.calls import CallRow
from callcenter.crm.models.customers import Customer, PhoneNumber
from callcenter.crm.models.routing import RouteAnswer
from callcenter.crm.models.tasks import DialRow, Task, TaskAttempt
from callcenter.crm.upsert import inserting
from callcenter.decision_events import CustomerChosen
from callcenter.events import Arrived, CallEvent, Ended, Joined
from callcenter.ids import new_id
from callcenter.missed import Miss, missed
from callcenter.statement import Built, Statement
from callcenter.tables import UtcDateTime

_TASKS: Final = cast(Table, Task.__table__)
_COUNTED: Final = (
    *("id", "kind", "state", "subject", "note", "customer_id", "number_id", "pbx", "queue", "extension", "assignee_id"),
    *("zone", "origin_call_id", "missed", "first_missed_at", "last_missed_at", "closed_how", "open_key", "created_at"),
    *("updated_at", "version", "due_at", "order_at"),
)
_LONGEST_CALL: Final = timedelta(hours=24)


def _counting(dialect: str) -> Built:
    """Makes the task, or counts one attempt more on the one that is open; it stays locked until the commit."""
    build = sqlite.insert if dialect == "sqlite" else postgresql.insert
    insert = build(_TASKS).values({name: bindparam(name) for name in _COUNTED})
    new, old = insert.excluded, _TASKS.c
    first, last = new.first_missed_at, new.last_missed_at
    counted = {
        "missed": old.missed + 1,
        "first_missed_at": case((first < old.first_missed_at, first), else_=old.first_missed_at),
        "last_missed_at": case((last > old.last_missed_at, last), else_=old.last_missed_at),
        "updated_at": new.updated_at,
        "version": old.version + 1,
    }
    return insert.on_conflict_do_update(index_elements=["open_key"], set_=counted).returning(old.id)


def _closing(_dialect: str) -> Built:
    """Tasks about the caller: his, or his number's while nobody knew whose it is; and the one this call was dialled
    for."""
    number, customer = bindparam("number", type_=Uuid()), bindparam("customer", type_=Uuid())
    about = or_(Task.customer_id == customer, and_(Task.customer_id.is_(None), Task.number_id == number))
    dialled = select(DialRow.task_id).where(DialRow.call_id == bindparam("call"), DialRow.task_id.is_not(None))
    at = bindparam("at", type_=UtcDateTime())
    missed_before = and_(Task.missed > 0, about, Task.last_missed_at <= at)
    return (
        update(_TASKS)
        .where(Task.closed_at.is_(None), or_(missed_before, Task.id.in_(dialled)))
        .values(
            state="done",
            closed_at=at,
            closed_by_id=bindparam("agent"),
            closed_how="talk",
            result_call_id=bindparam("call"),
            open_key=None,
            updated_at=at,
            version=Task.version + 1,
        )
        .returning(_TASKS.c.id)
    )


def _known(alike: ColumnElement[bool]) -> Statement:
    """Whether the call is counted already, and whether somebody talked with the caller after he was missed. Calls of
    two PBXs, and of one that was silent for a while, are not told in the order in which they were."""
    counted = exists().where(TaskAttempt.call_id == bindparam("call"))
    talked = exists().where(alike, CallRow.started_at > bindparam("since"), CallRow.answered_at > bindparam("at"))
    return Statement(lambda _: select(counted.label("counted"), talked.label("talked")))


_answered: Final = Statement(
    lambda _: (
        select(RouteAnswer.verdict, RouteAnswer.queue, RouteAnswer.grounds)
        .where(RouteAnswer.pbx == bindparam("pbx"), RouteAnswer.uniqueid == bindparam("uniqueid"))
        .order_by(RouteAnswer.at.desc())
        .limit(1)
    )
)
_row: Final = Statement(
    lambda _: select(CallRow.id, CallRow.pbx, CallRow.customer_id, CallRow.number_id).where(
        CallRow.id == bindparam("call")
    )
)
_known_of_customer: Final = _known(CallRow.customer_id == bindparam("customer"))
_known_of_number: Final = _known(CallRow.number_id == bindparam("number"))
_add_attempt: Final = inserting(TaskAttempt)
_count: Final = Statement(_counting)
_close: Final = Statement(_closing)


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
    told = {"call": row.id, "customer": row.customer_id, "number": row.number_id, "at": at, "agent": agent}
    return [closed.id for closed in _close(session, told)]


def ended(session: Session, call: Call, now: datetime) -> list[UUID]:
    """Nobody talked with him: one open task for each customer and queue, which counts every attempt once.

    Who hides his number cannot be called back and makes none; the calls themselves count him.
    """
    miss = missed(call)
    miss = _routed(session, call, miss) if miss else None
    row = _held(session, call) if miss else None
    if miss is None or row is None or call.withheld or row.number_id is None:
        return []
    policy = task_policy.read(session)
    if miss.at < now - timedelta(days=policy.missed_days) or _is_known(session, row, miss.at):
        return []
    values = _values(row, miss, _key(row.customer_id, row.number_id, miss.place))
    due = miss.at + policy.call_back_within(row.pbx, miss.queue)
    task: UUID = _count(session, values | {"due_at": due, "order_at": due})[0].id
    _add_attempt(session, {"call_id": row.id, "task_id": task, "at": miss.at})
    return [task]


def _routed(session: Session, call: Call, miss: Miss) -> Miss | None:
    """None for whom routing refused, or told that the place is closed and no more: who waited, or rang somebody, waited
    in vain whatever he was told besides. Else who called a closed queue is missed there."""
    found = _answered(session, {"pbx": call.key.pbx, "uniqueid": call.key.uniqueid})
    if not found or found[0].verdict == "queue":
        return miss
    told_only = any(ground["ground"] == "then" and ground["word"] == "announce" for ground in found[0].grounds)
    came_further = bool(miss.queue or miss.extension or miss.agent)
    if found[0].verdict == "refused" or (told_only and not came_further):
        return None
    queue = found[0].queue
    return miss if miss.queue else replace(miss, queue=queue, place=f"queue|{call.key.pbx}|{queue}")


def refuted(session: Session, call: Call, now: datetime) -> list[UUID]:
    """He was counted as missed when the call was found gone, and now it is known that somebody talked with him."""
    if call.ended_at is None or missed(call):
        return []
    task = _locked(session, Task.id.in_(select(TaskAttempt.task_id).where(TaskAttempt.call_id == call.id)))
    if task is None:
        return []
    session.execute(delete(TaskAttempt).where(TaskAttempt.call_id == call.id))
    task.missed, task.updated_at, task.version = task.missed - 1, now, task.version + 1
    if not task.missed and task.closed_at is None:
        task.state, task.closed_at, task.closed_how = "done", now, "talk"
        task.result_call_id, task.open_key = call.id, None
    session.flush()
    return [task.id]


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
    found = _row(session, {"call": call.id})[0]
    if session.get_bind().dialect.name != "sqlite":
        session.execute(select(PhoneNumber.id).where(PhoneNumber.id == found.number_id).with_for_update())
        session.execute(select(Customer.id).where(Customer.id == found.customer_id).with_for_update())
    return _Row(id=found.id, pbx=found.pbx, customer_id=found.customer_id, number_id=found.number_id)


def _locked(session: Session, wanted: ColumnElement[bool]) -> Task | None:
    found = select(Task).where(wanted).with_for_update().execution_options(populate_existing=True)
    return session.scalars(found).first()


def _key(customer: UUID | None, number: UUID | None, place: str) -> str:
    return f"missed|{f'c{customer}' if customer else f'n{number}'}|{place}"


def _is_known(session: Session, row: _Row, at: datetime) -> bool:
    told = {"call": row.id, "customer": row.customer_id, "number": row.number_id, "at": at}
    ask = _known_of_customer if row.customer_id else _known_of_number
    found = ask(session, told | {"since": at - _LONGEST_CALL})[0]
    return bool(found.counted or found.talked)


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
