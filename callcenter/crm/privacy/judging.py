"""The rules, asked about many calls at a time: may their recordings be kept, why not, and what were callers told?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from callcenter.crm import opt_out_policy
from callcenter.crm.models.calls import CallRow, QueueVisitRow, RecordingRow, WishRow
from callcenter.crm.models.privacy import CallNotice, RecordingNotice, RecordingPolicy
from callcenter.crm.privacy import policies
from callcenter.crm.privacy.consent import Taken, bounds
from callcenter.crm.privacy.rules import Lack, Mode, Place, PlaceKind, Rule, Verdict, places, verdict
from callcenter.events import Direction
from callcenter.recording_events import Wish


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What the rows say of some calls. ``met`` are the rules that bind each, and from when on; ``wished`` what was
    wished of its recording, and the file it is about, in order."""

    staff_told: bool
    rules: Mapping[str, Mapping[Place, Rule]]
    met: Mapping[UUID, Sequence[tuple[Place, datetime]]]
    wished: Mapping[UUID, Sequence[tuple[Wish, datetime, str]]]
    keep_before: bool

    def verdict(self, call: CallRow) -> Verdict:
        return verdict(self.rules[call.pbx], dict(self.met[call.id]), staff_told=self.staff_told)

    def on_demand(self, call: CallRow) -> tuple[datetime, ...]:
        """From when on agents decide; of a call whose rules are whole."""
        rules = self.rules[call.pbx]
        return tuple(at for place, at in self.met[call.id] if rules[place].mode is Mode.ON_DEMAND)


def judge(session: Session, recordings: Sequence[RecordingRow], calls: Sequence[CallRow]) -> dict[UUID, Verdict]:
    """Whether each recording of these calls may be kept, by the rules as they are now."""
    known, of = _known(session, calls), {call.id: call for call in calls}
    return {row.id: _judged(known, of[row.call_id], row) for row in recordings}


def _judged(known: _Known, call: CallRow, row: RecordingRow) -> Verdict:
    found = known.verdict(call)
    if found.lack:
        return found
    wished = known.wished[call.id]
    declined = next((at for wish, at, _ in wished if wish is Wish.DECLINE), None)
    taken = Taken(
        begun_at=row.started_at,
        asked_for=row.path.rpartition("/")[2] in {file for wish, _, file in wished if wish is Wish.START},
        on_demand=known.on_demand(call),
        declined_at=declined,
        keep_before=declined is not None and known.keep_before,
    )
    lack, until = bounds(taken)
    return replace(found, lack=lack, until=until)


def lacks_of(session: Session, calls: Sequence[CallRow]) -> dict[UUID, str]:
    """Why the rules of now keep no recording, by call; of those of which they keep none."""
    known = _known(session, calls)
    found = {call.id: _lack(known, call) for call in calls}
    return {call: str(lack) for call, lack in found.items() if lack}


def _lack(known: _Known, call: CallRow) -> Lack | None:
    wishes = {wish for wish, _, _ in known.wished[call.id]}
    if lack := known.verdict(call).lack:
        return lack
    if Wish.DECLINE in wishes:
        return Lack.DECLINED
    return Lack.NOT_ASKED_FOR if known.on_demand(call) and Wish.START not in wishes else None


def _known(session: Session, calls: Sequence[CallRow]) -> _Known:
    ids, visits = [call.id for call in calls], _visits(session, [call.id for call in calls])
    wished: dict[UUID, list[tuple[Wish, datetime, str]]] = defaultdict(list)
    wishes = select(WishRow.call_id, WishRow.wish, WishRow.at, WishRow.file).where(WishRow.call_id.in_(ids))
    for call_id, wish, at, file in session.execute(wishes.order_by(WishRow.call_id, WishRow.seq)):
        wished[call_id].append((Wish(wish), at, file))
    return _Known(
        staff_told=policies.staff_told(session),
        rules={pbx: policies.rules(session, pbx) for pbx in {call.pbx for call in calls}},
        met={call.id: _met(call, visits[call.id]) for call in calls},
        wished=wished,
        keep_before=bool(wished) and opt_out_policy.read(session).recorded == "keep",
    )


def _met(call: CallRow, visits: Sequence[tuple[str, datetime]]) -> list[tuple[Place, datetime]]:
    """The rules that bind a call, and from when on."""
    queues = [(Place(scope=PlaceKind.QUEUE, queue=queue), at) for queue, at in visits]
    return queues or [(place, call.started_at) for place in places(Direction(call.direction), ())]


def _visits(session: Session, calls: Collection[UUID]) -> Mapping[UUID, Sequence[tuple[str, datetime]]]:
    """The queues of each call in order, and when it joined them."""
    found: dict[UUID, list[tuple[str, datetime]]] = defaultdict(list)
    visits = select(QueueVisitRow.call_id, QueueVisitRow.queue, QueueVisitRow.joined_at)
    visits = visits.where(QueueVisitRow.call_id.in_(calls)).order_by(QueueVisitRow.call_id, QueueVisitRow.seq)
    for call_id, queue, at in session.execute(visits):
        found[call_id].append((queue, at))
    return found


def note_notices(session: Session, calls: Sequence[CallRow]) -> None:
    """Puts on each call what its caller was told by others than the PBX, or while nobody listened to it: the notices
    that were in force when it began, that of the number he dialled before those of his queues."""
    ids = [call.id for call in calls]
    told: dict[UUID, dict[UUID, str]] = defaultdict(dict)
    for row in session.scalars(select(CallNotice).where(CallNotice.call_id.in_(ids))):
        told[row.call_id][row.notice_id] = row.result
    visits, texts = _visits(session, ids), _Texts(session, {call.pbx for call in calls})
    fresh = [
        {"call_id": call.id, "notice_id": notice.id}
        for call in calls
        for notice in texts.in_force(call, [queue for queue, _ in visits[call.id]])
        if notice.id not in told[call.id] and not (policies.notice_of(notice).played and any(told[call.id].values()))
    ]
    if fresh:
        session.execute(insert(CallNotice), fresh)


class _Texts:
    """Every version of what callers are told on some PBXs."""

    def __init__(self, session: Session, pbxs: Collection[str]) -> None:
        rows = session.scalars(select(RecordingPolicy).where(RecordingPolicy.pbx.in_(pbxs))).all()
        self._rules = {(row.pbx, policies.place_of(row)): row for row in rows}
        self._versions: dict[UUID, list[RecordingNotice]] = defaultdict(list)
        ours = RecordingNotice.policy_id.in_([row.id for row in rows])
        for text in session.scalars(select(RecordingNotice).where(ours).order_by(RecordingNotice.version)):
            self._versions[text.policy_id].append(text)

    def in_force(self, call: CallRow, queues: Sequence[str]) -> list[RecordingNotice]:
        """When it began, for whoever called."""
        found = (self._at(rule.id, call.started_at) for rule in self._binding(call, queues))
        return [text for text in found if text]

    def _binding(self, call: CallRow, queues: Sequence[str]) -> list[RecordingPolicy]:
        own = self._rules.get((call.pbx, Place(scope=PlaceKind.DID, queue=call.did))) if call.did else None
        if own and own.mode == Mode.FORCED:
            return [own]
        met = [(call.pbx, place) for place in places(Direction(call.direction), queues)]
        return [self._rules[one] for one in met if one in self._rules]

    def _at(self, rule: UUID, at: datetime) -> RecordingNotice | None:
        return next((text for text in reversed(self._versions[rule]) if text.since <= at), None)
