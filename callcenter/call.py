"""A call as a value. `lifecycle.apply` is the one function that changes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from callcenter import rehearsal
from callcenter.card import Candidate, Card, CustomerId
from callcenter.events import Arrived, CallEvent, CallKey, Direction, Gap, OfferResult, PastEvent, QueueResult, Via
from callcenter.phone import is_withheld
from callcenter.recording_events import NoticeResult, PauseEnd, Wish
from callcenter.roster import AgentId, Device
from callcenter.values import replace

_MOMENT: Final = timedelta(seconds=1)
"""Within it events come in any order."""


class State(StrEnum):
    QUEUED = "queued"
    RINGING = "ringing"
    TALKING = "talking"
    HELD = "held"
    PARKED = "parked"
    ENDED = "ended"


class Result(StrEnum):
    ANSWERED = "answered"
    ABANDONED = "abandoned"
    MISSED = "missed"
    BUSY = "busy"
    FAILED = "failed"
    VOICEMAIL = "voicemail"


class Role(StrEnum):
    OWNER = "owner"
    ASSIST = "assist"


class OutcomeState(StrEnum):
    NONE = "none"
    OWED = "owed"
    DRAFT = "draft"
    DEFERRED = "deferred"
    LOGGED = "logged"
    AUTOMATIC = "automatic"
    WAIVED = "waived"


UNSETTLED = frozenset({OutcomeState.OWED, OutcomeState.DRAFT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One ringing of one device."""

    leg: str
    device: Device
    offered_at: datetime
    ended_at: datetime | None = None
    result: OfferResult | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueVisit:
    """One stay in one queue."""

    queue: str
    joined_at: datetime
    left_at: datetime | None = None
    result: QueueResult | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A time of which the recordings keep nothing. ``until``: it then ends by itself; ``to_at`` None: it goes on."""

    from_at: datetime
    until: datetime
    by: AgentId
    to_at: datetime | None = None
    ended: PauseEnd | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wished:
    """What somebody decided about the recording. ``by`` None: the caller, by a key; ``file``: what was started."""

    wish: Wish
    at: datetime
    by: AgentId | None = None
    file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An announcement that the PBX played to the caller."""

    notice: UUID
    at: datetime
    result: NoticeResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One agent's part in a call. ``seq`` counts from 0 in the call; ``id`` is minted at insert.

    ``handed_to``: the extension or device he passed the customer on to, "" where the PBX told nothing of the kind.
    ``talking`` while customer and leg are connected; ``leg_ended`` says that the device is free again.
    """

    seq: int
    agent: AgentId | None
    extension: str
    device: Device
    leg: str
    role: Role
    via: Via
    queue: str = ""
    id: UUID | None = None
    offers: tuple[Offer, ...] = ()
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    talking: bool = False
    held_since: datetime | None = None
    hold_s: float = 0.0
    leg_ended: bool = False
    handed_to: str = ""
    outcome_state: OutcomeState = OutcomeState.NONE
    outcome: UUID | None = None

    @property
    def ringing(self) -> bool:
        return any(o.ended_at is None for o in self.offers)

    @property
    def owes(self) -> bool:
        """The agent may get no next call before this is settled."""
        return self.outcome_state in UNSETTLED

    @property
    def talk_s(self) -> float:
        """Seconds from answer to end less hold; 0 while unanswered or running."""
        if self.answered_at is None or self.ended_at is None:
            return 0.0
        return max(0.0, (self.ended_at - self.answered_at).total_seconds() - self.hold_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The life of one customer channel. ``id`` and ``customer`` are filled in by the ledger at insert; ``parked`` is
    the space he waits in, or waited in to the end; ``hung_up`` is who ended it: customer, us (an agent or the PBX), ""
    where nobody heard."""

    key: CallKey
    direction: Direction
    number_raw: str
    name: str
    did: str
    trunk: str
    region: str
    started_at: datetime
    number_read: str = ""
    id: UUID | None = None
    customer: CustomerId | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    result: Result | None = None
    cause: int = 0
    note: str = ""
    parked: str = ""
    hung_up: str = ""
    queues: tuple[QueueVisit, ...] = ()
    segments: tuple[Segment, ...] = ()
    recordings: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()
    pauses: tuple[Pause, ...] = ()
    wishes: tuple[Wished, ...] = ()
    notices: tuple[Told, ...] = ()

    @property
    def recorded(self) -> bool:
        """Something of the talk is recorded; a message in a mailbox is none."""
        return any("#" not in path for path in self.recordings)

    @property
    def declined_at(self) -> datetime | None:
        """Since when nothing of the call may be recorded."""
        return next((one.at for one in self.wishes if one.wish is Wish.DECLINE), None)

    @property
    def pause(self) -> Pause | None:
        """The pause of the recordings that goes on now."""
        return self.pauses[-1] if self.pauses and self.pauses[-1].to_at is None else None

    @property
    def number(self) -> str:
        """The number as it is to be read inside ``region``: by its trunk's prefix rules, else as it came."""
        return self.number_read or self.number_raw

    @property
    def withheld(self) -> bool:
        return is_withheld(self.number_raw)

    @property
    def test(self) -> bool:
        """A test call of ours: it has no customer, and counts in no figure."""
        return rehearsal.is_customer(self.key.uniqueid)

    @property
    def state(self) -> State:
        """Derived: ended, else the liveliest thing that is going on."""
        if self.ended_at is not None:
            return State.ENDED
        talking = [s for s in self.segments if s.talking]
        if talking:
            return State.HELD if all(s.held_since for s in talking) else State.TALKING
        if self.parked:
            return State.PARKED
        if any(s.ringing for s in self.segments) or self.direction is Direction.OUTBOUND:
            return State.RINGING
        return State.QUEUED

    @property
    def last_sign(self) -> datetime:
        """The last moment of which it is known that the call went on, as far as it is told here."""
        offers = (offer for segment in self.segments for offer in segment.offers)
        moments = [
            self.started_at,
            *(at for visit in self.queues for at in (visit.joined_at, visit.left_at)),
            *(at for offer in offers for at in (offer.offered_at, offer.ended_at)),
            *(at for part in self.segments for at in (part.answered_at, part.held_since, part.ended_at)),
        ]
        return max(at for at in moments if at)

    @property
    def settled(self) -> bool:
        """Nothing more is expected of anybody: the call may leave memory."""
        return self.ended_at is not None and not any(s.owes for s in self.segments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What the ledger publishes after the commit of one event.

    ``before`` is None for a new call. ``card`` is whose call it is (None: withheld or undecided), ``candidates`` all
    customers that the number may mean, best first.
    """

    event: CallEvent
    before: Call | None
    after: Call
    card: Card | None
    candidates: tuple[Candidate, ...] = ()


def in_order(call: Call | None, event: CallEvent) -> CallEvent:
    """An event that was heard just now, as it follows on what is known of its call: what comes later was later,
    whatever is said by a clock that was put back meanwhile. By how much nobody knows."""
    if call is None or not event.mono or isinstance(event, Arrived) or not isinstance(event, PastEvent):
        return event
    return replace(event, at=call.last_sign) if call.last_sign - event.at > _MOMENT else event
