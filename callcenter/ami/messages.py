"""The AMI events we understand, as typed values. Pure: fields in, one message or None out.

Names and meanings after https://docs.asterisk.org/Latest_API/API_Documentation/AMI_Events/ (Asterisk 16-22). A
``uniqueid`` names a channel for its life; a ``channel`` name may be used again after a restart of the PBX.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from callcenter.events import QueueResult

Fields: TypeAlias = Mapping[str, str]


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
    uniqueid: str
    dest: str
    status: str


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
    """A transfer was made; ``via`` is blind or attended, ``customer`` the transferee where it is named.

    ``second`` is the transferer's other channel, on which he consulted.
    """

    via: str
    transferer: str
    customer: str
    second: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PickedUp(_Message):
    uniqueid: str
    target: str


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
class Member(_Message):
    """A queue member as QueueMember*, or QueueStatus, tells it."""

    queue: str
    interface: str
    name: str
    paused: bool
    reason: str
    state_interface: str
    status: int
    in_call: bool
    gone: bool


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
    | AgentConnected
    | HeldBy
    | RecordedTo
    | Transferred
    | PickedUp
    | ParkingOver
    | DidKnown
    | Member
    | Booted
    | Tick
)

_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_QUEUE_RESULTS: Final = {
    "TIMEOUT": QueueResult.TIMEOUT,
    "FULL": QueueResult.FULL,
    "JOINEMPTY": QueueResult.EMPTY,
    "LEAVEEMPTY": QueueResult.EMPTY,
    "JOINUNAVAIL": QueueResult.EMPTY,
    "LEAVEUNAVAIL": QueueResult.EMPTY,
    "CONTINUE": QueueResult.EXIT,
    "WITHDRAW": QueueResult.EXIT,
}


def unescape(text: str) -> str:
    """Takes off the C escapes that Asterisk puts on names: ``O\\'Brien`` was ``O'Brien``."""
    if "\\" not in text:
        return text
    out: list[str] = []
    letters = iter(text)
    for letter in letters:
        if letter == "\\":
            following = next(letters, "\\")
            out.append(_ESCAPES.get(following, following))
        else:
            out.append(letter)
    return "".join(out)


def parse(fields: Fields, at: datetime, mono: float) -> Message | None:
    """The message of an event's headers (names in lower case); None for events that mean nothing to us."""
    build = _BUILDERS.get(fields.get("event", ""))
    return build(fields, {"at": at, "mono": mono}) if build else None


_Stamp: TypeAlias = Mapping[str, object]
_Builder: TypeAlias = Callable[[Fields, "dict[str, object]"], "Message | None"]


def _get(fields: Fields, name: str) -> str:
    return fields.get(name, "")


def _number(fields: Fields, name: str, otherwise: int = 0) -> int:
    try:
        return int(fields.get(name, ""))
    except ValueError:
        return otherwise


def _new_channel(f: Fields, stamp: dict[str, object]) -> NewChannel:
    return NewChannel(
        **stamp,  # type: ignore[arg-type]
        uniqueid=_get(f, "uniqueid"),
        linkedid=_get(f, "linkedid"),
        channel=_get(f, "channel"),
        state=_get(f, "channelstatedesc"),
        number=_get(f, "calleridnum"),
        name=unescape(_get(f, "calleridname")),
        exten=_get(f, "exten"),
    )


def _member(f: Fields, stamp: dict[str, object]) -> Message:
    return Member(
        **stamp,  # type: ignore[arg-type]
        queue=_get(f, "queue"),
        interface=_get(f, "interface") or _get(f, "location"),
        name=_get(f, "membername") or _get(f, "name"),
        paused=_get(f, "paused") == "1",
        reason=_get(f, "pausedreason"),
        state_interface=_get(f, "stateinterface"),
        status=_number(f, "status"),
        in_call=_get(f, "incall") == "1",
        gone=_get(f, "event") == "QueueMemberRemoved",
    )


def _variable(f: Fields, stamp: dict[str, object]) -> Message | None:
    uniqueid, value = _get(f, "uniqueid"), _get(f, "value")
    match _get(f, "variable"):
        case "MIXMONITOR_FILENAME" if value:
            return RecordedTo(**stamp, uniqueid=uniqueid, path=value, source=_new_channel(f, stamp))  # type: ignore[arg-type]
        case "FROM_DID" if value:
            return DidKnown(**stamp, uniqueid=uniqueid, did=value)  # type: ignore[arg-type]
        case "QUEUESTATUS" if value in _QUEUE_RESULTS:
            return QueueEnded(**stamp, uniqueid=uniqueid, result=_QUEUE_RESULTS[value])  # type: ignore[arg-type]
        case _:
            return None


def _local_pair(f: Fields, stamp: dict[str, object]) -> Message:
    return LocalPair(**stamp, one=_get(f, "localoneuniqueid"), two=_get(f, "localtwouniqueid"))  # type: ignore[arg-type]


