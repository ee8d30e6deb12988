"""Which figures of an agent's work stand out so far that somebody should listen. Pure.

None of them proves anything: a bad line makes short talks, a hard day long wrap-ups. So each comes with what was
counted and with the calls, for a person to judge.

===============  ====================================================================================================
kind             stands out when
===============  ====================================================================================================
hung_up          in a day he hung up on customers within the first seconds of so many talks. Ends of which nobody
                 heard whose they were count in ``unknown``, not against him
short_calls      in a day so many of his talks were so short that a rule gave their outcome
long_wrapup      in a day so many of his wrap-ups took over twice their budget
short_for_code   in a day he logged an outcome after a talk that was shorter than this outcome takes
one_code         in a week nearly all of his talks of a queue came to one outcome, and those of his colleagues did not
===============  ====================================================================================================
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, TypeAlias
from uuid import UUID

from callcenter.call import OutcomeState
from callcenter.crm.review_rules import ReviewPolicy
from callcenter.terms import SHORT_CALL

_AT_ONCE: Final = timedelta(seconds=2)
"""A customer who hangs up is gone when the talk is; who stays on the line longer was left by the agent."""
_OVER: Final = 2


class SuspicionKind(StrEnum):
    HUNG_UP = "hung_up"
    SHORT_CALLS = "short_calls"
    LONG_WRAPUP = "long_wrapup"
    SHORT_FOR_CODE = "short_for_code"
    ONE_CODE = "one_code"


Figures: TypeAlias = Mapping[str, float]
Place: TypeAlias = tuple[str, str]
"""PBX and queue."""
Codes: TypeAlias = Mapping[tuple[str, str, str], int]
"""How often an agent logged what: by PBX, queue and code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """All that one agent had to do with a call, over. ``hung_up``: he left the customer, None where nobody knows;
    ``wrap_s`` None: no wrap-up of his own. ``state`` and ``code`` of the outcome, ``own``: he logged it."""

    segment: UUID
    call: UUID
    place: Place
    ended_at: datetime
    talk_s: float
    hung_up: bool | None
    wrap_s: float | None = None
    state: str = OutcomeState.NONE
    code: str = ""
    own: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A talk that counted; ``seconds``: what was looked at in it."""

    segment: UUID
    call: UUID
    at: datetime
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What stood out; ``place`` and ``code`` are empty where it is not about one."""

    kind: SuspicionKind
    figures: Figures
    talks: tuple[Counted, ...]
    place: Place = ("", "")
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How an agent's part in a call ended. ``hung_up`` as the call has it; ``passed_on``: to somebody, or somebody
    talked with the customer after him."""

    hung_up: str
    passed_on: bool
    part_ended_at: datetime
    call_ended_at: datetime


def left_by_agent(end: End) -> bool | None:
    """Whether the agent hung up on the customer; None: nobody knows."""
    if end.passed_on:
        return False
    if not end.hung_up:
        return None
    return end.hung_up != "customer" or end.call_ended_at - end.part_ended_at > _AT_ONCE


def of_day(works: Sequence[Work], policy: ReviewPolicy, judged: Collection[tuple[str, UUID]] = ()) -> list[Found]:
    """What stands out in one agent's day. Talks that somebody has ``judged`` under a kind count in it no more."""
    found: list[Found] = []
    for kind, rule in _OF_DAY.items():
        found += rule([work for work in works if (kind, work.segment) not in judged], policy)
    return found


def _hung_up(works: Sequence[Work], policy: ReviewPolicy) -> Iterator[Found]:
    short = [work for work in works if work.talk_s < (policy.of(*work.place).hung_up_s or 0)]
    counted = [work for work in short if work.hung_up]
    if len(counted) >= policy.hung_up_times:
        figures = {
            "count": len(counted),
            "of": len(works),
            "limit_s": max(policy.of(*work.place).hung_up_s or 0 for work in counted),
            "shortest_s": min(work.talk_s for work in counted),
            "unknown": sum(work.hung_up is None for work in short),
        }
        yield Found(kind=SuspicionKind.HUNG_UP, figures=figures, talks=_talks(counted, _talk_s))


