"""The decision who sees what of a call: pure, from the call before and after one event."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from callcenter.call import Call, Segment
from callcenter.events import OfferResult
from callcenter.roster import AgentId
from callcenter.screenpop.shown import Phase, Withdrawal


class Step(StrEnum):
    """What becomes of a pop."""

    OFFERED = "offered"
    UPDATED = "updated"
    WITHDRAWN = "withdrawn"
    OWED = "owed"
    SETTLED = "settled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """``segment`` is the agent's part after the event; ``by`` who answered instead of him."""

    step: Step
    agent: AgentId
    pop: UUID
    segment: Segment
    phase: Phase | None
    reason: Withdrawal = Withdrawal.CANCELLED
    by: AgentId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A segment that its agent sees, and how."""

    agent: AgentId
    segment: Segment
    phase: Phase


_REASONS: Final = {
    OfferResult.ANSWERED_ELSEWHERE: Withdrawal.ANSWERED_ELSEWHERE,
    OfferResult.NO_ANSWER: Withdrawal.NO_ANSWER,
    OfferResult.REJECTED: Withdrawal.REJECTED,
}


def decide(before: Call | None, after: Call) -> tuple[Decision, ...]:
    """What the change of a call means for its agents' pops, one for each pop that was or is seen."""
    was = shown(before) if before else {}
    now = shown(after)
    latest = {s.id: s for s in after.segments if s.id}
    gone = tuple(_gone(pop, old, latest.get(pop, old.segment), after) for pop, old in was.items() if pop not in now)
    return gone + tuple(_kept(pop, was.get(pop), new) for pop, new in now.items())


def shown(call: Call) -> dict[UUID, Shown]:
    """The pops of a call by id. Of two parts of one agent the later hides the earlier as soon as it is answered: the
    agent owes one outcome for both."""
    seen: dict[UUID, Shown] = {}
    answered: set[AgentId] = set()
    for segment in reversed(call.segments):
        step = phase(call, segment)
        if segment.agent is None or segment.id is None or step is None or segment.agent in answered:
            continue
        seen[segment.id] = Shown(agent=segment.agent, segment=segment, phase=step)
        if step is not Phase.RINGING:
            answered.add(segment.agent)
    return dict(reversed(seen.items()))


def phase(call: Call, segment: Segment) -> Phase | None:
    """How the segment stands with its agent; None: there is nothing to show."""
    if segment.answered_at is None:
        rings = segment.ringing or _about_to_talk(segment)
        return Phase.RINGING if rings and call.ended_at is None else None
    if not segment.leg_ended and call.ended_at is None:
        return Phase.TALKING
    return Phase.WRAPUP if segment.owes else None


def _about_to_talk(segment: Segment) -> bool:
    """The PBX says "answered" some milliseconds before the two can talk: that is no reason to take the pop away."""
    picked_up = any(o.result is OfferResult.ANSWERED for o in segment.offers)
    return picked_up and not segment.leg_ended


def _kept(pop: UUID, old: Shown | None, new: Shown) -> Decision:
    owed = new.phase is Phase.WRAPUP and (old is None or old.phase is not Phase.WRAPUP)
    step = Step.OWED if owed else Step.OFFERED if old is None else Step.UPDATED
    return Decision(step=step, agent=new.agent, pop=pop, segment=new.segment, phase=new.phase)


def _gone(pop: UUID, old: Shown, segment: Segment, call: Call) -> Decision:
    if segment.answered_at is not None:
        return Decision(step=Step.SETTLED, agent=old.agent, pop=pop, segment=segment, phase=None)
    reason = _reason(segment)
    by = _talker(call, old.agent) if reason is Withdrawal.ANSWERED_ELSEWHERE else None
    return Decision(step=Step.WITHDRAWN, agent=old.agent, pop=pop, segment=segment, phase=None, reason=reason, by=by)


def _reason(segment: Segment) -> Withdrawal:
    results = [o.result for o in segment.offers if o.result]
    return _REASONS.get(results[-1], Withdrawal.CANCELLED) if results else Withdrawal.CANCELLED


def _talker(call: Call, but: AgentId) -> AgentId | None:
    """Who answered: he talks, or his phone has just been picked up."""
    others = [s for s in call.segments if s.agent not in (None, but)]
    picked_up = [s for s in others if s.answered_at or any(o.result is OfferResult.ANSWERED for o in s.offers)]
    return picked_up[-1].agent if picked_up else None
