"""Recording policies as rows: read, written, and asked whether a recording may be kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter.crm import maps, opt_out_policy
from callcenter.crm.models.calls import CallRow, QueueVisitRow, RecordingRow, WishRow
from callcenter.crm.models.privacy import CallNotice, RecordingNotice, RecordingPolicy
from callcenter.crm.models.queues import Queue
from callcenter.crm.models.trail import StaffNotice
from callcenter.crm.privacy.consent import Taken, bounds
from callcenter.crm.privacy.rules import How, Lack, Mode, Notice, Place, PlaceKind, Rule, Verdict, places, verdict
from callcenter.errors import Invalid
from callcenter.events import Direction
from callcenter.recording_events import Wish

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
    return {_place(row): (row.version, n.version if (n := notices.get(row.id)) else 0) for row in rows}


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


def judge(session: Session, recording: RecordingRow) -> Verdict:
    """Whether this recording may be kept, by the rules as they are now."""
    call = session.get_one(CallRow, recording.call_id)
    met, known = _met(session, call), rules(session, call.pbx)
    found = verdict(known, dict(met), staff_told=staff_told(session))
    if found.lack:
        return found
    on_demand = tuple(at for place, at in met if known[place].mode is Mode.ON_DEMAND)
    lack, until = bounds(_taken(session, call, recording, on_demand))
    return replace(found, lack=lack, until=until)


def _taken(session: Session, call: CallRow, recording: RecordingRow, on_demand: tuple[datetime, ...]) -> Taken:
    wishes = session.scalars(select(WishRow).where(WishRow.call_id == call.id).order_by(WishRow.seq)).all()
    asked = {wish.file for wish in wishes if wish.wish == Wish.START}
    declined = next((wish.at for wish in wishes if wish.wish == Wish.DECLINE), None)
    return Taken(
        begun_at=recording.started_at,
        asked_for=recording.path.rpartition("/")[2] in asked,
        on_demand=on_demand,
        declined_at=declined,
        keep_before=declined is not None and opt_out_policy.read(session).recorded == "keep",
    )


def _met(session: Session, call: CallRow) -> list[tuple[Place, datetime]]:
    """The rules that bind a call, and from when on."""
    visits = select(QueueVisitRow.queue, QueueVisitRow.joined_at).where(QueueVisitRow.call_id == call.id)
    queues = session.execute(visits.order_by(QueueVisitRow.seq)).all()
    found = [(Place(scope=PlaceKind.QUEUE, queue=queue), at) for queue, at in queues]
    return found or [(place, call.started_at) for place in places(Direction(call.direction), ())]


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
    left = {
        call.id: Lack.NOT_ASKED_FOR
        for call in calls
        if not found[call.id] and any(known[call.pbx][place].mode is Mode.ON_DEMAND for place in met[call.id])
    }
    wishes = _wishes(session, [call.id for call in calls])
    declined = {call: Lack.DECLINED for call, wished in wishes.items() if Wish.DECLINE in wished}
    asked = {call for call, wished in wishes.items() if Wish.START in wished}
    why = {call: lack for call, lack in left.items() if call not in asked} | declined
    why |= {call: lack for call, lack in found.items() if lack}
    return {call: str(lack) for call, lack in why.items()}


def _wishes(session: Session, calls: Sequence[UUID]) -> dict[UUID, set[Wish]]:
    wishes: dict[UUID, set[Wish]] = defaultdict(set)
    for call, wish in session.execute(select(WishRow.call_id, WishRow.wish).where(WishRow.call_id.in_(calls))):
        wishes[call].add(Wish(wish))
    return wishes


def note_notices(session: Session, call: CallRow) -> None:
    """Puts on the call what its caller was told by others than the PBX, or while nobody listened to it: the notices
    that were in force when it began, that of the number he dialled before those of his queues."""
    told = session.scalars(select(CallNotice.result).where(CallNotice.call_id == call.id)).all()
    rows = {_place(row): row for row in session.scalars(select(RecordingPolicy).where(RecordingPolicy.pbx == call.pbx))}
    own = rows.get(Place(scope=PlaceKind.DID, queue=call.did)) if call.did else None
    met = places(Direction(call.direction), _queues(session, call.id))
    binding = [own] if own and own.mode == Mode.FORCED else [rows[place] for place in met if place in rows]
    for policy in binding:
        notice = _in_force(session, policy.id, call.started_at)
        heard = notice is None or (_told(notice).played and any(told))
        if notice and not heard and session.get(CallNotice, (call.id, notice.id)) is None:
            session.add(CallNotice(call_id=call.id, notice_id=notice.id))


def _tell(session: Session, policy: UUID, notice: Notice, now: datetime) -> None:
    last = session.scalars(
        select(RecordingNotice).where(RecordingNotice.policy_id == policy).order_by(RecordingNotice.version.desc())
    ).first()
    if last and replace(_told(last), id=notice.id) == notice:
        return
    version = last.version + 1 if last else 1
    said = {"text": notice.text, "how": notice.how, "sound": notice.sound, "key": notice.key}
    session.add(RecordingNotice(policy_id=policy, version=version, since=now, **said))
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


def _told(row: RecordingNotice) -> Notice:
    return Notice(text=row.text, how=How(row.how), sound=row.sound, key=row.key, id=row.id)


def _rule(row: RecordingPolicy, notice: RecordingNotice | None) -> Rule:
    told = _told(notice) if notice else None
    return Rule(
        id=row.id, place=_place(row), mode=Mode(row.mode), notice=told, keep_days=row.keep_days, contact=row.contact
    )
