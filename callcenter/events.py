"""The closed vocabulary of what becomes of a call, in the order it happened. Events name devices, never people.

``at`` is the moment in UTC by the PBX's clock (ours where it sends none), ``mono`` our monotonic clock in seconds when
the bytes arrived. A ``leg`` is the Uniqueid of an agent-side channel.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, TypeAlias

from callcenter.decision_events import Decision
from callcenter.of_call import ASIDE as ASIDE
from callcenter.of_call import CallKey as CallKey
from callcenter.of_call import OfCall
from callcenter.recording_events import (
    Announced,
    Declined,
    RecordingPaused,
    RecordingStarted,
    RecordingWentOn,
    RecordingWished,
)
from callcenter.roster import Device


class Direction(StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"


class QueueResult(StrEnum):
    ANSWERED = "answered"
    ABANDONED = "abandoned"
    TIMEOUT = "timeout"
    FULL = "full"
    EMPTY = "empty"
    EXIT = "exit"


class OfferResult(StrEnum):
    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    CANCELLED = "cancelled"
    UNREACHABLE = "unreachable"


class Via(StrEnum):
    """How a call came to a device."""

    QUEUE = "queue"
    DIRECT = "direct"
    BLIND = "blind"
    ATTENDED = "attended"
    PICKUP = "pickup"
    PARK = "park"
    RETURN = "return"
    OUTBOUND = "outbound"
    ORIGINATE = "originate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived(OfCall):
    """A customer's channel is there. ``number_raw`` is what the PBX showed first; ``region`` reads it.

    ``number_read`` is the number by the prefix rules of its trunk, "" where they change nothing.
    ``origin``: the Uniqueid of the agent's channel that dialled him, ``""`` where he called. ``hidden``: he asked that
    his number be hidden, though the trunk tells it. ``born``: the channel was seen to begin, so that it is none of
    before.
    """

    direction: Direction
    number_raw: str
    name: str
    did: str
    trunk: str
    region: str
    number_read: str = ""
    origin: str = ""
    hidden: bool = False
    born: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueJoined(OfCall):
    queue: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLeft(OfCall):
    queue: str
    result: QueueResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered(OfCall):
    """A device rings with the call. ``queue`` is ``""`` outside queues.

    ``result``: it was dialled and never rang, as is known now that it is over: rejected or unreachable.
    """

    leg: str
    device: Device
    via: Via
    queue: str = ""
    result: OfferResult | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferEnded(OfCall):
    """The device no longer rings. ANSWERED comes before or together with Joined."""

    leg: str
    device: Device
    result: OfferResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined(OfCall):
    """The customer and the device's leg are connected through bridges and Local pairs: they can talk."""

    leg: str
    device: Device
    via: Via


@dataclass(frozen=True, slots=True, kw_only=True)
class Left(OfCall):
    """They can no longer talk; the leg may live on."""

    leg: str
    device: Device


@dataclass(frozen=True, slots=True, kw_only=True)
class LegEnded(OfCall):
    """The device's channel is gone."""

    leg: str
    device: Device


@dataclass(frozen=True, slots=True, kw_only=True)
class Held(OfCall):
    leg: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed(OfCall):
    leg: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver(OfCall):
    """The agent at ``leg`` passed the customer on: ``via`` is blind, attended or park, ``to`` the extension that was
    dialled or the name of the device that has him now, "" where the PBX does not say. An AMI Redirect tells nothing."""

    leg: str
    via: Via
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked(OfCall):
    """The customer waits in parking ``space``; put there by the agent at ``leg``, "" where nobody is named. What ends
    it is told as Offered, Joined or Ended; where none of them was heard, as Parked in no space."""

    leg: str
    space: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended(OfCall):
    """The customer's channel is gone. ``cause`` is the Q.850 code, 0 unknown; ``note`` says why where it was concluded
    rather than seen (``disconnected``, ``pbx_restart``); ``message``: he left one."""

    cause: int
    by_customer: bool
    note: str = ""
    message: bool = False


PastEvent: TypeAlias = (
    Arrived
    | QueueJoined
    | QueueLeft
    | Offered
    | OfferEnded
    | Joined
    | Left
    | LegEnded
    | Held
    | Resumed
    | HandedOver
    | Parked
    | RecordingStarted
    | Announced
    | Declined
    | Ended
)
"""What a PBX tells of a call."""


OWED_WITHIN: Final = timedelta(hours=12)
"""A talk that comes to light later than this does not keep its agent from the next call."""


class GapCause(StrEnum):
    """Why nobody listened."""

    SERVICE_DOWN = "service_down"
    LINK_LOST = "link_lost"
    EVENTS_LOST = "events_lost"
    PBX_RESTART = "pbx_restart"
    HISTORY = "history"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A time in which nobody listened to the PBX, and the source (``cel``) a call's part in it was filled in from."""

    from_at: datetime
    to_at: datetime
    cause: GapCause
    filled_from: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled(OfCall):
    """A whole call, from Arrived on, as the PBX itself wrote it down; ``at`` is its end. What was seen live stays.

    Of a call that goes on, what was written so far. ``late``: it ended so long before it is told that nobody can be
    kept from his next call for its outcome.
    """

    events: tuple[PastEvent, ...]
    gap: Gap
    late: bool = False

    @property
    def over(self) -> bool:
        return any(isinstance(event, Ended) for event in self.events)

    @property
    def so_far(self) -> Filled:
        """The same of a call that is known to go on."""
        return replace(self, events=tuple(event for event in self.events if not isinstance(event, Ended)))

    def until(self, at: datetime) -> Filled:
        """What of it was over by then, of a call that is known to go on."""
        return replace(self, events=tuple(event for event in self.so_far.events if event.at <= at))

    def told_at(self, now: datetime) -> Filled:
        """The same, told now."""
        return replace(self, late=now - self.at > OWED_WITHIN)

    @property
    def recent(self) -> bool:
        """It happened while the product was in use, and asks for what any call asks for."""
        return self.gap.cause is not GapCause.HISTORY


CallEvent: TypeAlias = PastEvent | Filled | Decision | RecordingPaused | RecordingWentOn | RecordingWished
