"""Who may do what: one pure function over a person, a verb and a thing.

A role grants verbs. Verbs about customers' things reach as far as the role's scope for their subject: one's own, one's
team's, or all. Scopes are data that an administrator may change; which verbs a role has is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID


class UserRole(StrEnum):
    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"


class Scope(StrEnum):
    """How far a right reaches."""

    OWN = "own"
    TEAM = "team"
    ALL = "all"


class Subject(StrEnum):
    """What scopes are set for."""

    CARDS = "cards"
    CALLS = "calls"
    RECORDINGS = "recordings"
    OUTCOMES = "outcomes"
    TASKS = "tasks"
    FLOOR = "floor"


class Verb(StrEnum):
    """What can be done to things."""

    READ_CARDS = "read_cards"
    WRITE_CARDS = "write_cards"
    MERGE_CARDS = "merge_cards"
    READ_CALLS = "read_calls"
    READ_EVENTS = "read_events"
    SETTLE = "settle"
    WAIVE = "waive"
    LISTEN = "listen"
    SEE_FLOOR = "see_floor"
    ANY_TASK = "any_task"
    TAKE_OVER_DESK = "take_over_desk"
    ORDER_AGENTS = "order_agents"
    SIT_IN = "sit_in"
    EDIT_STAFF = "edit_staff"
    BLOCK_NUMBERS = "block_numbers"
    EDIT_PRESENCE = "edit_presence"
    EDIT_OUTCOMES = "edit_outcomes"
    EDIT_STATUSES = "edit_statuses"
    EDIT_USERS = "edit_users"
    EDIT_PBX = "edit_pbx"
    EDIT_PRIVACY = "edit_privacy"
    READ_AUDIT = "read_audit"
    EXPORT_PERSON = "export_person"
    ERASE_PERSON = "erase_person"
    HOLD = "hold"
    WORK_TASKS = "work_tasks"
    CALL_OUT = "call_out"
    CALL_ALL_THE_SAME = "call_all_the_same"
    IMPORT = "import"
    EXPORT = "export"
    READ_REPORTS = "read_reports"
    READ_SCORES = "read_scores"
    EVALUATE = "evaluate"
    EDIT_SCORECARDS = "edit_scorecards"
    REVIEW = "review"


Scopes = Mapping[Subject, Scope]

_AGENT: Final = frozenset(
    {
        Verb.READ_CARDS,
        Verb.WRITE_CARDS,
        Verb.MERGE_CARDS,
        Verb.READ_CALLS,
        Verb.SETTLE,
        Verb.LISTEN,
        Verb.WORK_TASKS,
        Verb.CALL_OUT,
        Verb.READ_SCORES,
    }
)
_SUPERVISOR: Final = _AGENT | {
    Verb.WAIVE,
    Verb.READ_EVENTS,
    Verb.SEE_FLOOR,
    Verb.ANY_TASK,
    Verb.TAKE_OVER_DESK,
    Verb.ORDER_AGENTS,
    Verb.SIT_IN,
    Verb.EDIT_STAFF,
    Verb.BLOCK_NUMBERS,
    Verb.CALL_ALL_THE_SAME,
    Verb.IMPORT,
    Verb.EXPORT,
    Verb.READ_REPORTS,
    Verb.EVALUATE,
    Verb.REVIEW,
}
_ADMIN: Final = frozenset(Verb)
_GRANTED: Final = {UserRole.AGENT: _AGENT, UserRole.SUPERVISOR: _SUPERVISOR, UserRole.ADMIN: _ADMIN}
SUBJECT_OF: Final = {
    Verb.READ_CARDS: Subject.CARDS,
    Verb.WRITE_CARDS: Subject.CARDS,
    Verb.MERGE_CARDS: Subject.CARDS,
    Verb.READ_CALLS: Subject.CALLS,
    Verb.READ_EVENTS: Subject.CALLS,
    Verb.SETTLE: Subject.OUTCOMES,
    Verb.WAIVE: Subject.OUTCOMES,
    Verb.LISTEN: Subject.RECORDINGS,
    Verb.WORK_TASKS: Subject.TASKS,
    Verb.ANY_TASK: Subject.TASKS,
    Verb.SEE_FLOOR: Subject.FLOOR,
    Verb.ORDER_AGENTS: Subject.FLOOR,
    Verb.SIT_IN: Subject.FLOOR,
    Verb.EDIT_STAFF: Subject.FLOOR,
    Verb.EVALUATE: Subject.FLOOR,
    Verb.REVIEW: Subject.FLOOR,
}


def _all(scope: Scope, **others: Scope) -> Scopes:
    return MappingProxyType({subject: others.get(subject, scope) for subject in Subject})


DEFAULTS: Final[Mapping[UserRole, Scopes]] = MappingProxyType(
    {
        UserRole.AGENT: _all(Scope.OWN, cards=Scope.TEAM, tasks=Scope.TEAM),
        UserRole.SUPERVISOR: _all(Scope.TEAM),
        UserRole.ADMIN: _all(Scope.ALL),
    }
)
"""Where nobody is in a team, ``team`` is the same as ``all``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What decides about a person's rights."""

    id: UUID
    role: UserRole
    team: UUID | None = None
    scopes: Scopes = field(default_factory=dict, hash=False)
    """What differs from the role's defaults."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor(Standing):
    """Who acts: a person with a session."""

    username: str
    display_name: str
    language: str
    session: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """Whom a thing concerns. Without ``teams`` it is no team's in particular; ``unclaimed`` is open to everybody."""

    owners: frozenset[UUID] = frozenset()
    teams: frozenset[UUID] = frozenset()
    unclaimed: bool = False


def card_of(owner: UUID | None, team: UUID | None) -> Whose:
    """Whose a card is: its owner's and its team's. One that is neither's yet is open to everybody."""
    return Whose(
        owners=frozenset({owner} if owner else ()),
        teams=frozenset({team} if team else ()),
        unclaimed=owner is None and team is None,
    )


def part_of(agent: UUID | None, team: UUID | None) -> Whose:
    """Whose an agent's part in a call is."""
    return Whose(owners=frozenset({agent} if agent else ()), teams=frozenset({team} if team else ()))


def allow(actor: Standing, verb: Verb, thing: Whose | None = None) -> bool:
    """Whether the actor may: at all, without a ``thing``; with it, also with this one."""
    if verb not in _GRANTED[actor.role]:
        return False
    subject = SUBJECT_OF.get(verb)
    return thing is None or subject is None or reaches(actor, subject, thing)


def scope_of(actor: Standing, subject: Subject) -> Scope:
    """How far the actor's rights to the subject reach. An administrator's reach everything, whatever is set."""
    default = DEFAULTS[actor.role][subject]
    return default if actor.role is UserRole.ADMIN else actor.scopes.get(subject, default)


def reaches(actor: Standing, subject: Subject, thing: Whose) -> bool:
    """Whether the thing lies within the actor's scope. ``crm.visible`` says the same in SQL."""
    scope = scope_of(actor, subject)
    if scope is Scope.ALL or thing.unclaimed or actor.id in thing.owners:
        return True
    return scope is Scope.TEAM and (not thing.teams or actor.team in thing.teams)


def read_scopes(kept: Any, role: UserRole) -> Scopes:
    """The role's scopes out of the policy row, ``{role: {subject: scope}}``; what makes no sense there is left out."""
    told = kept.get(role, {}) if isinstance(kept, dict) else {}
    known = {str(s) for s in Scope}
    return {s: Scope(told[s]) for s in Subject if isinstance(told, dict) and told.get(s) in known}
