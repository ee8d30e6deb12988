"""Tasks as the API answers them; a page of them costs the same few queries as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter import phone
from callcenter.api import Answer
from callcenter.crm.card_views import CustomerBrief, briefs_of, display
from callcenter.crm.models.customers import PhoneNumber
from callcenter.crm.models.people import Team, User
from callcenter.crm.models.tasks import DialRow, Task
from callcenter.crm.rights import Actor
from callcenter.crm.schemas import Person
from callcenter.crm.tasks import TaskKind, TaskState


class TeamBrief(Answer):
    id: UUID
    name: str


class TriedAnswer(Answer):
    """How often a call was dialled for the task, and how the last one went."""

    times: int
    last_at: datetime
    last_by: str
    last_state: str
    last_reason: str


class TaskAnswer(Answer):
    """``missed`` counts attempts of a caller whom nobody answered, since ``first_missed_at``. ``zone`` is where the
    customer is. ``closed_how``: person, talk (somebody talked with him) or united (counted on another task)."""

    id: UUID
    kind: TaskKind
    state: TaskState
    subject: str
    note: str
    customer: CustomerBrief | None
    number: str
    number_display: str
    pbx: str
    queue: str
    extension: str
    assignee: Person | None
    team: TeamBrief | None
    due_at: datetime | None
    due_until: datetime | None
    zone: str
    remind_at: datetime | None
    overdue: bool
    missed: int
    first_missed_at: datetime | None
    last_missed_at: datetime | None
    claimed_by: Person | None
    claimed_at: datetime | None
    claim_until: datetime | None
    tried: TriedAnswer | None
    origin_call: UUID | None
    origin_segment: UUID | None
    result_call: UUID | None
    created_by: Person | None
    created_at: datetime
    closed_by: Person | None
    closed_at: datetime | None
    closed_how: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Around:
    """What stands beside the rows, by id."""

    people: dict[UUID, Person]
    teams: dict[UUID, TeamBrief]
    cards: dict[UUID, CustomerBrief]
    numbers: dict[UUID, tuple[str, str]]
    tried: dict[UUID, TriedAnswer]


def views(session: Session, rows: Sequence[Task], actor: Actor, now: datetime) -> list[TaskAnswer]:
    """The tasks with all that is told of them, in the same order. Cards the actor may not see are left out."""
    if not rows:
        return []
    around = _around(session, rows, actor)
    return [_view(row, around, now) for row in rows]


def view(session: Session, task_id: UUID, actor: Actor, now: datetime) -> TaskAnswer:
    """One, as it is in the database now."""
    return views(session, [session.get_one(Task, task_id)], actor, now)[0]


def _around(session: Session, rows: Sequence[Task], actor: Actor) -> _Around:
    people = {p for r in rows for p in (r.assignee_id, r.claimed_by_id, r.closed_by_id, r.created_by_id) if p}
    teams = {r.team_id for r in rows if r.team_id}
    numbers = {r.number_id for r in rows if r.number_id}
    known = session.scalars(select(PhoneNumber).where(PhoneNumber.id.in_(numbers)))
    return _Around(
        people={u.id: Person.model_validate(u) for u in session.scalars(select(User).where(User.id.in_(people)))},
        teams={t.id: TeamBrief.model_validate(t) for t in session.scalars(select(Team).where(Team.id.in_(teams)))},
        cards=briefs_of(session, sorted({r.customer_id for r in rows if r.customer_id}), actor),
        numbers={n.id: (_dialled(n), display(_dialled(n), n.e164)) for n in known},
        tried=_tried(session, [r.id for r in rows]),
    )


def _dialled(number: PhoneNumber) -> str:
    return number.e164 or number.key.removeprefix("raw:")


def _tried(session: Session, tasks: Sequence[UUID]) -> dict[UUID, TriedAnswer]:
    newest = func.row_number().over(partition_by=DialRow.task_id, order_by=DialRow.asked_at.desc()).label("place")
    times = func.count().over(partition_by=DialRow.task_id).label("times")
    found = (
        select(DialRow.task_id, DialRow.agent_id, DialRow.state, DialRow.reason, DialRow.asked_at, newest, times)
        .where(DialRow.task_id.in_(tasks))
        .subquery()
    )
    rows = session.execute(
        select(found, User.display_name).join(User, User.id == found.c.agent_id).where(found.c.place == 1)
    )
    return {
        row.task_id: TriedAnswer(
            times=row.times,
            last_at=row.asked_at,
            last_by=row.display_name,
            last_state=row.state,
            last_reason=row.reason,
        )
        for row in rows
    }


def _view(row: Task, around: _Around, now: datetime) -> TaskAnswer:
    number, shown = around.numbers.get(row.number_id, ("", "")) if row.number_id else ("", "")
    person = around.people.get

    def who(user: UUID | None) -> Person | None:
        return person(user) if user else None

    return TaskAnswer(
        id=row.id,
        kind=TaskKind(row.kind),
        state=TaskState(row.state),
        subject=row.subject,
        note=row.note,
        customer=around.cards.get(row.customer_id) if row.customer_id else None,
        number=number,
        number_display=shown,
        pbx=row.pbx,
        queue=row.queue,
        extension=row.extension,
        assignee=who(row.assignee_id),
        team=around.teams.get(row.team_id) if row.team_id else None,
        due_at=row.due_at,
        due_until=row.due_until,
        zone=row.zone or phone.zone(number),
        remind_at=row.remind_at,
        overdue=row.closed_at is None and row.order_at < now,
        missed=row.missed,
        first_missed_at=row.first_missed_at,
        last_missed_at=row.last_missed_at,
        claimed_by=who(row.claimed_by_id),
        claimed_at=row.claimed_at,
        claim_until=row.claim_until,
        tried=around.tried.get(row.id),
        origin_call=row.origin_call_id,
        origin_segment=row.origin_segment_id,
        result_call=row.result_call_id,
        created_by=who(row.created_by_id),
        created_at=row.created_at,
        closed_by=who(row.closed_by_id),
        closed_at=row.closed_at,
        closed_how=row.closed_how,
        version=row.version,
    )
