"""What is owed for a talk, as people decided it for its queue, for direct or for outgoing calls. Pure.

An outcome that a rule gives for a short talk is given to an agent so many times an hour; for further short talks he
owes the form like for any other, so that nobody gets through a day by answering and hanging up.

==============  ====================================================================================================
demand          means
==============  ====================================================================================================
off             nothing is owed and no form is shown; once the talk is over that is written down as let off by rule
optional        the form is shown; whoever leaves it empty is let off by rule, and free, when the talk is over
mandatory       no queue call before the outcome is logged, handed on, put off or let off
timed           the same for ``limit_s`` seconds after the talk; then an outcome is given that is marked as automatic,
                and its agent is freed, or kept until he says himself that he is back (``afterwards``)
full            mandatory, and nobody is free before ``limit_s`` seconds after the talk, logged or not
==============  ====================================================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from callcenter.call import Call, OutcomeState, Role, Segment
from callcenter.events import Direction
from callcenter.roster import AgentId

SHORT_CALL: Final = "short_call"
"""The code of the outcome that a rule for short calls gives."""
TIMED_OUT: Final = "timed_out"
"""The code of the outcome that is given when the time for one is up."""
_AN_HOUR: Final = timedelta(hours=1)
REMEMBERED: Final = timedelta(hours=24)
"""A call whose outcome is owed may be judged again long after its end, by what was given before that."""
_OWING: Final = frozenset({OutcomeState.OWED, OutcomeState.DRAFT})


class Then(StrEnum):
    """What is owed for a short talk."""

    OWE = "owe"
    AUTOMATIC = "automatic"
    NOTHING = "nothing"


class Demand(StrEnum):
    """How much an outcome is asked for."""

    OFF = "off"
    OPTIONAL = "optional"
    MANDATORY = "mandatory"
    TIMED = "timed"
    FULL = "full"


class Afterwards(StrEnum):
    """What becomes of an agent whose time for an outcome is up."""

    FREED = "freed"
    KEPT = "kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """A talk of less than ``under_s`` seconds is short; 0: none is."""

    under_s: int = 0
    then: Then = Then.OWE
    demand: Demand = Demand.MANDATORY
    limit_s: int = 0
    afterwards: Afterwards = Afterwards.FREED

    @property
    def limit(self) -> timedelta | None:
        """How long after the talk its outcome is waited for; None: as long as it takes."""
        return timedelta(seconds=self.limit_s) if self.demand in (Demand.TIMED, Demand.FULL) else None


USUAL: Final = Terms()


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """Until then what is owed for a queue may wait; ``by`` whom."""

    until: datetime
    by: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """When whom a rule gave an outcome for a short talk: the ends of those talks."""

    ends: Mapping[AgentId, tuple[datetime, ...]] = field(default_factory=dict)

    def within_an_hour(self, agent: AgentId, at: datetime) -> int:
        """How many in the hour before the end of another short talk."""
        return sum(at - _AN_HOUR < end <= at for end in self.ends.get(agent, ()))

    def and_then(self, more: Iterable[tuple[AgentId, datetime]], now: datetime) -> Given:
        """With these as well; what is too old to be asked for is forgotten."""
        ends = {agent: tuple(end for end in his if end > now - REMEMBERED) for agent, his in self.ends.items()}
        for agent, end in more:
            ends[agent] = (*ends.get(agent, ()), end)
        return Given(ends={agent: his for agent, his in ends.items() if his})


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeRules:
    """The terms of each queue by PBX and name, of calls to somebody's own number, of outgoing ones. ``short`` and
    ``timed_out`` are the ids of the codes that automatic outcomes have. ``most_short``: so many of the first an agent
    is given in an hour, and those that were ``given``."""

    queues: Mapping[tuple[str, str], Terms] = field(default_factory=dict)
    direct: Terms = USUAL
    outbound: Terms = USUAL
    short: UUID | None = None
    timed_out: UUID | None = None
    most_short: int = 3
    given: Given = Given()
    released: Mapping[tuple[str, str], Released] = field(default_factory=dict)

    def of(self, call: Call, segment: Segment) -> Terms:
        if call.direction is Direction.OUTBOUND:
            return self.outbound
        return self.queues.get((call.key.pbx, segment.queue), USUAL) if segment.queue else self.direct

    def releases(self, call: Call, segment: Segment, at: datetime) -> Released | None:
        """Who has said that what is owed for the queue may wait then; None: nobody."""
        found = self.released.get((call.key.pbx, segment.queue))
        return found if found and found.until > at else None


NO_RULES: Final = OutcomeRules()


def ruled(call: Call, rules: OutcomeRules) -> Call:
    """The call whose debts are what the rules make of them."""
    for agent in {s.agent for s in call.segments if s.agent is not None and s.outcome_state in _OWING}:
        mine = [s for s in call.segments if s.agent == agent and s.role is Role.OWNER and s.answered_at is not None]
        terms = rules.of(call, mine[-1])
        changed = {s.seq: _under(call, s, mine, (terms, rules)) for s in mine if s.outcome_state in _OWING}
        call = replace(call, segments=tuple(changed.get(s.seq, s) for s in call.segments))
    return call


def over(call: Call, segment: Segment) -> bool:
    """The talk has ended and the phone is free again."""
    return not segment.talking and (segment.leg_ended or call.ended_at is not None)


def _under(call: Call, segment: Segment, mine: list[Segment], by: tuple[Terms, OutcomeRules]) -> Segment:
    terms, rules = by
    if terms.demand is Demand.OFF and not all(over(call, s) for s in mine):
        return replace(segment, outcome_state=OutcomeState.NONE)
    if terms.then is not Then.OWE and _short(call, mine, terms.under_s) and not _used_up(mine, terms, rules):
        return _settled(segment, rules.short if terms.then is Then.AUTOMATIC else None)
    if terms.demand in (Demand.OFF, Demand.OPTIONAL) and all(over(call, s) for s in mine):
        return _settled(segment, None)
    return segment


def newly_given(before: Call | None, after: Call, short: UUID | None) -> list[tuple[AgentId, datetime]]:
    """Whom a change of a call gave the outcome ``short``, once for all his parts in it, and when his talk ended."""
    was = {s.seq: s.outcome_state for s in before.segments} if before else {}
    given: dict[AgentId, datetime] = {}
    for segment in after.segments:
        new = segment.outcome_state is OutcomeState.AUTOMATIC and was.get(segment.seq) is not OutcomeState.AUTOMATIC
        if new and segment.outcome == short and segment.agent is not None and segment.ended_at is not None:
            given[segment.agent] = max(segment.ended_at, given.get(segment.agent, segment.ended_at))
    return list(given.items())


def _used_up(mine: list[Segment], terms: Terms, rules: OutcomeRules) -> bool:
    """The agent was given as many as he may in an hour; what asks nothing of him at all is not counted."""
    agent, ends = mine[-1].agent, [part.ended_at for part in mine if part.ended_at]
    if terms.then is not Then.AUTOMATIC or agent is None or not ends:
        return False
    return rules.given.within_an_hour(agent, max(ends)) >= rules.most_short


def _short(call: Call, parts: list[Segment], under_s: int) -> bool:
    """A talk without a length was seen by nobody, so nobody knows that it was short."""
    seen = all(s.answered_at and s.ended_at and s.ended_at > s.answered_at for s in parts)
    return seen and all(over(call, s) for s in parts) and sum(s.talk_s for s in parts) < under_s


def _settled(segment: Segment, outcome: UUID | None) -> Segment:
    state = OutcomeState.WAIVED if outcome is None else OutcomeState.AUTOMATIC
    return replace(segment, outcome_state=state, outcome=outcome)
