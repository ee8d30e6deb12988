"""May this talk be kept, for how long, and what does the PBX have to be told? Pure.

A call is bound by every queue it visited, because its sound may hold something of each; one that visited none by the
rule for direct or for outgoing calls. It is kept only if all of them allow it, and for the shortest of their times.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from urllib.parse import quote
from uuid import UUID

from callcenter.events import Direction

FAMILY: Final = "callcenter-recording"
NOTICES: Final = "callcenter-notice"
"""Families of rows in the PBX's database: by place, and by number of ours."""
_SOUND: Final = re.compile(r"[A-Za-z0-9/_.-]+(&[A-Za-z0-9/_.-]+)*")


class PlaceKind(StrEnum):
    """``did``: one of our numbers. It decides nothing but which announcement its callers hear."""

    QUEUE = "queue"
    DIRECT = "direct"
    OUTBOUND = "outbound"
    DID = "did"


class Mode(StrEnum):
    """Who decides that a talk is recorded: the rule, always; the agent, talk by talk; nobody."""

    FORCED = "forced"
    ON_DEMAND = "on_demand"
    FORBIDDEN = "forbidden"


class How(StrEnum):
    """Who tells the caller: the PBX with a sound, the same before answering, the trunk's own text, or the agent."""

    SOUND = "sound"
    EARLY = "early"
    TRUNK = "trunk"
    AGENT = "agent"


class Lack(StrEnum):
    """Why a recording is not kept. The first three are decisions: of the rule, of the agent, of the caller; the others
    are gaps in a rule."""

    FORBIDDEN = "forbidden_by_policy"
    NOT_ASKED_FOR = "not_asked_for"
    DECLINED = "caller_declined"
    MISSING = "policy_missing"
    NOTICE = "notice_missing"
    SOUND = "sound_missing"
    KEEP = "keep_missing"
    CONTACT = "contact_missing"
    STAFF = "staff_notice_missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a rule is for; ``queue`` is a queue's name or a number of ours, as the scope says, else empty."""

    scope: PlaceKind
    queue: str = ""

    @property
    def key(self) -> str:
        """Its row in the PBX's database, where numbers stand as the dialplan encodes them."""
        if self.scope is PlaceKind.DID:
            return quote(self.queue, safe="")
        return {PlaceKind.DIRECT: "*direct", PlaceKind.OUTBOUND: "*outgoing"}.get(self.scope, self.queue)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What callers are told. ``sound`` is a name of Asterisk's, without suffix; who presses ``key`` while he hears it
    is not recorded, "" where that cannot be. ``id`` names the version of the text."""

    text: str
    how: How
    sound: str = ""
    key: str = ""
    id: UUID | None = None

    @property
    def played(self) -> bool:
        """By the PBX."""
        return self.how in (How.SOUND, How.EARLY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A policy as it stands. ``notice`` None: nobody wrote one yet."""

    id: UUID
    place: Place
    mode: Mode
    notice: Notice | None
    keep_days: int | None
    contact: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """``lack`` None: keep it, by the rule ``under`` (the one with the shortest time), up to the moment ``until``."""

    lack: Lack | None
    under: UUID | None = None
    until: datetime | None = None


def lacks(rule: Rule, *, staff_told: bool) -> tuple[Lack, ...]:
    """Everything that is missing before anything may be recorded here."""
    found = [] if rule.mode is not Mode.FORBIDDEN else [Lack.FORBIDDEN]
    if rule.notice is None or not rule.notice.text.strip():
        found.append(Lack.NOTICE)
    elif rule.notice.played and not _SOUND.fullmatch(rule.notice.sound):
        found.append(Lack.SOUND)
    if rule.keep_days is None:
        found.append(Lack.KEEP)
    if not rule.contact.strip():
        found.append(Lack.CONTACT)
    return (*found, *(() if staff_told else (Lack.STAFF,)))


def places(direction: Direction, queues: Sequence[str]) -> tuple[Place, ...]:
    """The rules that bind a call, each once, in the order in which it met them."""
    if queues:
        return tuple(Place(scope=PlaceKind.QUEUE, queue=queue) for queue in dict.fromkeys(queues))
    return (Place(scope=PlaceKind.OUTBOUND if direction is Direction.OUTBOUND else PlaceKind.DIRECT),)


def verdict(rules: Mapping[Place, Rule], met: Iterable[Place], *, staff_told: bool) -> Verdict:
    """Whether a call that met these may be kept. The first thing that is missing is the reason."""
    shortest: Rule | None = None
    for place in met:
        rule = rules.get(place)
        if rule is None:
            return Verdict(lack=Lack.MISSING)
        if missing := lacks(rule, staff_told=staff_told):
            return Verdict(lack=missing[0])
        if shortest is None or (rule.keep_days or 0) < (shortest.keep_days or 0):
            shortest = rule
    return Verdict(lack=None, under=shortest.id) if shortest else Verdict(lack=Lack.MISSING)


def switch(rule: Rule, *, staff_told: bool) -> str:
    """What the PBX's row says; empty: no row, nothing is recorded."""
    if lacks(rule, staff_told=staff_told) or rule.notice is None:
        return ""
    told = f"|{announcement(rule.notice)}" if rule.notice.played else ""
    return ("on" if rule.mode is Mode.FORCED else "demand") + told


def announcement(notice: Notice) -> str:
    """How the PBX tells it, in the row of a place or of a number: ``<sound>|<early>|<id>|<key>``; no sound: somebody
    else does."""
    if not notice.played:
        return f"||{notice.id or ''}|"
    early = "early" if notice.how is How.EARLY else ""
    return f"{notice.sound}|{early}|{notice.id or ''}|{notice.key}"


def own_notice(rule: Rule) -> str:
    """The row of one of our numbers; empty: its callers hear what their queue says."""
    return announcement(rule.notice) if rule.notice and not _unheard(rule) else ""


def _unheard(rule: Rule) -> bool:
    return bool({Lack.FORBIDDEN, Lack.NOTICE, Lack.SOUND} & set(lacks(rule, staff_told=True)))


def is_sound(name: str) -> bool:
    """Whether Asterisk would take it as the name of a sound."""
    return bool(_SOUND.fullmatch(name)) and ".." not in name
