"""Who was missed: pure. A caller whom nobody talked with, or whom a transfer lost, is owed a call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from callcenter.call import Call, Segment
from callcenter.events import Direction, OfferResult, QueueResult
from callcenter.owing import MOMENT, dropped
from callcenter.roster import AgentId

_ELSEWHERE: Final = OfferResult.ANSWERED_ELSEWHERE


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

    A customer who talked, was handed on and was then left to himself is missed where he was handed to; where nobody
    was rung and he waited in no queue, or waited on the shelf, by whom he talked with last.
    """
    if call.direction is not Direction.INBOUND or call.ended_at is None:
        return None
    talks = [s for s in call.segments if s.answered_at]
    if not talks:
        return _miss(call, call.ended_at, queue=call.queues[-1].queue if call.queues else "", rang=_rang(call, None))
    last = max(talks, key=lambda s: s.ended_at or call.started_at)
    alone = max(last.answered_at or call.started_at, (last.ended_at or call.ended_at) - MOMENT)
    visit = call.queues[-1] if call.queues else None
    if visit and visit.joined_at >= alone and visit.result is not QueueResult.ANSWERED:
        return _miss(call, call.ended_at, queue=visit.queue, rang=None)
    rang = _rang(call, alone) or (last if dropped(call, last) else None)
    return _miss(call, call.ended_at, queue="", rang=rang) if rang else None


def _rang(call: Call, since: datetime | None) -> Segment | None:
    """The part whose phone rang last, in vain, from a moment on."""
    in_vain = [s for s in call.segments if s.answered_at is None and s.offers]
    if since is not None:
        in_vain = [s for s in in_vain if s.offers[-1].offered_at >= since and s.offers[-1].result is not _ELSEWHERE]
    return max(in_vain, key=lambda s: s.offers[-1].offered_at, default=None)


def _miss(call: Call, at: datetime, *, queue: str, rang: Segment | None) -> Miss:
    if queue:
        return Miss(at=at, queue=queue, extension="", agent=None, place=f"queue|{call.key.pbx}|{queue}")
    if rang is None:
        return Miss(at=at, queue="", extension="", agent=None, place=f"did|{call.key.pbx}|{call.did}")
    whose = f"agent|{rang.agent}" if rang.agent else f"extension|{call.key.pbx}|{rang.extension or rang.device.name}"
    return Miss(at=at, queue="", extension=rang.extension, agent=rang.agent, place=whose)
