"""Where a caller goes before he waits: one decision over what is known of him, the rules and the clock. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from uuid import UUID

from callcenter.roster import AgentId
from callcenter.routing.asking.hours import opening

if TYPE_CHECKING:
    from callcenter.routing.asking.policies import Calendar, RoutingRule

_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(_[A-Za-z]{2,4})?")


class Verdict(StrEnum):
    QUEUE = "queue"
    CLOSED = "closed"
    REFUSED = "refused"


class Source(StrEnum):
    """Where the facts are from. ``CACHED``: of the last time, because the database was slow; ``NONE``: there were none;
    ``HIDDEN``: there is no number to look for."""

    READ = "read"
    CACHED = "cached"
    NONE = "none"
    HIDDEN = "hidden"


class Ground(StrEnum):
    """Why the answer is as it is; translation keys."""

    NO_RULE = "no_rule"
    NOTHING_APPLIES = "nothing_applies"
    BLOCKED = "blocked"
    HOLIDAY = "holiday"
    THEN = "then"
    OUTSIDE_HOURS = "outside_hours"
    VIP = "vip"
    STATUS = "status"
    CALL_BACK = "call_back"
    PERSON_CALL_BACK = "person_call_back"
    PERSON_OWNER = "person_owner"
    PERSON_LAST = "person_last"
    NOT_AT_WORK = "not_at_work"
    BUSY = "busy"
    NOT_IN_QUEUE = "not_in_queue"
    LANGUAGE = "language"
    NAME = "name"
    SEVERAL_CARDS = "several_cards"
    UNKNOWN_CALLER = "unknown_caller"
    HIDDEN_NUMBER = "hidden_number"
    NO_FACTS = "no_facts"
    OLD_FACTS = "old_facts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A call before a queue. ``number``: the key under which numbers are kept, "" where it is hidden."""

    pbx: str
    queue: str
    number: str
    uniqueid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A card with the caller's number. ``call_back``: somebody owes him a call, ``call_back_agent`` if it is anybody in
    particular."""

    id: UUID
    name: str = ""
    status: str = ""
    vip: bool = False
    language: str = ""
    owner: AgentId | None = None
    last_agent: AgentId | None = None
    last_talk: datetime | None = None
    call_back: bool = False
    call_back_agent: AgentId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """The number is not to get through; ``until`` None: for good."""

    until: datetime | None = None

    def holds(self, now: datetime) -> bool:
        return self.until is None or now < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an agent at work sits on the asking PBX. ``member``: what a queue calls him; ``queues``: those he is in."""

    extension: str
    phones: tuple[str, ...]
    member: str
    queues: frozenset[str]
    free: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """``at_work``: those of the agents the cards name who sit at a phone of this PBX."""

    source: Source
    callers: tuple[Caller, ...] = ()
    block: Block | None = None
    at_work: Mapping[AgentId, Place] = field(default_factory=dict)

    @property
    def agents(self) -> frozenset[AgentId]:
        """Whoever may be asked for."""
        named = ((one.owner, one.last_agent, one.call_back_agent) for one in self.callers)
        return frozenset(agent for some in named for agent in some if agent)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePolicy:
    """The rules for the question's queue: None where nobody made any."""

    rule: RoutingRule | None = None
    calendar: Calendar | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Because:
    """One ground; ``agent`` or ``word`` (a status, a language, a holiday) say about whom or what."""

    ground: Ground
    agent: AgentId | None = None
    word: str = ""