def _attended(f: Fields, stamp: dict[str, object]) -> Message:
    return Transferred(
        **stamp,  # type: ignore[arg-type]
        via="attended",
        transferer=_get(f, "origtransfereruniqueid"),
        customer=_get(f, "transfereeuniqueid"),
        second=_get(f, "secondtransfereruniqueid"),
    )


def _blind(f: Fields, stamp: dict[str, object]) -> Message:
    transferer = _get(f, "transfereruniqueid")
    return Transferred(**stamp, via="blind", transferer=transferer, customer=_get(f, "transfereeuniqueid"))  # type: ignore[arg-type]


def _bridge_entered(f: Fields, stamp: dict[str, object]) -> Message:
    return BridgeEntered(
        **stamp,  # type: ignore[arg-type]
        bridge=_get(f, "bridgeuniqueid"),
        uniqueid=_get(f, "uniqueid"),
        swap=_get(f, "swapuniqueid"),
        linkedid=_get(f, "linkedid"),
        mute=_get(f, "bridgetechnology") == "holding_bridge",
    )


def _simple(kind: type[Message], **names: str) -> _Builder:
    """A message whose attributes are headers as they stand."""

    def build(f: Fields, stamp: dict[str, object]) -> Message:
        return kind(**stamp, **{attribute: f.get(header, "") for attribute, header in names.items()})  # type: ignore[arg-type]

    return build


def _dial_begin(f: Fields, stamp: dict[str, object]) -> Message:
    return DialBegin(
        **stamp,  # type: ignore[arg-type]
        uniqueid=_get(f, "uniqueid"),
        dest=_get(f, "destuniqueid"),
        dial_string=_get(f, "dialstring"),
        source=_new_channel(f, stamp),
    )


def _caller_joined(f: Fields, stamp: dict[str, object]) -> Message:
    return CallerJoined(
        **stamp,  # type: ignore[arg-type]
        uniqueid=_get(f, "uniqueid"),
        queue=_get(f, "queue"),
        caller=_new_channel(f, stamp),
    )


def _hangup(f: Fields, stamp: dict[str, object]) -> Message:
    return Hangup(**stamp, uniqueid=_get(f, "uniqueid"), cause=_number(f, "cause"))  # type: ignore[arg-type]


def _booted(f: Fields, stamp: dict[str, object]) -> Message:
    return Booted(**stamp, uptime=_number(f, "uptime", -1))  # type: ignore[arg-type]


def _hold(held: bool) -> _Builder:
    return lambda f, stamp: HeldBy(**stamp, uniqueid=_get(f, "uniqueid"), held=held)  # type: ignore[arg-type]


_BUILDERS: Final[Mapping[str, _Builder]] = {
    "Newchannel": _new_channel,
    "Newstate": _simple(ChannelState, uniqueid="uniqueid", linkedid="linkedid", state="channelstatedesc"),
    "Rename": _simple(Renamed, uniqueid="uniqueid", channel="newname"),
    "HangupRequest": _simple(HangupRequested, uniqueid="uniqueid"),
    "Hangup": _hangup,
    "DialBegin": _dial_begin,
    "DialEnd": _simple(DialEnd, uniqueid="uniqueid", dest="destuniqueid", status="dialstatus"),
    "AgentCalled": _simple(AgentCalled, uniqueid="uniqueid", queue="queue", dest="destuniqueid"),
    "AgentConnect": _simple(AgentConnected, uniqueid="uniqueid", queue="queue", dest="destuniqueid"),
    "BridgeEnter": _bridge_entered,
    "BridgeLeave": _simple(BridgeLeft, bridge="bridgeuniqueid", uniqueid="uniqueid"),
    "LocalBridge": _local_pair,
    "QueueCallerJoin": _caller_joined,
    "QueueCallerLeave": _simple(CallerLeft, uniqueid="uniqueid", queue="queue"),
    "QueueCallerAbandon": _simple(CallerAbandoned, uniqueid="uniqueid", queue="queue"),
    "Hold": _hold(True),
    "Unhold": _hold(False),
    "VarSet": _variable,
    "BlindTransfer": _blind,
    "AttendedTransfer": _attended,
    "UnParkedCall": _simple(ParkingOver, parked="parkeeuniqueid", retriever="retrieveruniqueid"),
    "ParkedCallTimeOut": _simple(ParkingOver, parked="parkeeuniqueid", retriever=""),
    "Pickup": _simple(PickedUp, uniqueid="uniqueid", target="targetuniqueid"),
    "QueueMember": _member,
    "QueueMemberStatus": _member,
    "QueueMemberPause": _member,
    "QueueMemberAdded": _member,
    "QueueMemberRemoved": _member,
    "FullyBooted": _booted,
}

WANTED: Final = frozenset(_BUILDERS)
VARIABLES: Final = frozenset({"MIXMONITOR_FILENAME", "QUEUESTATUS", "FROM_DID"})
