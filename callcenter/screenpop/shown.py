"""What screens show: plain values whose field names are those of the wire."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from callcenter.call import OutcomeState, Role
from callcenter.card import Card, Match
from callcenter.draft import Draft
from callcenter.events import Direction, Via
from callcenter.routing.presence import Presence
from callcenter.routing.unowned import Unowned
from callcenter.supervision.alarms import AlarmKind
from callcenter.supervision.sit_ins import Manner, SitInReason, SitInState
from callcenter.terms import Demand


class Phase(StrEnum):
    """Of a pop. ``wrapup``: the leg is over and an outcome is owed."""

    RINGING = "ringing"
    TALKING = "talking"
    WRAPUP = "wrapup"


class Withdrawal(StrEnum):
    """Why a ringing ended without a talk."""

    ANSWERED_ELSEWHERE = "answered_elsewhere"
    CANCELLED = "cancelled"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """A customer the number may mean."""

    customer: Card
    match: Match
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pop:
    """One agent's part in a call. ``id`` is the segment's: the same in every tab and after every reload. The labels
    are what people named the number and the queue, "" where nobody did.

    ``handed_to``: to whom the agent passed the customer on, while he has to confirm it, or owes the full form as nobody
    took him. ``test``: a test call that answers itself; nobody has anything to do for it. ``paused_until``: the
    recording keeps nothing, until then at the latest. ``demand``: how much its outcome is asked for, in ``limit_s``
    seconds after the talk where there is a limit.
    """

    id: UUID
    call_id: UUID
    phase: Phase
    offered_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    direction: Direction
    number: str
    number_display: str
    region: str
    local_time_zone: str | None
    withheld: bool
    name: str
    did: str
    did_label: str
    queue: str
    queue_label: str
    waiting_since: datetime | None
    via: Via
    customer: Card | None
    candidates: tuple[Guess, ...]
    outcome_state: OutcomeState
    draft: Draft
    role: Role = Role.OWNER
    handed_to: str = ""
    test: bool = False
    recorded: bool = False
    paused_until: datetime | None = None
    demand: Demand = Demand.MANDATORY
    limit_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLine:
    """A queue the agent is a member of. ``offered_to_you`` is False while he owes or is paused there."""

    queue: str
    label: str
    waiting: int
    longest_since: datetime | None
    offered_to_you: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxLine:
    """``doubt``: why what is shown of its calls may come late or not be all (``events_late``, ``events_lost``), None
    where it is as it is there."""

    name: str
    up: bool
    since: datetime
    code: str | None
    remedy: str | None
    doubt: str | None = None
    doubt_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthLine:
    ok: bool = True
    code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthView:
    pbx: tuple[PbxLine, ...] = ()
    database: HealthLine = HealthLine()
    speech: HealthLine = HealthLine()


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    id: UUID
    username: str
    display_name: str
    extension: str | None
    pbx: str | None = None
    """That of the extension."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SitInView:
    """``by`` sits in on the talk of ``agent``. ``reason``: why it came to nothing or ended by itself."""

    id: UUID
    segment_id: UUID
    call_id: UUID
    by: str
    agent: str
    mode: Manner
    state: SitInState
    reason: SitInReason | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmView:
    """``name``: the queue, the agent or the PBX, as people call it. ``value`` and ``limit`` in seconds, heads, or from
    0 to 1; ``since``: from when the seconds are counted. ``acknowledged_by``: who has said that he has seen it."""

    id: UUID
    kind: AlarmKind
    pbx: str
    thing: str
    name: str
    value: float
    limit: float
    since: datetime | None
    raised_at: datetime
    acknowledged_by: str = ""
    acknowledged_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardView:
    """All that a screen shows at one moment. ``sit_in``: the talk one sits in on; ``company``: who sits in on one's
    own."""

    me: Me
    presence: Presence
    pops: tuple[Pop, ...]
    queues: tuple[QueueLine, ...]
    health: HealthView
    unowned: tuple[Unowned, ...] = ()
    sit_in: SitInView | None = None
    company: tuple[SitInView, ...] = ()
    alarms: tuple[AlarmView, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorCall:
    """What an agent has to do with a call: it rings, he talks, or he owes its outcome ``since``. ``who`` is the
    customer's name, or his number."""

    segment_id: UUID
    call_id: UUID
    phase: Phase
    since: datetime
    who: str
    queue: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """An agent on the floor, for supervisors."""

    me: Me
    presence: Presence
    calls: tuple[FloorCall, ...] = ()
