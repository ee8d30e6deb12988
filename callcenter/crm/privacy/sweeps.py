"""What grows old, kind by kind: how much of it is due, and a bounded batch of it removed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, exists, func, or_, select, tuple_, update
from sqlalchemy.orm import Session

from callcenter.call import UNSETTLED, OutcomeState
from callcenter.crm import drafts
from callcenter.crm.models.calls import CallRow, RecordingRow, SegmentRow
from callcenter.crm.models.customers import Customer
from callcenter.crm.models.floor import AgentMessage, AgentMessageReader, AlarmRow
from callcenter.crm.models.messages import PreparedMessage
from callcenter.crm.models.office import Idempotency
from callcenter.crm.models.people import SignIn, SignInAttempt
from callcenter.crm.models.privacy import LegalHold, RecordingPolicy
from callcenter.crm.models.routing import RouteAnswer
from callcenter.crm.models.scores import Evaluation, EvaluationAnswer
from callcenter.crm.privacy import holds
from callcenter.crm.privacy.keeping import Keeping, months_before
from callcenter.jobs import Job

BATCH: Final = 200
_SETTLED: Final = tuple(state for state in OutcomeState if state not in UNSETTLED and state is not OutcomeState.NONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """Rows that simply go: ``due`` counts them, ``remove`` takes a batch; how many."""

    name: str
    due: Callable[[Session, Keeping, datetime], int]
    remove: Callable[[Session, Keeping, datetime], int]


def _rows(name: str, kind: Any, keys: tuple[Any, ...], old: Callable[[Keeping, datetime], Any]) -> Sweep:
    def due(session: Session, keeping: Keeping, now: datetime) -> int:
        return session.scalar(select(func.count()).select_from(kind).where(old(keeping, now))) or 0

    def remove(session: Session, keeping: Keeping, now: datetime) -> int:
        some = select(*keys).where(old(keeping, now)).limit(BATCH)
        key = keys[0] if len(keys) == 1 else tuple_(*keys)
        result: Any = session.execute(delete(kind).where(key.in_(some)).execution_options(synchronize_session=False))
        return int(result.rowcount)

    return Sweep(name=name, due=due, remove=remove)


def _before(now: datetime, days: int) -> datetime:
    return now - timedelta(days=days)


def _old_drafts(keeping: Keeping, now: datetime) -> ColumnElement[bool]:
    over = SegmentRow.ended_at < _before(now, keeping.drafts_days)
    return drafts.written() & over & SegmentRow.outcome_state.in_(_SETTLED)


def _due_drafts(session: Session, keeping: Keeping, now: datetime) -> int:
    return session.scalar(select(func.count()).select_from(SegmentRow).where(_old_drafts(keeping, now))) or 0


def _remove_drafts(session: Session, keeping: Keeping, now: datetime) -> int:
    some = select(SegmentRow.id).where(_old_drafts(keeping, now)).limit(BATCH)
    emptied = update(SegmentRow).where(SegmentRow.id.in_(some)).values(drafts.NONE)
    result: Any = session.execute(emptied.execution_options(synchronize_session=False))
    return int(result.rowcount)


def _old_evaluations(keeping: Keeping, now: datetime) -> Select[UUID]:
    """By their age, except of calls on hold."""
    old = Evaluation.at < _before(now, keeping.evaluations_days)
    call = select(CallRow.id).where(CallRow.id == Evaluation.call_id, holds.on_call(CallRow.id, CallRow.customer_id))
    return select(Evaluation.id).where(old, ~call.exists())


def _due_evaluations(session: Session, keeping: Keeping, now: datetime) -> int:
    return _count(session, _old_evaluations(keeping, now))


def _remove_evaluations(session: Session, keeping: Keeping, now: datetime) -> int:
    some = list(session.scalars(_old_evaluations(keeping, now).limit(BATCH)))
    session.execute(delete(EvaluationAnswer).where(EvaluationAnswer.evaluation_id.in_(some)))
    session.execute(delete(Evaluation).where(Evaluation.id.in_(some)))
    return len(some)


def _old_messages(keeping: Keeping, now: datetime) -> Select[UUID]:
    """Read or not: what was to be done then is over."""
    return select(AgentMessage.id).where(AgentMessage.at < _before(now, keeping.journal_days))


def _due_messages(session: Session, keeping: Keeping, now: datetime) -> int:
    return _count(session, _old_messages(keeping, now))


def _remove_messages(session: Session, keeping: Keeping, now: datetime) -> int:
    some = list(session.scalars(_old_messages(keeping, now).limit(BATCH)))
    session.execute(delete(AgentMessageReader).where(AgentMessageReader.message_id.in_(some)))
    session.execute(delete(AgentMessage).where(AgentMessage.id.in_(some)))
    return len(some)


SWEEPS: Final = (
    Sweep(name="drafts", due=_due_drafts, remove=_remove_drafts),
    Sweep(name="evaluations", due=_due_evaluations, remove=_remove_evaluations),
    Sweep(name="agent_messages", due=_due_messages, remove=_remove_messages),
    _rows(
        "prepared_messages",
        PreparedMessage,
        (PreparedMessage.id,),
        lambda k, now: PreparedMessage.at < _before(now, k.drafts_days),
    ),
    _rows(
        "alarms",
        AlarmRow,
        (AlarmRow.id,),
        lambda k, now: AlarmRow.ended_at < months_before(now, k.audit_months),
    ),
    _rows(
        "sign_in_attempts",
        SignInAttempt,
        (SignInAttempt.id,),
        lambda k, now: SignInAttempt.at < _before(now, k.attempts_days),
    ),
    _rows(
        "sign_ins",
        SignIn,
        (SignIn.id,),
        lambda k, now: (
            (SignIn.expires_at < _before(now, k.sign_ins_days)) | (SignIn.revoked_at < _before(now, k.sign_ins_days))
        ),
    ),
    _rows(
        "posts",
        Idempotency,
        (Idempotency.user_id, Idempotency.key),
        lambda k, now: Idempotency.at < _before(now, k.posts_days),
    ),
    _rows(
        "route_answers",
        RouteAnswer,
        (RouteAnswer.id,),
        lambda k, now: RouteAnswer.at < _before(now, k.journal_days),
    ),
    _rows("jobs", Job, (Job.id,), lambda k, now: Job.done_at < _before(now, k.jobs_days)),
)


def old_recordings(now: datetime, rule: RecordingPolicy, *, held: bool = False) -> Select[RecordingRow]:
    """Those kept under the rule whose time is over; those of them on hold, or those that may go."""
    on_hold = holds.on_call(CallRow.id, CallRow.customer_id)
    wanted = (
        select(RecordingRow)
        .join(CallRow, CallRow.id == RecordingRow.call_id)
        .where(RecordingRow.policy_id == rule.id, RecordingRow.state == "stored")
        .where(RecordingRow.started_at < _before(now, rule.keep_days or 0))
    )
    return wanted.where(on_hold if held else ~on_hold)


def due_recordings(session: Session, now: datetime, *, held: bool = False) -> int:
    """How many recordings are over their time, by every rule."""
    rules = session.scalars(select(RecordingPolicy).where(RecordingPolicy.keep_days.is_not(None))).all()
    return sum(_count(session, old_recordings(now, rule, held=held)) for rule in rules)


def some_recordings(session: Session, now: datetime) -> list[RecordingRow]:
    """A batch that may go, the oldest first."""
    for rule in session.scalars(select(RecordingPolicy).where(RecordingPolicy.keep_days.is_not(None))):
        found = session.scalars(old_recordings(now, rule).order_by(RecordingRow.started_at).limit(BATCH)).all()
        if found:
            return list(found)
    return []


def old_cards(keeping: Keeping, now: datetime) -> Select[UUID]:
    """Cards without contact for so long, on which nobody wrote since and nothing is open or held."""
    before = months_before(now, keeping.cards_months or 0)
    busy = exists().where(
        CallRow.customer_id == Customer.id,
        or_(
            CallRow.ended_at.is_(None),
            exists().where(SegmentRow.call_id == CallRow.id, SegmentRow.outcome_state.in_(UNSETTLED)),
        ),
    )
    kept = exists().where(LegalHold.customer_id == Customer.id, LegalHold.released_at.is_(None))
    held_call = exists().where(
        LegalHold.call_id == CallRow.id, CallRow.customer_id == Customer.id, LegalHold.released_at.is_(None)
    )
    return select(Customer.id).where(
        Customer.merged_into.is_(None),
        Customer.updated_at < before,
        or_(Customer.last_contact_at.is_(None), Customer.last_contact_at < before),
        ~busy,
        ~kept,
        ~held_call,
    )


def due_cards(session: Session, keeping: Keeping, now: datetime) -> int:
    return _count(session, old_cards(keeping, now)) if keeping.cards_months else 0


def some_cards(session: Session, keeping: Keeping, now: datetime, limit: int) -> list[UUID]:
    """A batch of them, by age."""
    if not keeping.cards_months:
        return []
    return list(session.scalars(old_cards(keeping, now).order_by(Customer.updated_at).limit(limit)))


def _count(session: Session, wanted: Select[Any]) -> int:
    return session.scalar(select(func.count()).select_from(wanted.order_by(None).subquery())) or 0
