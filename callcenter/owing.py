"""Who owes the outcome of a call: one policy, worked out anew from the whole call after each of its events. Pure.

==========================================  ==============================================================
who                                         owes
==========================================  ==============================================================
the last who talked with the customer       the full form
who talked and passed him on, however       a draft, "transferred to ...", to confirm or to replace
  (transfer, hand-over, somebody fetched
  him), and did not get him back
who passed him on to somebody or to a       the full form: he was the last who talked, and nobody else can
  queue that nobody answered at, before       tell what came of it
  the customer was gone
who came to a talk that went on without     nothing: he assists. Once he has the customer to himself he owns
  him (conference, barge)                   the talk, and owes like anybody else
who was only asked, only listened, only     nothing: there is no talk of his with the customer
  rang
who is done with a call for which people    what the terms of his queue say (of direct, of outgoing calls): see
  decided otherwise                           ``terms.py``
whose part is settled already               nothing more, unless he talks with the customer again
==========================================  ==============================================================

Parking is no passing on: the customer is his who parked him until somebody else has him. Two parts of one agent in a
call are one outcome, so whoever has the customer back owes the form for both; short is what all his parts come to.

Events of one moment come in any order, and people leave a talk within a second of each other when it ends. So nobody
has a customer to himself, or comes to somebody's talk, for less than ``MOMENT``, unless that is most of his talk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from callcenter.call import Call, OutcomeState, Role, Segment
from callcenter.terms import NO_RULES, OutcomeRules, ruled
from callcenter.values import replace

MOMENT: Final = timedelta(seconds=1)
TRANSFERRED: Final = "transferred"
"""The code of the outcome that is drafted."""
_STILL: Final = datetime.max.replace(tzinfo=UTC)
_OPEN: Final = frozenset({OutcomeState.NONE, OutcomeState.OWED, OutcomeState.DRAFT})


def judged(call: Call, rules: OutcomeRules = NO_RULES) -> Call:
    """The call with the role and the debt of every part as the policy says."""
    talks = [segment for segment in call.segments if segment.answered_at is not None]
    if not talks:
        return call
    came = _came(talks)
    owners = [segment for segment in talks if not _assists(segment, talks, came)]
    holder = max(owners, key=lambda s: (_end(s), _start(s), s.seq))
    mine = [s for s in owners if _one(s, holder)]
    gone = any(s.handed_to for s in mine if _end(holder) - _end(s) < MOMENT) and not _lost(call, holder)
    owning = {segment.seq for segment in owners}
    holds = set() if gone else {segment.seq for segment in mine}
    segments = tuple(
        segment if segment.answered_at is None else _judged(segment, segment.seq in owning, segment.seq in holds)
        for segment in call.segments
    )
    call = replace(call, segments=segments) if segments != call.segments else call
    return call if rules is NO_RULES else ruled(call, rules)


def successor(call: Call, segment: Segment) -> Segment | None:
    """Who had the customer after this part, None where nobody did."""
    later = [s for s in call.segments if s.answered_at is not None and s.agent != segment.agent]
    later = [s for s in later if s.role is Role.OWNER]
    return max((s for s in later if _end(s) > _end(segment)), key=_start, default=None)


def dropped(call: Call, segment: Segment) -> bool:
    """The customer is gone from the shelf, or before anybody could be rung of those he was handed to."""
    if call.ended_at is None:
        return False
    at_once = bool(segment.handed_to) and call.ended_at - _end(segment) < MOMENT
    return at_once or (bool(call.parked) and not call.note)


def _judged(segment: Segment, owns: bool, holds: bool) -> Segment:
    role = Role.OWNER if owns else Role.ASSIST
    state = segment.outcome_state
    if state in _OPEN and segment.agent is not None:
        state = OutcomeState.NONE if not owns else OutcomeState.OWED if holds else OutcomeState.DRAFT
    if (role, state) == (segment.role, segment.outcome_state):
        return segment
    return replace(segment, role=role, outcome_state=state)


def _lost(call: Call, segment: Segment) -> bool:
    """The customer is gone, and whoever was to have him after this part was rung or waited for in vain."""
    if call.ended_at is None:
        return False
    since = _end(segment) - MOMENT
    rung = any(o.offered_at >= since for s in call.segments if s.answered_at is None for o in s.offers)
    return rung or any(visit.joined_at >= since for visit in call.queues) or dropped(call, segment)


def _came(talks: Sequence[Segment]) -> dict[int, int]:
    """In which order they came, by ``seq``: of those who came in one moment as their legs are named, not as told."""
    moment = _STILL
    found: list[tuple[datetime, str, int]] = []
    for segment in sorted(talks, key=_start):
        moment = moment if found and _start(segment) - moment < MOMENT else _start(segment)
        found.append((moment, segment.leg, segment.seq))
    return {seq: place for place, (_, _, seq) in enumerate(sorted(found))}


def _assists(segment: Segment, talks: Sequence[Segment], came: Mapping[int, int]) -> bool:
    """He came to somebody's talk and never had the customer to himself.

    Of a talk without a length nothing is known but that he answered, so it is his: such are made of debts that the PBX
    kept while nobody listened.
    """
    if _end(segment) <= _start(segment):
        return False
    others = [other for other in talks if not _one(other, segment)]
    joined = any(came[other.seq] < came[segment.seq] and _together(other, segment) for other in others)
    return joined and _alone(segment, others) < MOMENT


def _together(other: Segment, segment: Segment) -> bool:
    """The other one was there for longer than it takes to hand over, or for most of this talk."""
    shared = min(_end(other), _end(segment)) - _start(segment)
    return shared >= MOMENT or 2 * shared > _end(segment) - _start(segment)


def _one(one: Segment, other: Segment) -> bool:
    """The same person, or the same phone of nobody."""
    return one.agent == other.agent and (one.agent is not None or one.device == other.device)


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