_PLAIN: Final = Because(ground=Ground.NOTHING_APPLIES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who is rung before the queue."""

    agent: AgentId
    place: Place
    wait_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """``then``, ``sound``, ``mailbox``: what a caller gets who does not come to the queue."""

    verdict: Verdict
    grounds: tuple[Because, ...]
    source: Source
    priority: int = 0
    person: Person | None = None
    language: str = ""
    name: str = ""
    then: str = ""
    sound: str = ""
    mailbox: str = ""
    opens_at: datetime | None = None


def route(question: Question, facts: Facts, policy: QueuePolicy, now: datetime) -> Answer:
    """What is known decides only where a rule asks for it; whatever is not known lets the call through."""
    rule = policy.rule
    if rule is None or not rule.asks:
        return Answer(verdict=Verdict.QUEUE, grounds=(Because(ground=Ground.NO_RULE),), source=facts.source)
    if rule.blocked and facts.block and facts.block.holds(now):
        grounds = (Because(ground=Ground.BLOCKED),)
        return Answer(verdict=Verdict.REFUSED, grounds=grounds, source=facts.source, sound=rule.refusal)
    language, name = _language(rule, facts), _name(rule, facts)
    said = [*_doubts(facts), *language, *name]
    spoken, shown = (found[0].word if found else "" for found in (language, name))
    now_open = opening(policy.calendar, now) if policy.calendar else None
    if now_open and not now_open.open:
        why = Ground.HOLIDAY if now_open.holiday else Ground.OUTSIDE_HOURS
        return Answer(
            verdict=Verdict.CLOSED,
            grounds=(
                Because(ground=why, word=now_open.holiday),
                Because(ground=Ground.THEN, word=rule.closed),
                *_told(said),
            ),
            source=facts.source,
            language=spoken,
            then=rule.closed,
            sound=rule.sound,
            mailbox=rule.mailbox,
            opens_at=now_open.opens_at,
        )
    ahead = list(_ahead(rule, facts))
    person, asked = _person(question, rule, facts, now)
    return Answer(
        verdict=Verdict.QUEUE,
        grounds=(*asked, *(because for because, _ in ahead), *_told(said)) or (_PLAIN,),
        source=facts.source,
        priority=max((priority for _, priority in ahead), default=0),
        person=person,
        language=spoken,
        name=shown,
    )


def _told(said: list[Because]) -> Iterator[Because]:
    """A customer's name is no ground that may be written down."""
    return (Because(ground=one.ground) if one.ground is Ground.NAME else one for one in said)


def _doubts(facts: Facts) -> Iterator[Because]:
    match facts.source:
        case Source.HIDDEN:
            yield Because(ground=Ground.HIDDEN_NUMBER)
        case Source.NONE:
            yield Because(ground=Ground.NO_FACTS)
        case Source.CACHED:
            yield Because(ground=Ground.OLD_FACTS)
        case Source.READ:
            if not facts.callers:
                yield Because(ground=Ground.UNKNOWN_CALLER)
    if len(facts.callers) > 1:
        yield Because(ground=Ground.SEVERAL_CARDS)


def _language(rule: RoutingRule, facts: Facts) -> list[Because]:
    """Spoken to in a language only if all cards of the number agree on it."""
    spoken = {one.language for one in facts.callers if _LANGUAGE.fullmatch(one.language)}
    return [Because(ground=Ground.LANGUAGE, word=next(iter(spoken)))] if rule.language and len(spoken) == 1 else []


def _name(rule: RoutingRule, facts: Facts) -> list[Because]:
    """Where a number is several people's, none of them is named."""
    only = facts.callers[0] if len(facts.callers) == 1 else None
    return [Because(ground=Ground.NAME, word=only.name)] if rule.name and only and only.name else []


def _ahead(rule: RoutingRule, facts: Facts) -> Iterator[tuple[Because, int]]:
    if rule.vip and any(one.vip for one in facts.callers):
        yield Because(ground=Ground.VIP), rule.vip
    statuses = {one.status for one in facts.callers}
    for each in rule.statuses:
        if each.priority and each.status in statuses:
            yield Because(ground=Ground.STATUS, word=each.status), each.priority
    if rule.call_back and any(one.call_back for one in facts.callers):
        yield Because(ground=Ground.CALL_BACK), rule.call_back


def _person(
    question: Question, rule: RoutingRule, facts: Facts, now: datetime
) -> tuple[Person | None, tuple[Because, ...]]:
    """The first who can take the call now, and why those before him cannot."""
    passed: list[Because] = []
    for ground, agent in dict.fromkeys(_candidates(rule, facts, now)):
        place = facts.at_work.get(agent)
        if place is None or not place.phones:
            passed.append(Because(ground=Ground.NOT_AT_WORK, agent=agent))
        elif ground is Ground.PERSON_LAST and question.queue not in place.queues:
            passed.append(Because(ground=Ground.NOT_IN_QUEUE, agent=agent))
        elif not place.free:
            passed.append(Because(ground=Ground.BUSY, agent=agent))
        else:
            found = Person(agent=agent, place=place, wait_s=rule.wait_s)
            return found, (Because(ground=ground, agent=agent), *passed)
    return None, tuple(dict.fromkeys(passed))


def _candidates(rule: RoutingRule, facts: Facts, now: datetime) -> Iterator[tuple[Ground, AgentId]]:
    """A number of several cards means an owner only where they have the same one."""
    if rule.call_back_agent:
        yield from ((Ground.PERSON_CALL_BACK, one.call_back_agent) for one in facts.callers if one.call_back_agent)
    owners = {one.owner for one in facts.callers}
    if rule.owner and len(owners) == 1 and (owner := next(iter(owners))):
        yield Ground.PERSON_OWNER, owner
    since = now - timedelta(days=rule.last_days)
    talks = [(one.last_talk, one.last_agent) for one in facts.callers if one.last_talk and one.last_agent]
    recent = [(at, agent) for at, agent in talks if at >= since]
    if rule.last_agent and recent:
        yield Ground.PERSON_LAST, max(recent)[1]
