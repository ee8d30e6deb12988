"""What people decided, told to whoever must follow: desks, maps, cards, drafts, sessions."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from callcenter.draft import Draft
from callcenter.pbxmap import PbxMap
from callcenter.roster import Roster


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterChanged:
    """An agent took or left an extension; the whole roster as it is now."""

    roster: Roster


@dataclass(frozen=True, slots=True, kw_only=True)
class MapChanged:
    """The map of a PBX was confirmed or corrected."""

    map: PbxMap


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Somebody named numbers of ours or queues of a PBX: screens that show them are stale."""

    pbx: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffChanged:
    """Who works in which queue, or a rule of presence, was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeRulesChanged:
    """What is owed for which talks is decided otherwise now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingChanged:
    """Business hours, or what is asked about callers of a queue, are decided otherwise now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepingChanged:
    """What is kept, and how long, is decided otherwise now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskTaken:
    """A supervisor sat down where somebody else sat."""

    agent: UUID
    extension: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerChanged:
    """Somebody wrote on a card: pops that show it are stale."""

    customer: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RightsChanged:
    """Scopes, or somebody's role or team, are others now: what screens show may be too much or too little."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftSaved:
    """An agent's unfinished outcome was kept: his other tabs show it too."""

    segment: UUID
    agent: UUID
    draft: Draft


@dataclass(frozen=True, slots=True, kw_only=True)
class TasksChanged:
    """Tasks were made, claimed, changed or closed."""

    tasks: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminded:
    """It is time that somebody does what he promised."""

    task: UUID
    user: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentMessaged:
    """A line of a supervisor was sent or read: ``people`` are to look."""

    message: UUID
    people: frozenset[UUID]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRulesChanged:
    """The floor raises its alarms by other rules now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRulesChanged:
    """Other figures of agents' work are to be looked at now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlocksChanged:
    """A number was blocked, gets through again, or is blocked until another time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoNotCallChanged:
    """Somebody is not to be called any more, or may be again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOff:
    """A session ended or was revoked: its tabs must close."""

    session: UUID
    user: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingRulesChanged:
    """What may be recorded on a PBX changed. ``pbx`` empty: on all."""

    pbx: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageWanted:
    """Somebody wants read what the PBX wrote of a time in which nobody listened."""

    pbx: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """An evaluation was published, answered by its agent or settled: ``people`` are to know."""

    evaluation: UUID
    agent: UUID
    state: str
    people: frozenset[UUID]
