"""The one function that changes a call: what each event means for it as a whole."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, TypeAlias, assert_never

from callcenter.call import Call, QueueVisit, Result
from callcenter.decision_events import (
    CustomerChosen,
    Decision,
    OutcomeDeferred,
    OutcomeDue,
    OutcomeLapsed,
    OutcomeLogged,
    OutcomeWaived,
    SegmentClaimed,
)
from callcenter.events import (
    Arrived,
    CallEvent,
    Direction,
    Ended,
    Filled,
    HandedOver,
    Held,
    Joined,
    Left,
    LegEnded,
    Offered,
    OfferEnded,
    Parked,
    PastEvent,
    QueueJoined,
    QueueLeft,
    QueueResult,
    Resumed,
)
from callcenter.filling import CONCLUDED, deferred, filled
from callcenter.hushing import announced, hushed, spoken, wished
from callcenter.owing import judged
from callcenter.recording_events import (
    Announced,
    Declined,
    PauseEnd,
    RecordingPaused,
    RecordingStarted,
    RecordingWentOn,
    RecordingWished,
)
from callcenter.roster import Roster
from callcenter.segments import all_left, held, joined, left, offer_ended, offered, passed_on
from callcenter.settling import decided, may_wait
from callcenter.terms import NO_RULES, OutcomeRules
from callcenter.values import replace

_Recording: TypeAlias = RecordingPaused | RecordingWentOn | RecordingWished


_MOMENT: Final = timedelta(seconds=1)
"""So far may a moment that a PBX wrote down be from the one that it told: some keep whole seconds."""
_NO_WAY: Final = (1, 2, 3, 21, 22, 27, 28, 34, 38, 41, 42, 58)
_OUTGOING: Final = {17: Result.BUSY, **dict.fromkeys(_NO_WAY, Result.FAILED)}
"""What the Q.850 cause of a customer's channel says of a call that went out and was not answered."""


def apply(call: Call | None, event: CallEvent, roster: Roster, rules: OutcomeRules = NO_RULES) -> Call | None:
    """The call after the event: the only place a call changes. None: an event of a call nobody announced.

    ``rules``: what is owed for which talks.
    """
    if isinstance(event, Filled):
        return _filled(call, event, roster, rules)
    if call is None:
        return _arrived(event) if isinstance(event, Arrived) else None
    if isinstance(event, OutcomeDeferred) and not may_wait(call, event, rules):
        return call
    return judged(_applied(call, event, roster), rules)


def _filled(call: Call | None, event: Filled, roster: Roster, rules: OutcomeRules) -> Call | None:
    """History asks nobody for outcomes: it has no agents, only phones."""
    told: Call | None = None
    for past in event.events:
        told = apply(told, past, roster if event.recent else Roster())
    after = filled(call, told, event.gap) if told else None
    if after is None or after == call:
        return call
    return deferred(call, judged(after, rules)) if event.late else judged(after, rules)


def _applied(call: Call, event: PastEvent | Decision | _Recording, roster: Roster) -> Call:
    match event:
        case Arrived():
            return call
        case QueueJoined() | QueueLeft():
            return _queue(call, event)
        case Offered():
            return offered(call, event, roster)
        case OfferEnded():
            return offer_ended(call, event)
        case Joined():
            return joined(call, event, roster)
        case Left() | LegEnded():
            return left(call, event)
        case Held() | Resumed():
            return held(call, event)
        case HandedOver() | Parked():
            return passed_on(call, event)
        case RecordingStarted(path=path):
            return call if path in call.recordings else replace(call, recordings=(*call.recordings, path))
        case Ended():
            return _ended(call, event)
        case RecordingPaused() | RecordingWentOn() | RecordingWished() | Declined() | Announced():
            return _recording(call, event)
        case OutcomeLogged() | OutcomeLapsed() | OutcomeDeferred() | OutcomeDue() | OutcomeWaived():
            return decided(call, event)
        case SegmentClaimed() | CustomerChosen():
            return decided(call, event)
        case _:
            assert_never(event)


def _recording(call: Call, event: _Recording | Declined | Announced) -> Call:
    """What is to be recorded of the call, and what its caller was told of it."""
    match event:
        case RecordingPaused():
            return hushed(call, event)
        case RecordingWentOn(how=how, at=at):
            return spoken(call, how, at)
        case RecordingWished() | Declined():
            return wished(call, event)
        case Announced():
            return announced(call, event)


def _arrived(event: Arrived) -> Call:
    return Call(
        key=event.call,
        direction=event.direction,
        number_raw=event.number_raw,
        name=event.name,
        did=event.did,
        trunk=event.trunk,
        region=event.region,
        started_at=event.at,
        number_read=event.number_read,
    )


def _queue(call: Call, event: QueueJoined | QueueLeft) -> Call:
    if isinstance(event, QueueJoined):
        told = _MOMENT if call.gaps else timedelta(0)
        mine = [v for v in call.queues if v.queue == event.queue]
        if any(v.left_at is None or abs(event.at - v.joined_at) <= told for v in mine):
            return call
        return replace(call, queues=(*call.queues, QueueVisit(queue=event.queue, joined_at=event.at)))
    visits = tuple(
        replace(v, left_at=event.at, result=event.result) if v.queue == event.queue and v.left_at is None else v
        for v in call.queues
    )
    return replace(call, queues=visits)


def _ended(call: Call, event: Ended) -> Call:
    if call.ended_at is not None:
        return call
    call = all_left(call, event.at, unseen=bool(event.note))
    return replace(
        _close_visits(spoken(call, PauseEnd.CALL, event.at), event),
        ended_at=event.at,
        result=_result(call, event),
        cause=event.cause,
        note=event.note,
        hung_up="" if event.note or not event.mono else "customer" if event.by_customer else "us",
    )


def _close_visits(call: Call, event: Ended) -> Call:
    """Of an end that nobody saw it is not known what became of the visit."""
    seen = QueueResult.ABANDONED if call.answered_at is None else QueueResult.ANSWERED
    result = None if event.note in CONCLUDED else seen
    visits = tuple(v if v.left_at else replace(v, left_at=event.at, result=result) for v in call.queues)
    return replace(call, queues=visits)


def _result(call: Call, event: Ended) -> Result:
    """abandoned: the customer hung up before anyone talked with him; missed: any other end without a talk."""
    if call.answered_at is not None:
        return Result.ANSWERED
    if call.direction is Direction.OUTBOUND:
        return _OUTGOING.get(event.cause, Result.MISSED)
    if event.message:
        return Result.VOICEMAIL
    return Result.ABANDONED if event.by_customer else Result.MISSED
