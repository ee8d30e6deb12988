"""The AMI events we understand, as typed values. Pure; ``parsing`` makes them.

Names and meanings after https://docs.asterisk.org/Latest_API/API_Documentation/AMI_Events/ (Asterisk 16-22). A
``uniqueid`` names a channel for its life; a ``channel`` name may be used again after a restart of the PBX.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from callcenter.events import QueueResult
from callcenter.recording_events import NoticeResult


@dataclass(frozen=True, slots=True, kw_only=True)
class _Message:
    """``at``: PBX time in UTC, ours where it sends none; ``mono``: our monotonic clock, seconds."""

    at: datetime
    mono: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NewChannel(_Message):
    uniqueid: str
    linkedid: str
    channel: str
    state: str
    number: str
    name: str
    exten: str
    context: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelState(_Message):
    """``state``: Down, Ring (it calls), Ringing (it rings), Up, Busy."""

    uniqueid: str
    linkedid: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Renamed(_Message):
    uniqueid: str
    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HangupRequested(_Message):
    """This channel's own party hung up."""

    uniqueid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hangup(_Message):
    uniqueid: str
    cause: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DialBegin(_Message):
    """``uniqueid`` dials ``dest`` (empty ``uniqueid``: an Originate)."""

    uniqueid: str
    dest: str
    dial_string: str
    source: NewChannel


@dataclass(frozen=True, slots=True, kw_only=True)
class DialEnd(_Message):
    """``forward``: the phone sent the call on to there (SIP 302)."""

    uniqueid: str
    dest: str
    status: str
    forward: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentCalled(_Message):
    uniqueid: str
    queue: str
    dest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeEntered(_Message):
    """``swap`` is replaced by ``uniqueid``. ``mute``: parking or waiting music, where nobody hears the others."""

    bridge: str
    uniqueid: str
    swap: str
    linkedid: str
    mute: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeLeft(_Message):
    bridge: str
    uniqueid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalPair(_Message):
    """The two halves of a Local channel are two ends of one wire."""

    one: str
    two: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerJoined(_Message):
    """``caller`` tells the channel again: its own Newchannel may have been spoilt by a hostile caller ID."""

    uniqueid: str
    queue: str
    caller: NewChannel


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerLeft(_Message):
    uniqueid: str
    queue: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerAbandoned(_Message):
    """Also sent when the queue's time was up: the caller may still be there."""

    uniqueid: str
    queue: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueEnded(_Message):
    """The dialplan's QUEUESTATUS: why Queue() gave the caller back."""

    uniqueid: str
    result: QueueResult


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueNamed(_Message):
    """Our hook's CC_QUEUE: the queue the caller is about to enter. One that is full or closed never names itself."""

    uniqueid: str
    queue: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLeft(_Message):
    """VM_MESSAGEFILE: the caller left a message in the file ``path`` (absolute, on the PBX)."""

    uniqueid: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentConnected(_Message):
    uniqueid: str
    queue: str
    dest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBy(_Message):
    uniqueid: str
    held: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedTo(_Message):
    uniqueid: str
    path: str
    source: NewChannel


@dataclass(frozen=True, slots=True, kw_only=True)
class Transferred(_Message):
    """A transfer was made; ``via`` is blind, attended or three_way, ``customer`` the transferee where it is named.

    ``second`` is the transferer's other channel, on which he consulted; ``exten`` what he dialled, ``target`` the
    channel he reached, each "" where it is not named.
    """

    via: str
    transferer: str
    customer: str
    second: str = ""
    exten: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PickedUp(_Message):
    uniqueid: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedAt(_Message):
    """``parker`` is the device that put the channel there, as it is dialled."""

    parked: str
    space: str
    parker: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkingOver(_Message):
    """A parked channel was fetched by ``retriever``, or its time is up (empty): whoever parked it rings again."""

    parked: str
    retriever: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DidKnown(_Message):
    """FROM_DID of FreePBX and its kin: what the customer dialled, where the trunk itself says only ``s``."""

    uniqueid: str
    did: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberHidden(_Message):
    """The caller asked that his number be hidden, though the trunk tells it: our hook's CC_HIDDEN, or CallingPres where
    the dialplan touched the caller ID."""

    uniqueid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeTold(_Message):
    """Our hook's CallcenterNotice: what became of an announcement that was played to the caller ``uniqueid``."""

    uniqueid: str
    notice: UUID
    result: NoticeResult


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingDeclined(_Message):
    """Our hook's CC_DECLINED: the caller does not want to be recorded."""

    uniqueid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreachable(_Message):
    """Our hook's CC_UNREACHABLE: ``device`` is to be dialled for the caller and has no address, so no channel of it
    will ever tell."""

    uniqueid: str
    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Member(_Message):
    """A queue member as QueueMember*, or QueueStatus, tells it. ``pausing``: because he was paused or let go."""

    queue: str
    interface: str
    name: str
    paused: bool
    reason: str
    state_interface: str
    status: int
    in_call: bool
    gone: bool
    dynamic: bool = False
    penalty: int = 0
    pausing: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginateRefused(_Message):
    """OriginateResponse with a failure: ``action`` is its ActionID, which is ours and cannot be guessed."""

    action: str
    reason: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Owes(_Message):
    """The dialplan's gate says that whoever answered owes: ``interface`` for the call of channel ``customer``."""

    interface: str
    customer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Booted(_Message):
    """FullyBooted. ``uptime`` seconds since the PBX started, -1 where it does not say."""

    uptime: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick(_Message):
    """Time goes on, also while the PBX is silent. Ours, not the PBX's."""


Message: TypeAlias = (
    NewChannel
    | ChannelState
    | Renamed
    | HangupRequested
    | Hangup
    | DialBegin
    | DialEnd
    | AgentCalled
    | BridgeEntered
    | BridgeLeft
    | LocalPair
    | CallerJoined
    | CallerLeft
    | CallerAbandoned
    | QueueEnded
    | QueueNamed
    | MessageLeft
    | AgentConnected
    | HeldBy
    | RecordedTo
    | Transferred
    | PickedUp
    | ParkedAt
    | ParkingOver
    | DidKnown
    | NumberHidden
    | NoticeTold
    | RecordingDeclined
    | Unreachable
    | Member
    | OriginateRefused
    | Owes
    | Booted
    | Tick
)
