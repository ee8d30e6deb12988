"""Alarms as they were raised, seen by somebody, and lifted: for whoever asks later."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session, aliased

from callcenter.crm.models.floor import AlarmRow
from callcenter.crm.models.people import User
from callcenter.crm.rights import Actor
from callcenter.crm.visible import narrow
from callcenter.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which alarms: "" and None mean any. ``open``: only those that go on, or only those that do not."""

    kind: str = ""
    pbx: str = ""
    queue: str = ""
    since: datetime | None = None
    before: datetime | None = None
    open: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """An alarm, whom it is about and who has acknowledged it."""

    row: AlarmRow
    agent: User | None
    by: User | None


def give_up(session: Session, now: datetime) -> None:
    """Those that went on when the service last ended: what still is wrong is raised anew."""
    session.execute(update(AlarmRow).where(AlarmRow.ended_at.is_(None)).values(ended_at=now))


def keep(session: Session, raised: Iterable[AlarmRow], over: Iterable[tuple[UUID, float, datetime]]) -> None:
    """Those that were raised, and those that are over with how far they went."""
    session.add_all(raised)
    session.flush()
    for alarm, worst, at in over:
        session.execute(update(AlarmRow).where(AlarmRow.id == alarm).values(worst=worst, ended_at=at))


def acknowledge(session: Session, who: Actor, alarm: UUID, now: datetime) -> tuple[AlarmRow, bool]:
    """He has seen it; whether he is the first. Raises NotFound."""
    row = session.scalars(select(AlarmRow).where(AlarmRow.id == alarm, _seen(who))).first()
    if row is None:
        raise NotFound("there is no such alarm")
    if row.acknowledged_at is not None:
        return row, False
    row.acknowledged_at, row.acknowledged_by_id = now, who.id
    session.flush()
    return row, True


def listed(
    session: Session, who: Actor, wanted: Wanted, limit: int, after: tuple[datetime | None, UUID] | None
) -> Sequence[Past]:
    """The newest first, as far as the actor may see them."""
    about, by = aliased(User), aliased(User)
    found = (
        select(AlarmRow, about, by)
        .outerjoin(about, about.id == AlarmRow.agent_id)
        .outerjoin(by, by.id == AlarmRow.acknowledged_by_id)
        .where(_seen(who), *_conditions(wanted))
        .order_by(AlarmRow.raised_at.desc(), AlarmRow.id.desc())
        .limit(limit)
    )
    if after and after[0]:
        at, row = after
        found = found.where(or_(AlarmRow.raised_at < at, and_(AlarmRow.raised_at == at, AlarmRow.id < row)))
    return [Past(row=row, agent=agent, by=seen_by) for row, agent, seen_by in session.execute(found)]


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    told = {AlarmRow.kind: wanted.kind, AlarmRow.pbx: wanted.pbx, AlarmRow.thing: wanted.queue}
    found = [column == value for column, value in told.items() if value]
    if wanted.since:
        found.append(or_(AlarmRow.ended_at.is_(None), AlarmRow.ended_at >= wanted.since))
    if wanted.before:
        found.append(AlarmRow.raised_at < wanted.before)
    if wanted.open is not None:
        found.append(AlarmRow.ended_at.is_(None) if wanted.open else AlarmRow.ended_at.is_not(None))
    return found


def _seen(who: Actor) -> ColumnElement[bool]:
    """Queues and links concern everybody who sees the floor, agents whoever supervises them."""
    return or_(AlarmRow.agent_id.is_(None), AlarmRow.agent_id.in_(narrow(select(User.id), who, User)))
