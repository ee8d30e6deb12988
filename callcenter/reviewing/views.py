"""Figures that stand out, as whoever may look at them is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.orm import Session, aliased

from callcenter.api import Answer
from callcenter.crm import customers, queues, visible
from callcenter.crm.models.calls import CallRow, RecordingRow, SegmentRow
from callcenter.crm.models.outcomes import OutcomeCode
from callcenter.crm.models.people import User
from callcenter.crm.models.reviews import Suspicion, SuspicionCall
from callcenter.crm.rights import Actor
from callcenter.crm.schemas import Person
from callcenter.errors import NotFound
from callcenter.reviewing.suspicion import SuspicionKind

State = Literal["new", "reviewed", "justified"]
CALLS_AT_MOST: Final = 200
_JUDGE: Final = aliased(User)


class ReviewFigures(Answer):
    """``count`` talks ``of`` so many; the limit they passed; of one outcome for everything the ``share`` and what is
    ``usual`` among ``usual_of`` talks of colleagues; ``unknown``: short talks of which nobody knows who hung up."""

    count: int
    of: int
    limit_s: float | None = None
    shortest_s: float | None = None
    longest_s: float | None = None
    unknown: int = 0
    share: float | None = None
    usual: float | None = None
    usual_of: int | None = None


class SuspicionLine(Answer):
    """``since`` and ``until``: the day or the week that was looked at."""

    id: UUID
    kind: SuspicionKind
    agent: Person
    pbx: str
    queue: str
    queue_label: str
    code: str
    code_labels: dict[str, str]
    since: datetime
    until: datetime
    figures: ReviewFigures
    last_at: datetime
    found_at: datetime
    state: State
    comment: str
    by: Person | None
    at: datetime | None
    version: int


class SuspicionLines(Answer):
    items: list[SuspicionLine]
    next_cursor: str | None


class SuspectTalk(Answer):
    """``seconds``: what was looked at, the talk or the wrap-up. ``recording_id`` null: there is none, or one may not
    listen."""

    call_id: UUID
    segment_id: UUID
    at: datetime
    direction: str
    queue: str
    talk_s: float
    seconds: float
    recording_id: UUID | None
    recording_s: float


class SuspicionAnswer(SuspicionLine):
    """``calls``: the newest first, no more than a page holds."""

    calls: list[SuspectTalk]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """None and "" narrow nothing."""

    state: str = ""
    kind: str = ""
    agent: UUID | None = None
    start: datetime | None = None
    end: datetime | None = None


def page(
    session: Session, actor: Actor, asked: Asked, limit: int, after: customers.PageKey | None
) -> list[SuspicionLine]:
    """One more than the limit, where there are more."""
    found = _lines(actor, asked)
    if after:
        found = found.where(tuple_(Suspicion.last_at, Suspicion.id) < customers.key(*after))
    rows = session.execute(found.order_by(Suspicion.last_at.desc(), Suspicion.id.desc()).limit(limit + 1)).all()
    return _told(session, rows)


def count(session: Session, actor: Actor) -> int:
    """How many nobody has looked at."""
    new = _mine(select(func.count()).select_from(Suspicion), actor).where(Suspicion.state == "new")
    return session.scalar(new) or 0


def one(session: Session, suspicion_id: UUID, actor: Actor) -> SuspicionAnswer:
    """With its calls. Raises NotFound."""
    rows = session.execute(_lines(actor, Asked()).where(Suspicion.id == suspicion_id)).all()
    if not rows:
        raise NotFound("there is nothing like that to look at")
    line = _told(session, rows)[0]
    return SuspicionAnswer(**dict(line), calls=_calls(session, suspicion_id, actor))


def row(session: Session, suspicion_id: UUID, actor: Actor) -> Suspicion:
    """To be changed. Raises NotFound."""
    wanted = _mine(select(Suspicion), actor).where(Suspicion.id == suspicion_id).with_for_update(of=Suspicion)
    found: Suspicion | None = session.scalars(wanted).first()
    if found is None:
        raise NotFound("there is nothing like that to look at")
    return found


def _mine(found: Select[*tuple[Any, ...]], actor: Actor) -> Select[*tuple[Any, ...]]:
    """Of one's own people; nobody looks at himself."""
    joined = found.join(User, User.id == Suspicion.agent_id)
    return joined.where(visible.people(actor), Suspicion.agent_id != actor.id)


def _lines(actor: Actor, asked: Asked) -> Select[*tuple[Any, ...]]:
    found = _mine(select(Suspicion, User, _JUDGE), actor).outerjoin(_JUDGE, _JUDGE.id == Suspicion.by_id)
    same = ((Suspicion.state, asked.state or None), (Suspicion.kind, asked.kind or None))
    found = found.where(*(column == value for column, value in same if value))
    if asked.agent:
        found = found.where(Suspicion.agent_id == asked.agent)
    if asked.start:
        found = found.where(Suspicion.last_at >= asked.start)
    return found.where(Suspicion.last_at <= asked.end) if asked.end else found


def _told(session: Session, rows: Iterable[Any]) -> list[SuspicionLine]:
    named = queues.labels(session)
    codes = {one.code: one.labels for one in session.execute(select(OutcomeCode.code, OutcomeCode.labels))}
    same = ("id", "kind", "pbx", "queue", "code", "since", "until", "last_at", "found_at", "state", "comment", "at")
    return [
        SuspicionLine(
            **{name: getattr(found, name) for name in same},
            version=found.version,
            agent=Person.model_validate(agent),
            by=Person.model_validate(judge) if judge else None,
            queue_label=named.get((found.pbx, found.queue), ""),
            code_labels=codes.get(found.code, {}),
            figures=ReviewFigures(**found.figures),
        )
        for found, agent, judge in rows
    ]


def _calls(session: Session, suspicion_id: UUID, actor: Actor) -> list[SuspectTalk]:
    found = (
        select(SuspicionCall, CallRow.direction, SegmentRow.queue, SegmentRow.talk_s)
        .join(CallRow, CallRow.id == SuspicionCall.call_id)
        .join(SegmentRow, SegmentRow.id == SuspicionCall.segment_id)
        .where(SuspicionCall.suspicion_id == suspicion_id, visible.calls(actor))
        .order_by(SuspicionCall.at.desc(), SuspicionCall.segment_id)
        .limit(CALLS_AT_MOST)
    )
    rows = session.execute(found).all()
    sounds = _sounds(session, {row[0].call_id for row in rows}, actor)
    return [
        SuspectTalk(
            call_id=talk.call_id,
            segment_id=talk.segment_id,
            at=talk.at,
            direction=direction,
            queue=queue,
            talk_s=talk_s,
            seconds=talk.seconds,
            recording_id=sounds[talk.call_id][0] if talk.call_id in sounds else None,
            recording_s=sounds[talk.call_id][1] if talk.call_id in sounds else 0.0,
        )
        for talk, direction, queue, talk_s in rows
    ]


def _sounds(session: Session, calls: Iterable[UUID], actor: Actor) -> dict[UUID, tuple[UUID, float]]:
    """The first recording of each call that one may listen to, and its length."""
    found = select(RecordingRow.call_id, RecordingRow.id, RecordingRow.duration_s).where(
        RecordingRow.call_id.in_(list(calls)), RecordingRow.state == "stored", visible.recordings(actor)
    )
    rows = session.execute(found.order_by(RecordingRow.started_at.desc(), RecordingRow.id))
    return {call: (recording, seconds) for call, recording, seconds in rows}
