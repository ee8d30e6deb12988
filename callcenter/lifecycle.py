"""The one function that changes a call."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, TypeAlias, assert_never
from uuid import UUID

from callcenter.call import Call, Offer, OutcomeState, QueueVisit, Result, Role, Segment
from callcenter.events import (
    Arrived,
    CallEvent,
    CustomerChosen,
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
    OfferResult,
    OutcomeDeferred,
    OutcomeDue,
    OutcomeLapsed,
    OutcomeLogged,
    OutcomeWaived,
    Parked,
    PastEvent,
    PutOff,
    QueueJoined,
    QueueLeft,
    QueueResult,
    Resumed,
    SegmentClaimed,
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
from callcenter.roster import AgentId, Roster
from callcenter.terms import NO_RULES, OutcomeRules

_Decision: TypeAlias = (
    OutcomeLogged | OutcomeLapsed | OutcomeDeferred | OutcomeDue | OutcomeWaived | SegmentClaimed | CustomerChosen
)
_Recording: TypeAlias = RecordingPaused | RecordingWentOn | RecordingWished


_SAID: Final = frozenset({OutcomeState.LOGGED, OutcomeState.AUTOMATIC})
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
    if isinstance(event, OutcomeDeferred) and not _may_wait(call, event, rules):
        return call
    return judged(_applied(call, event, roster), rules)


def _may_wait(call: Call, event: OutcomeDeferred, rules: OutcomeRules) -> bool:
    """Nobody is let go by a release that was ended meanwhile."""
    segment = call.segments[event.segment]
    return event.why is not PutOff.RELEASE or rules.releases(call, segment, event.at) is not None


def _filled(call: Call | None, event: Filled, roster: Roster, rules: OutcomeRules) -> Call | None:
    """History asks nobody for outcomes: it has no agents, only phones."""
    told: Call | None = None
    for past in event.events:
        told = apply(told, past, roster if event.recent else Roster())
    after = filled(call, told, event.gap) if told else None
    if after is None or after == call:
        return call
    return deferred(call, judged(after, rules)) if event.late else judged(after, rules)


def _applied(call: Call, event: PastEvent | _Decision | _Recording, roster: Roster) -> Call:
    match event:
        case Arrived():
            return call
        case QueueJoined() | QueueLeft():
            return _queue(call, event)
        case Offered():
            return _offered(_off_the_shelf(call), event, roster)
        case OfferEnded():
            return _offer_ended(call, event)
        case Joined():
            return _joined(_off_the_shelf(call), event, roster)
        case Left() | LegEnded():
            return _left(call, event)
        case Held() | Resumed():
            return _hold(call, event)
        case HandedOver() | Parked():
            return _passed_on(call, event)
        case RecordingStarted(path=path):
            return call if path in call.recordings else replace(call, recordings=(*call.recordings, path))
        case Ended():
            return _ended(call, event)
        case RecordingPaused() | RecordingWentOn() | RecordingWished() | Declined() | Announced():
            return _recording(call, event)
        case OutcomeLogged() | OutcomeLapsed() | OutcomeDeferred() | OutcomeDue() | OutcomeWaived():
            return _decided(call, event)
        case SegmentClaimed() | CustomerChosen():
            return _decided(call, event)
        case _:
            assert_never(event)


def _decided(call: Call, event: _Decision) -> Call:
    """What a person said of the call."""
    match event:
        case OutcomeLogged(segment=seq, outcome=outcome):
            return _settle(call, seq, OutcomeState.LOGGED, outcome)
        case OutcomeLapsed(segment=seq, outcome=outcome):
            return _settle(call, seq, OutcomeState.AUTOMATIC, outcome) if call.segments[seq].owes else call
        case OutcomeDeferred(segment=seq):
            return _settle(call, seq, OutcomeState.DEFERRED, None) if call.segments[seq].owes else call
        case OutcomeDue(segment=seq):
            return _due(call, seq)
        case OutcomeWaived(segment=seq):
            said = call.segments[seq].outcome_state in _SAID
            return call if said else _settle(call, seq, OutcomeState.WAIVED, None)
        case SegmentClaimed():
            return _claimed(call, event)
        case CustomerChosen(customer=customer):
            return replace(call, customer=customer)


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


def _put(call: Call, segment: Segment) -> Call:
    kept = tuple(segment if s.seq == segment.seq else s for s in call.segments)
    return replace(call, segments=kept if segment.seq < len(call.segments) else (*kept, segment))


def _new_segment(call: Call, event: Offered | Joined, roster: Roster) -> Segment:
    return Segment(
        seq=len(call.segments),
        agent=roster.agent_at(event.device, event.at),
        extension=roster.extension_at(event.device, event.at),
        device=event.device,
        leg=event.leg,
        role=Role.OWNER,
        via=event.via,
        queue=event.queue if isinstance(event, Offered) else "",
    )


def _of_leg(call: Call, leg: str) -> Segment | None:
    owning = [s for s in call.segments if s.leg == leg or any(o.leg == leg for o in s.offers)]
    return owning[-1] if owning else None


def _same_part(segment: Segment, event: Offered, agent: AgentId | None) -> bool:
    """Another round of ringing the same person is the same part, unless he has talked meanwhile or is rung anew for
    another reason: who let a queue's call go by and is then handed the customer has two parts."""
    if segment.answered_at is not None or (segment.via is not event.via and not segment.ringing):
        return False
    return segment.device == event.device if agent is None else segment.agent == agent


