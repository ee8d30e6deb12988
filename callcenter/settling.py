"""What people decide of a call, and rules for them: what came of a talk, later, let off; whose it is. Pure."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from callcenter.call import Call, OutcomeState
from callcenter.decision_events import (
    CustomerChosen,
    Decision,
    OutcomeDeferred,
    OutcomeDue,
    OutcomeLapsed,
    OutcomeLogged,
    OutcomeWaived,
    PutOff,
    SegmentClaimed,
)
from callcenter.segments import put
from callcenter.terms import OutcomeRules
from callcenter.values import replace

_SAID: Final = frozenset({OutcomeState.LOGGED, OutcomeState.AUTOMATIC})


def decided(call: Call, event: Decision) -> Call:
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


def may_wait(call: Call, event: OutcomeDeferred, rules: OutcomeRules) -> bool:
    """Nobody is let go by a release that was ended meanwhile."""
    segment = call.segments[event.segment]
    return event.why is not PutOff.RELEASE or rules.releases(call, segment, event.at) is not None


def _settle(call: Call, seq: int, state: OutcomeState, outcome: UUID | None) -> Call:
    """One outcome per agent and call: all of that agent's parts that wait for one are settled by it."""
    agent = call.segments[seq].agent
    for segment in call.segments:
        waits = segment.owes or segment.outcome_state is OutcomeState.DEFERRED
        if segment.seq == seq or (segment.agent == agent and waits):
            call = put(call, replace(segment, outcome_state=state, outcome=outcome))
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
    return put(call, theirs)
