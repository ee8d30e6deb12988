"""Rings of queue calls that agents let pass: how many today, and how many in a row. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from callcenter.call import Changed, Segment
from callcenter.events import Joined, OfferEnded, OfferResult
from callcenter.roster import AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """One round of ringing of one agent, over at ``at``. ``segment``: his part in the call, if that has a row."""

    agent: AgentId
    at: datetime
    answered: bool
    segment: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Count:
    today: int = 0
    row: int = 0


def ring(change: Changed) -> Ring | None:
    """The ring that ended with this change: answered, or let pass until the queue gave up.

    A rejected call, one the customer gave up and one a colleague took are nobody's fault.
    """
    event, after = change.event, change.after
    if isinstance(event, Joined | OfferEnded):
        mine = [s for s in after.segments if s.leg == event.leg or any(o.leg == event.leg for o in s.offers)]
        segment = mine[-1] if mine else None
        if segment is not None and segment.agent is not None and segment.queue:
            if isinstance(event, Joined):
                return Ring(agent=segment.agent, at=event.at, answered=True, segment=segment.id)
            if _let_pass(segment):
                return Ring(agent=segment.agent, at=event.at, answered=False, segment=segment.id)
    return None


def _let_pass(segment: Segment) -> bool:
    """None of his phones rings any more, and the last one to stop was not picked up in time."""
    rang = segment.offers[-1] if segment.offers else None
    over = segment.answered_at is None and not segment.ringing
    return over and rang is not None and rang.result is OfferResult.NO_ANSWER


class Missed:
    """Counts since the start of the day; a ring of before it counts no more."""

    def __init__(self) -> None:
        self._since: datetime | None = None
        self._of: dict[AgentId, _Count] = {}
        self._read: dict[UUID, datetime] = {}

    def restart(self, since: datetime, rings: Iterable[Ring]) -> None:
        """A new day, or a new start with the rings of this one, in order. Whoever is told of one of these yet is not
        told of another."""
        self._since = since
        self._of, self._read = {}, {}
        read: dict[UUID, datetime] = {}
        for one in rings:
            self.count(one)
            if one.segment:
                read[one.segment] = one.at
        self._read = read

    def count(self, one: Ring) -> int:
        """Takes a ring in; how many the agent has missed in a row now."""
        if self._since is not None and one.at < self._since:
            return 0
        before = self._of.get(one.agent, _Count())
        read = self._read.get(one.segment) if one.segment else None
        if read is not None and one.at <= read:
            return before.row
        after = replace(before, row=0) if one.answered else _Count(today=before.today + 1, row=before.row + 1)
        self._of[one.agent] = after
        return after.row

    def forgive(self, agent: AgentId) -> None:
        """He is back: the row begins anew."""
        self._of[agent] = replace(self._of.get(agent, _Count()), row=0)

    def today(self, agent: AgentId) -> int:
        return self._of.get(agent, _Count()).today

    def agents(self) -> frozenset[AgentId]:
        """Whoever has a count."""
        return frozenset(self._of)