def _offered(call: Call, event: Offered, roster: Roster) -> Call:
    if known := _of_leg(call, event.leg):
        return _put(call, known)
    agent = roster.agent_at(event.device, event.at)
    same = [s for s in call.segments if _same_part(s, event, agent)]
    segment = same[-1] if same else _new_segment(call, event, roster)
    ended = event.at if event.result else None
    offer = Offer(leg=event.leg, device=event.device, offered_at=event.at, ended_at=ended, result=event.result)
    behind = event.result is not None and segment.ringing
    return _put(
        call,
        replace(
            segment,
            offers=(*segment.offers, offer),
            leg=segment.leg if behind else event.leg,
            device=segment.device if behind else event.device,
            queue=event.queue or segment.queue,
            ended_at=None if behind else ended,
            leg_ended=False,
        ),
    )


def _offer_ended(call: Call, event: OfferEnded) -> Call:
    segment = _of_leg(call, event.leg)
    if segment is None:
        return call
    offers = tuple(
        replace(o, ended_at=event.at, result=event.result) if o.leg == event.leg and o.ended_at is None else o
        for o in segment.offers
    )
    ended = None if segment.answered_at or any(o.ended_at is None for o in offers) else event.at
    return _put(call, replace(segment, offers=offers, ended_at=segment.ended_at or ended))


def _joined(call: Call, event: Joined, roster: Roster) -> Call:
    segment = _of_leg(call, event.leg)
    if call.gaps and segment and segment.answered_at and segment.leg_ended and segment.leg == event.leg:
        return call  # the PBX had written its end down before we heard of its beginning
    if segment is None or (segment.answered_at is not None and segment.leg_ended):
        segment = _new_segment(call, event, roster)
    offers = tuple(
        replace(o, ended_at=event.at, result=OfferResult.ANSWERED) if o.leg == event.leg and o.ended_at is None else o
        for o in segment.offers
    )
    talking = replace(
        segment,
        offers=offers,
        leg=event.leg,
        device=event.device,
        answered_at=segment.answered_at or event.at,
        ended_at=None,
        talking=True,
        handed_to="",
    )
    if segment.handed_to and not segment.owes:
        talking = replace(talking, outcome_state=OutcomeState.NONE, outcome=None)
    if call.ended_at is not None:
        talking = _stopped(talking, event.at, leg_ended=segment.leg_ended)
    return _put(replace(call, answered_at=call.answered_at or event.at), talking)


def _passed_on(call: Call, event: HandedOver | Parked) -> Call:
    """A transfer to the parking lot is told as both, in either order: he who parked has passed nobody on."""
    segment = _of_leg(call, event.leg) if event.leg else None
    if isinstance(event, Parked):
        call = replace(call, parked=event.space)
        return _put(call, replace(segment, handed_to="")) if segment else call
    return _put(call, replace(segment, handed_to=event.to)) if segment and not call.parked else call


def _off_the_shelf(call: Call) -> Call:
    return replace(call, parked="") if call.parked else call


def _left(call: Call, event: Left | LegEnded) -> Call:
    segment = _of_leg(call, event.leg)
    if segment is None or segment.leg != event.leg:
        return call
    gone = isinstance(event, LegEnded)
    return _put(call, _stopped(segment, event.at, leg_ended=gone or segment.leg_ended))


def _stopped(segment: Segment, at: datetime, *, leg_ended: bool) -> Segment:
    held = (at - segment.held_since).total_seconds() if segment.held_since else 0.0
    return replace(
        segment,
        talking=False,
        held_since=None,
        hold_s=segment.hold_s + held,
        ended_at=segment.ended_at or at,
        leg_ended=leg_ended,
    )


def _hold(call: Call, event: Held | Resumed) -> Call:
    segment = _of_leg(call, event.leg)
    if segment is None or not segment.talking:
        return call
    if isinstance(event, Held):
        return _put(call, replace(segment, held_since=segment.held_since or event.at))
    held = (event.at - segment.held_since).total_seconds() if segment.held_since else 0.0
    return _put(call, replace(segment, held_since=None, hold_s=segment.hold_s + held))


def _ended(call: Call, event: Ended) -> Call:
    if call.ended_at is not None:
        return call
    at = event.at
    for segment in call.segments:
        offers = tuple(
            replace(o, ended_at=at, result=OfferResult.CANCELLED) if o.ended_at is None else o for o in segment.offers
        )
        stopped = _stopped(replace(segment, offers=offers), at, leg_ended=segment.leg_ended or bool(event.note))
        call = _put(call, stopped)
    return replace(
        _close_visits(spoken(call, PauseEnd.CALL, at), event),
        ended_at=at,
        result=_result(call, event),
        cause=event.cause,
        note=event.note,
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


def _settle(call: Call, seq: int, state: OutcomeState, outcome: UUID | None) -> Call:
    """One outcome per agent and call: all of that agent's parts that wait for one are settled by it."""
    agent = call.segments[seq].agent
    for segment in call.segments:
        waits = segment.owes or segment.outcome_state is OutcomeState.DEFERRED
        if segment.seq == seq or (segment.agent == agent and waits):
            call = _put(call, replace(segment, outcome_state=state, outcome=outcome))
    return call


def _due(call: Call, seq: int) -> Call:
    """All of his parts that were put off with this one are owed again."""
    agent = call.segments[seq].agent
    parts = tuple(
        replace(s, outcome_state=OutcomeState.OWED)
        if s.agent == agent and s.outcome_state is OutcomeState.DEFERRED
        else s
        for s in call.segments
    )
    return replace(call, segments=parts)


def _claimed(call: Call, event: SegmentClaimed) -> Call:
    """The first to claim an answered part that is nobody's has it, and owes for it; a part let off stays let off."""
    segment = call.segments[event.segment]
    if segment.agent is not None or segment.answered_at is None or segment.outcome_state is not OutcomeState.NONE:
        return call
    theirs = replace(
        segment, agent=event.agent, extension=segment.extension or event.extension, outcome_state=OutcomeState.OWED
    )
    return _put(call, theirs)
