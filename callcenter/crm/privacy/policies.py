"""Recording policies as rows: read, written, and asked whether a recording may be kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter.crm.models.calls import CallRow, QueueVisitRow, RecordingRow
from callcenter.crm.models.privacy import CallNotice, RecordingNotice, RecordingPolicy
from callcenter.crm.models.queues import Queue
from callcenter.crm.models.trail import StaffNotice
from callcenter.crm.privacy.rules import How, Notice, Place, PlaceKind, Rule, Verdict, places, verdict
from callcenter.errors import Invalid
from callcenter.events import Direction

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

    record: bool
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
    return {_place(row): (row.version, n.version if (n := notices.get(row.id)) else 0) for row in rows}


def known_places(session: Session, pbx: str, seen: Iterable[str] = ()) -> list[Place]:
    """Direct and outgoing calls, and every queue of the PBX that anybody has heard of; ``seen`` adds to them."""
    named = set(session.scalars(select(Queue.name).where(Queue.pbx == pbx)))
    named |= set(session.scalars(select(RecordingPolicy.queue).where(RecordingPolicy.pbx == pbx)))
    visited = select(QueueVisitRow.queue).join(CallRow, CallRow.id == QueueVisitRow.call_id).where(CallRow.pbx == pbx)
    named |= set(session.scalars(visited.distinct())) | set(seen)
    queues = [Place(scope=PlaceKind.QUEUE, queue=name) for name in sorted(named - {""})]
    return [*queues, Place(scope=PlaceKind.DIRECT), Place(scope=PlaceKind.OUTBOUND)]


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
    row.record, row.keep_days, row.contact = terms.record, terms.keep_days, terms.contact
    row.version += 1
    session.flush()
    if terms.notice:
        _tell(session, row.id, terms.notice, now)
    return row


def judge(session: Session, recording: RecordingRow) -> Verdict:
    """Whether this recording may be kept, by the rules as they are now."""
    call = session.get_one(CallRow, recording.call_id)
    met = places(Direction(call.direction), _queues(session, call.id))
    return verdict(rules(session, call.pbx), met, staff_told=staff_told(session))


def lacks_of(session: Session, calls: Sequence[CallRow]) -> dict[UUID, str]:
    """Why the rules of now keep no recording, by call; of those of which they keep none."""
    told, known = staff_told(session), {pbx: rules(session, pbx) for pbx in {call.pbx for call in calls}}
    visits = (
        select(QueueVisitRow.call_id, QueueVisitRow.queue)
        .where(QueueVisitRow.call_id.in_([call.id for call in calls]))
        .order_by(QueueVisitRow.call_id, QueueVisitRow.seq)
    )
    queues: dict[UUID, list[str]] = defaultdict(list)
    for call_id, queue in session.execute(visits):
        queues[call_id].append(queue)
    met = {call.id: places(Direction(call.direction), queues[call.id]) for call in calls}
    found = {call.id: verdict(known[call.pbx], met[call.id], staff_told=told).lack for call in calls}
    return {call: str(lack) for call, lack in found.items() if lack}


def note_notices(session: Session, call: CallRow) -> None:
    """Puts on the call what its caller was told: the notices that were in force when it began."""
    met = places(Direction(call.direction), _queues(session, call.id))
    rows = {_place(row): row for row in session.scalars(select(RecordingPolicy).where(RecordingPolicy.pbx == call.pbx))}
    for place in met:
        policy = rows.get(place)
        notice = _in_force(session, policy.id, call.started_at) if policy else None
        if notice and session.get(CallNotice, (call.id, notice.id)) is None:
            session.add(CallNotice(call_id=call.id, notice_id=notice.id))


def _tell(session: Session, policy: UUID, notice: Notice, now: datetime) -> None:
    last = session.scalars(
        select(RecordingNotice).where(RecordingNotice.policy_id == policy).order_by(RecordingNotice.version.desc())
    ).first()
    if last and (last.text, last.how, last.sound) == (notice.text, notice.how, notice.sound):
        return
    version = last.version + 1 if last else 1
    session.add(
        RecordingNotice(
            policy_id=policy, version=version, text=notice.text, how=notice.how, sound=notice.sound, since=now
        )
    )
    session.flush()


def _notices(session: Session) -> dict[UUID, RecordingNotice]:
    """The newest of each policy."""
    return {row.policy_id: row for row in session.scalars(_newest)}


def _in_force(session: Session, policy: UUID, at: datetime) -> RecordingNotice | None:
    then = select(RecordingNotice).where(RecordingNotice.policy_id == policy, RecordingNotice.since <= at)
    return session.scalars(then.order_by(RecordingNotice.version.desc()).limit(1)).first()


def _queues(session: Session, call: UUID) -> list[str]:
    visits = select(QueueVisitRow.queue).where(QueueVisitRow.call_id == call).order_by(QueueVisitRow.seq)
    return list(session.scalars(visits))


def _row(session: Session, pbx: str, place: Place) -> RecordingPolicy | None:
    wanted = select(RecordingPolicy).where(
        RecordingPolicy.pbx == pbx, RecordingPolicy.scope == place.scope, RecordingPolicy.queue == place.queue
    )
    return session.scalars(wanted.with_for_update()).first()


def _place(row: RecordingPolicy) -> Place:
    return Place(scope=PlaceKind(row.scope), queue=row.queue)


def _rule(row: RecordingPolicy, notice: RecordingNotice | None) -> Rule:
    told = Notice(text=notice.text, how=How(notice.how), sound=notice.sound) if notice else None
    return Rule(
        id=row.id, place=_place(row), record=row.record, notice=told, keep_days=row.keep_days, contact=row.contact
    )
