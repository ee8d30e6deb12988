"""Who may do what: one pure function."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID


class UserRole(StrEnum):
    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts: a person with a session."""

    id: UUID
    username: str
    display_name: str
    role: UserRole
    team: UUID | None
    language: str
    session: UUID


class Verb(StrEnum):
    """What can be done to things."""

    READ_CARDS = "read_cards"
    WRITE_CARDS = "write_cards"
    READ_ALL_CALLS = "read_all_calls"
    SETTLE_OWN = "settle_own"
    SETTLE_ANY = "settle_any"
    WAIVE = "waive"
    LISTEN_OWN = "listen_own"
    LISTEN_ANY = "listen_any"
    SEE_FLOOR = "see_floor"
    TAKE_OVER_DESK = "take_over_desk"
    EDIT_OUTCOMES = "edit_outcomes"
    EDIT_USERS = "edit_users"
    EDIT_PBX = "edit_pbx"
    EDIT_PRIVACY = "edit_privacy"
    READ_AUDIT = "read_audit"
    EXPORT_PERSON = "export_person"
    ERASE_PERSON = "erase_person"
    HOLD = "hold"
    WORK_TASKS = "work_tasks"
    ANY_TASK = "any_task"
    CALL_OUT = "call_out"


_AGENT: Final = frozenset(
    {Verb.READ_CARDS, Verb.WRITE_CARDS, Verb.SETTLE_OWN, Verb.LISTEN_OWN, Verb.WORK_TASKS, Verb.CALL_OUT}
)
_SUPERVISOR: Final = _AGENT | {
    Verb.READ_ALL_CALLS,
    Verb.SETTLE_ANY,
    Verb.WAIVE,
    Verb.LISTEN_ANY,
    Verb.SEE_FLOOR,
    Verb.TAKE_OVER_DESK,
    Verb.ANY_TASK,
}
_PRIVACY: Final = {Verb.EDIT_PRIVACY, Verb.READ_AUDIT, Verb.EXPORT_PERSON, Verb.ERASE_PERSON, Verb.HOLD}
_ADMIN: Final = _SUPERVISOR | {Verb.EDIT_OUTCOMES, Verb.EDIT_USERS, Verb.EDIT_PBX} | _PRIVACY
_GRANTED: Final = {UserRole.AGENT: _AGENT, UserRole.SUPERVISOR: _SUPERVISOR, UserRole.ADMIN: _ADMIN}


def allow(actor: Actor, verb: Verb, *, owner: UUID | None = None) -> bool:
    """Whether the actor may. ``owner`` is whose thing it is, for verbs about one's own."""
    if verb not in _GRANTED[actor.role]:
        return False
    own = verb in (Verb.SETTLE_OWN, Verb.LISTEN_OWN)
    return not own or owner == actor.id


def sees_call(actor: Actor, *, took_part: bool, of_a_card: bool) -> bool:
    """Agents see calls they had a part in and those on cards they may read; supervisors see all."""
    if allow(actor, Verb.READ_ALL_CALLS) or took_part:
        return True
    return of_a_card and allow(actor, Verb.READ_CARDS)
