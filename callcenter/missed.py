"""Who was missed: pure. A caller whom nobody talked with, or whom a transfer lost, is owed a call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from callcenter.call import Call, Segment
from callcenter.events import Direction, QueueResult
from callcenter.roster import AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """``queue``: the last one he waited in. Outside queues ``extension`` and ``agent`` are whose phone rang last.

    ``place`` tells misses of one customer apart: one task for each. It names the queue, else the person, else the
    extension, else what was dialled.
    """

    at: datetime
    queue: str
    extension: str
    agent: AgentId | None
    place: str


def missed(call: Call) -> Miss | None:
    """What the end of a call came to; None for calls that go on, went out, or ended after a talk with whom they meant.

    A customer who talked, was handed on and was then left to himself is missed where he was handed to.
    """
    if call.direction is not Direction.INBOUND or call.ended_at is None:
        return None
    talked = max((s.answered_at for s in call.segments if s.answered_at), default=None)
    if talked is None:
        return _miss(call, call.ended_at, queue=call.queues[-1].queue if call.queues else "", rang=_rang(call, None))
    visit = call.queues[-1] if call.queues else None
    if visit and visit.joined_at > talked and visit.result is not QueueResult.ANSWERED:
        return _miss(call, call.ended_at, queue=visit.queue, rang=None)
    rang = _rang(call, talked)
    return _miss(call, call.ended_at, queue="", rang=rang) if rang else None


def _rang(call: Call, since: datetime | None) -> Segment | None:
    """The part whose phone rang last, in vain, after the last talk began."""
    in_vain = [s for s in call.segments if s.answered_at is None and s.offers]
    after = [s for s in in_vain if since is None or s.offers[-1].offered_at > since]
    return max(after, key=lambda s: s.offers[-1].offered_at, default=None)


def _miss(call: Call, at: datetime, *, queue: str, rang: Segment | None) -> Miss:
    if queue:
        return Miss(at=at, queue=queue, extension="", agent=None, place=f"queue|{call.key.pbx}|{queue}")
    if rang is None:
        return Miss(at=at, queue="", extension="", agent=None, place=f"did|{call.key.pbx}|{call.did}")
    whose = f"agent|{rang.agent}" if rang.agent else f"extension|{call.key.pbx}|{rang.extension or rang.device.name}"
    return Miss(at=at, queue="", extension=rang.extension, agent=rang.agent, place=whose)