def _short_calls(works: Sequence[Work], policy: ReviewPolicy) -> Iterator[Found]:
    counted = [work for work in works if work.state == OutcomeState.AUTOMATIC and work.code == SHORT_CALL]
    if policy.short_calls and len(counted) >= policy.short_calls:
        figures = {"count": len(counted), "of": len(works), "shortest_s": min(work.talk_s for work in counted)}
        yield Found(kind=SuspicionKind.SHORT_CALLS, figures=figures, talks=_talks(counted, _talk_s))


def _long_wrapup(works: Sequence[Work], policy: ReviewPolicy) -> Iterator[Found]:
    counted = [work for work in works if _too_long(work, policy)]
    if len(counted) >= policy.wrapup_times:
        figures = {
            "count": len(counted),
            "of": sum(work.wrap_s is not None for work in works),
            "limit_s": min(_OVER * (policy.of(*work.place).wrapup_s or 0) for work in counted),
            "longest_s": max(_wrap_s(work) for work in counted),
        }
        yield Found(kind=SuspicionKind.LONG_WRAPUP, figures=figures, talks=_talks(counted, _wrap_s))


def _short_for_code(works: Sequence[Work], policy: ReviewPolicy) -> Iterator[Found]:
    logged: dict[str, list[Work]] = defaultdict(list)
    for work in works:
        if work.own:
            logged[work.code].append(work)
    for code, seconds in policy.shortest.items():
        if counted := [work for work in logged[code] if work.talk_s < seconds]:
            figures = {
                "count": len(counted),
                "of": len(logged[code]),
                "limit_s": seconds,
                "shortest_s": min(work.talk_s for work in counted),
            }
            yield Found(kind=SuspicionKind.SHORT_FOR_CODE, figures=figures, talks=_talks(counted, _talk_s), code=code)


_OF_DAY: Final[Mapping[SuspicionKind, Callable[[Sequence[Work], ReviewPolicy], Iterator[Found]]]] = {
    SuspicionKind.HUNG_UP: _hung_up,
    SuspicionKind.SHORT_CALLS: _short_calls,
    SuspicionKind.LONG_WRAPUP: _long_wrapup,
    SuspicionKind.SHORT_FOR_CODE: _short_for_code,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OneCode:
    """An agent logged one code for nearly all of a queue's talks, and his colleagues did not."""

    agent: UUID
    place: Place
    code: str
    figures: Figures


def of_week(logged: Mapping[UUID, Codes], policy: ReviewPolicy) -> list[OneCode]:
    """Who stands out among those of his queue, by what each logged in the week."""
    if policy.one_code_percent is None:
        return []
    by_place: dict[Place, dict[UUID, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for agent, codes in logged.items():
        for (pbx, queue, code), times in codes.items():
            by_place[pbx, queue][agent][code] += times
    return [one for place, agents in by_place.items() for one in _one_sided(place, agents, policy)]


def _one_sided(place: Place, agents: Mapping[UUID, Counter[str]], policy: ReviewPolicy) -> Iterator[OneCode]:
    whole: Counter[str] = Counter()
    for codes in agents.values():
        whole.update(codes)
    for agent, codes in agents.items():
        code, times = codes.most_common(1)[0]
        his, theirs = codes.total(), whole.total() - codes.total()
        if his < policy.one_code_least or theirs < policy.one_code_least:
            continue
        share, usual = times / his, (whole[code] - times) / theirs
        if 100 * share >= (policy.one_code_percent or 0) and 100 * (share - usual) >= policy.one_code_apart:
            figures = {"count": times, "of": his, "share": share, "usual": usual, "usual_of": theirs}
            yield OneCode(agent=agent, place=place, code=code, figures=figures)


def _too_long(work: Work, policy: ReviewPolicy) -> bool:
    budget = policy.of(*work.place).wrapup_s
    return budget is not None and work.wrap_s is not None and work.wrap_s > _OVER * budget


def _talk_s(work: Work) -> float:
    return work.talk_s


def _wrap_s(work: Work) -> float:
    return work.wrap_s or 0.0


def _talks(works: Iterable[Work], seconds: Callable[[Work], float]) -> tuple[Counted, ...]:
    return tuple(
        Counted(segment=work.segment, call=work.call, at=work.ended_at, seconds=round(seconds(work), 1))
        for work in works
    )
