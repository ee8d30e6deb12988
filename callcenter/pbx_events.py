"""What a PBX tells of itself rather than of a call: its link, queue members, debts in its own database, strange
channels, and how the calls go that it was asked to make."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeAlias

from callcenter.events import CallKey, Gap
from callcenter.pbxmap import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberState:
    """A queue member as the PBX has it now. ``interface`` is the exact string the queue knows; a ``dynamic`` member was
    added while the PBX ran and can be taken out again; a lower ``penalty`` is asked first."""

    pbx: str
    at: datetime
    queue: str
    interface: str
    name: str
    paused: bool
    reason: str
    state_interface: str
    status: int
    in_call: bool
    gone: bool = False
    dynamic: bool = False
    penalty: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MembersTold:
    """All queue members there are have been told since the link came: who is not among them is none."""

    pbx: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtFound:
    """A debt that stands in the PBX's own database: ``interface`` answered the call and was paused by the dialplan.
    ``call``: one of all it owes for, by its Uniqueid; "": the last of them, by which it owes at all."""

    pbx: str
    at: datetime
    interface: str
    value: str
    call: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtTold:
    """The PBX's own gate has just made ``interface`` owe for the call, and paused it: no doing of ours."""

    pbx: str
    at: datetime
    interface: str
    customer: CallKey


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkUp:
    """Logged in, snapshot taken, live from here. ``rebooted``: the PBX restarted since we last saw it."""

    pbx: str
    at: datetime
    rebooted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkDown:
    """No link to the PBX. ``code`` is stable (``refused``, ``wrong_password``, ``timeout``, ``lost``).

    ``remedy`` is for the administrator to read.
    """

    pbx: str
    at: datetime
    code: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """Nobody listened to the PBX for a while. What it wrote of that time is to be read from ``begun`` on, when the
    first call that may have gone on in it began; ``booted_at`` is since when the PBX lives.

    ``code`` "": it was read, and told with this. Else why not (``history_not_set``, ``history_slow``,
    ``history_unreadable`` ...), with a remedy.
    """

    pbx: str
    at: datetime
    gap: Gap
    begun: datetime
    booted_at: datetime | None = None
    code: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSeen:
    """A channel came that is neither trunk nor device; one that the PBX map does not know (``unclassified``) is shown
    and counted, never dropped silently. ``peer`` holds no customer's number; ``linkedid`` is the call it came in."""

    pbx: str
    at: datetime
    peer: str
    kind: Kind
    context: str
    linkedid: str


class LegState(StrEnum):
    """What an agent's phone does that the PBX rang by itself. ``HUNG_UP``: its own party did; ``ENDED`` follows."""

    RINGING = "ringing"
    ANSWERED = "answered"
    HUNG_UP = "hung_up"
    ENDED = "ended"


OTHER_HALF: Final = "-other"
"""What follows the click's id in the Uniqueid of the Local half that rings several phones of an agent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginatedLeg:
    """The first leg of the click-to-call ``uniqueid``: no call rings there for anyone. ``cause``: Q.850, at its end.
    ``phone``: the Uniqueid of the phone's own channel."""

    pbx: str
    at: datetime
    uniqueid: str
    state: LegState
    cause: int = 0
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginateFailed:
    """The PBX could not ring the first leg of the action ``action``. ``reason`` is Asterisk's: 3 no answer, 5 busy, 8
    congestion, 0 anything else. ``leg_lives``: that leg's channel is still there; its end, which says more, follows.
    """

    pbx: str
    at: datetime
    action: str
    reason: int
    leg_lives: bool = False


PbxEvent: TypeAlias = (
    MemberState
    | MembersTold
    | DebtFound
    | DebtTold
    | LinkUp
    | LinkDown
    | Outage
    | ChannelSeen
    | OriginatedLeg
    | OriginateFailed
)
