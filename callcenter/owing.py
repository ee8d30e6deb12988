"""Who owes the outcome of a call: one policy, worked out anew from the whole call after each of its events. Pure.

==========================================  ==============================================================
who                                         owes
==========================================  ==============================================================
the last who talked with the customer       the full form
who talked and passed him on, however       a draft, "transferred to ...", to confirm or to replace
  (transfer, hand-over, somebody fetched
  him), and did not get him back
who came to a talk that went on without     nothing: he assists. Once he has the customer to himself he owns
  him (conference, barge)                   the talk, and owes like anybody else
who was only asked, only listened, only     nothing: there is no talk of his with the customer
  rang
whose part is settled already               nothing more, unless he talks with the customer again
==========================================  ==============================================================

Parking is no passing on: the customer is his who parked him until somebody else has him. Two parts of one agent in a
call are one outcome, so whoever has the customer back owes the form for both.

Events of one moment come in any order, and people leave a talk within a second of each other when it ends. So nobody
has a customer to himself, or has passed him on, for less than ``MOMENT``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from callcenter.call import Call, OutcomeState, Role, Segment

MOMENT: Final = timedelta(seconds=1)
TRANSFERRED: Final = "transferred"
"""The code of the outcome that is drafted."""
_STILL: Final = datetime.max.replace(tzinfo=UTC)
_OPEN: Final = frozenset({OutcomeState.NONE, OutcomeState.OWED, OutcomeState.DRAFT})


def judged(call: Call) -> Call:
    """The call with the role and the debt of every part as the policy says."""
    talks = [segment for segment in call.segments if segment.answered_at is not None]
    if not talks:
        return call
    owners = [segment for segment in talks if not _assists(segment, talks)]
    last = max(map(_end, owners))
    holders = {s.agent for s in owners if last - _end(s) < MOMENT and not s.handed_to}
    owning = {segment.seq for segment in owners}
    segments = tuple(
        segment if segment.answered_at is None else _judged(segment, segment.seq in owning, segment.agent in holders)
        for segment in call.segments
    )
    return replace(call, segments=segments) if segments != call.segments else call


def successor(call: Call, segment: Segment) -> Segment | None:
    """Who had the customer after this part, None where nobody did."""
    later = [s for s in call.segments if s.answered_at is not None and s.agent != segment.agent]
    return max((s for s in later if _end(s) > _end(segment)), key=_start, default=None)


def _judged(segment: Segment, owns: bool, holds: bool) -> Segment:
    role = Role.OWNER if owns else Role.ASSIST
    state = segment.outcome_state
    if state in _OPEN and segment.agent is not None:
        state = OutcomeState.NONE if not owns else OutcomeState.OWED if holds else OutcomeState.DRAFT
    if (role, state) == (segment.role, segment.outcome_state):
        return segment
    return replace(segment, role=role, outcome_state=state)


def _assists(segment: Segment, talks: Sequence[Segment]) -> bool:
    """He came to somebody's talk and never had the customer to himself.

    Of a talk of no length nothing is known but that he answered, so it is his: such are made of debts that the PBX kept
    while nobody listened.
    """
    if _end(segment) == _start(segment):
        return False
    others = [other for other in talks if (other.agent, other.device) != (segment.agent, segment.device)]
    joined = any((_start(o), o.seq) < (_start(segment), segment.seq) and _end(o) > _start(segment) for o in others)
    return joined and _alone(segment, others) < MOMENT


def _alone(segment: Segment, others: Sequence[Segment]) -> timedelta:
    """The longest time without any of the others."""
    longest, free = timedelta(0), _start(segment)
    for start, end in sorted((_start(other), _end(other)) for other in others):
        if end > _start(segment) and start < _end(segment):
            longest, free = max(longest, start - free), max(free, end)
    return max(longest, _end(segment) - free)


def _start(segment: Segment) -> datetime:
    return segment.answered_at or _STILL


def _end(segment: Segment) -> datetime:
    return _STILL if segment.ended_at is None or segment.talking else segment.ended_at
