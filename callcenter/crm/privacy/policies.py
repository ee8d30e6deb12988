"""Recording policies as rows: read, written, and asked whether a recording may be kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter.crm import maps
from callcenter.crm.models.calls import CallRow, QueueVisitRow
from callcenter.crm.models.privacy import RecordingNotice, RecordingPolicy
from callcenter.crm.models.queues import Queue
from callcenter.crm.models.trail import StaffNotice
from callcenter.crm.privacy.rules import How, Mode, Notice, Place, PlaceKind, Rule
from callcenter.errors import Invalid

_last: Final = (
    select(RecordingNotice.policy_id, func.max(RecordingNotice.version).label("version"))
    .group_by(RecordingNotice.policy_id)
    .subquery()
)
_newest: Final = select(RecordingNotice).join(
    _last, (_last.c.policy_id == RecordingNotice.policy_id) & (_last.c.version == RecordingNotice.version)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an administrator decided for one place."""

    mode: Mode
    notice: Notice | None
    keep_days: int | None
    contact: str


def staff_told(session: Session) -> bool:
    """Whether people who work here were told that talks are recorded."""
    return session.scalar(select(StaffNotice.id).limit(1)) is not None


def rules(session: Session, pbx: str) -> dict[Place, Rule]:
    """Every rule of a PBX."""
    notices = _notices(session)
    rows = session.scalars(select(RecordingPolicy).where(RecordingPolicy.pbx == pbx))
    return {(rule := _rule(row, notices.get(row.id))).place: rule for row in rows}


def versions(session: Session, pbx: str) -> dict[Place, tuple[int, int]]:
    """The version of each rule and of its notice; the latter 0 where there is none."""
    notices = _notices(session)
    rows = session.scalars(select(RecordingPolicy).where(RecordingPolicy.pbx == pbx))
    return {place_of(row): (row.version, n.version if (n := notices.get(row.id)) else 0) for row in rows}


def known_places(session: Session, pbx: str, seen: Iterable[str] = ()) -> list[Place]:
    """Every queue of the PBX that anybody has heard of, ``seen`` too, direct and outgoing calls, and our numbers."""
    named = set(session.scalars(select(Queue.name).where(Queue.pbx == pbx)))
    decided = set(
        session.execute(select(RecordingPolicy.scope, RecordingPolicy.queue).where(RecordingPolicy.pbx == pbx))
    )
    named |= {name for scope, name in decided if scope == PlaceKind.QUEUE}
    visited = select(QueueVisitRow.queue).join(CallRow, CallRow.id == QueueVisitRow.call_id).where(CallRow.pbx == pbx)
    named |= set(session.scalars(visited.distinct())) | set(seen)
    queues = [Place(scope=PlaceKind.QUEUE, queue=name) for name in sorted(named - {""})]
    numbers = {name for scope, name in decided if scope == PlaceKind.DID} | set(maps.dids(session, pbx))
    ours = [Place(scope=PlaceKind.DID, queue=number) for number in sorted(numbers)]
    return [*queues, Place(scope=PlaceKind.DIRECT), Place(scope=PlaceKind.OUTBOUND), *ours]


def put(session: Session, pbx: str, place: Place, terms: Terms, now: datetime) -> RecordingPolicy:
    """Writes a rule; another text or another way of telling it is a new version of the notice.

    Raises Invalid when a time once set is taken away: what was recorded under it would be kept for ever.
    """
    row = _row(session, pbx, place)
    if row is None:
        row = RecordingPolicy(pbx=pbx, scope=place.scope, queue=place.queue, version=0)
        session.add(row)
    if terms.keep_days is None and row.keep_days is not None:
        raise Invalid("how long recordings are kept can be changed, not taken away", fields={"keep_days": "required"})
    row.mode, row.keep_days, row.contact = terms.mode, terms.keep_days, terms.contact
    row.version += 1
    session.flush()
    if terms.notice:
        _tell(session, row.id, terms.notice, now)
    return row


def _tell(session: Session, policy: UUID, notice: Notice, now: datetime) -> None:
    last = session.scalars(
        select(RecordingNotice).where(RecordingNotice.policy_id == policy).order_by(RecordingNotice.version.desc())
    ).first()
    if last and replace(notice_of(last), id=notice.id) == notice:
        return
    version = last.version + 1 if last else 1
    said = {"text": notice.text, "how": notice.how, "sound": notice.sound, "key": notice.key}
    session.add(RecordingNotice(policy_id=policy, version=version, since=now, **said))
    session.flush()


def _notices(session: Session) -> dict[UUID, RecordingNotice]:
    """The newest of each policy."""
    return {row.policy_id: row for row in session.scalars(_newest)}


def _row(session: Session, pbx: str, place: Place) -> RecordingPolicy | None:
    wanted = select(RecordingPolicy).where(
        RecordingPolicy.pbx == pbx, RecordingPolicy.scope == place.scope, RecordingPolicy.queue == place.queue
    )
    return session.scalars(wanted.with_for_update()).first()


def place_of(row: RecordingPolicy) -> Place:
    """What a rule is for."""
    return Place(scope=PlaceKind(row.scope), queue=row.queue)


def notice_of(row: RecordingNotice) -> Notice:
    """A version of a text."""
    return Notice(text=row.text, how=How(row.how), sound=row.sound, key=row.key, id=row.id)


def _rule(row: RecordingPolicy, notice: RecordingNotice | None) -> Rule:
    told = notice_of(notice) if notice else None
    return Rule(
        id=row.id, place=place_of(row), mode=Mode(row.mode), notice=told, keep_days=row.keep_days, contact=row.contact
    )
