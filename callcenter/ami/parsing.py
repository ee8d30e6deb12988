"""Headers of an event to its message. Pure: fields in, one message or None out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, TypeAlias
from uuid import UUID

from callcenter.ami.messages import (
    AgentCalled,
    AgentConnected,
    Booted,
    BridgeEntered,
    BridgeLeft,
    CallerAbandoned,
    CallerJoined,
    CallerLeft,
    ChannelState,
    DialBegin,
    DialEnd,
    DidKnown,
    Hangup,
    HangupRequested,
    HeldBy,
    LocalPair,
    Member,
    Message,
    MessageLeft,
    NewChannel,
    NoticeTold,
    NumberHidden,
    OriginateRefused,
    Owes,
    ParkedAt,
    ParkingOver,
    PickedUp,
    QueueEnded,
    QueueNamed,
    RecordedTo,
    RecordingDeclined,
    Renamed,
    Transferred,
    Unreachable,
)
from callcenter.events import QueueResult
from callcenter.recording_events import NoticeResult

Fields: TypeAlias = Mapping[str, str]
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_NOWHERE: Final = frozenset({"", "s"})
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


def number_in(dial_string: str) -> str:
    """The number in ``89161234567@trunk``, ``trunk/89161234567`` or ``sip:8916…@host``; ``""`` where there is none."""
    part = dial_string.partition("@")[0].rpartition("/")[2].rpartition(":")[2]
    return part if any(c.isdigit() for c in part) and len(part) > 1 else ""


def parse(fields: Fields, at: datetime, mono: float) -> Message | None:
    """The message of an event's headers (names in lower case); None for events that mean nothing to us."""
    build = _BUILDERS.get(fields.get("event", ""))
    return build(fields, {"at": at, "mono": mono}) if build else None


_Stamp: TypeAlias = Mapping[str, object]
_Builder: TypeAlias = Callable[[Fields, "dict[str, object]"], "Message | None"]


def _number(fields: Fields, name: str, otherwise: int = 0) -> int:
    try:
        return int(fields.get(name, ""))
    except ValueError:
        return otherwise


def _new_channel(f: Fields, stamp: dict[str, object]) -> NewChannel:
    return NewChannel(
        **stamp,  # type: ignore[arg-type]
        uniqueid=f.get("uniqueid", ""),
        linkedid=f.get("linkedid", ""),
        channel=f.get("channel", ""),
        state=f.get("channelstatedesc", ""),
        number=f.get("calleridnum", ""),
        name=unescape(f.get("calleridname", "")),
        exten=f.get("exten", ""),
        context=f.get("context", ""),
    )


def _member(f: Fields, stamp: dict[str, object]) -> Message:
    return Member(
        **stamp,  # type: ignore[arg-type]
        queue=f.get("queue", ""),
        interface=f.get("interface", "") or f.get("location", ""),
        name=f.get("membername", "") or f.get("name", ""),
        paused=f.get("paused", "") == "1",
        reason=f.get("pausedreason", ""),
        state_interface=f.get("stateinterface", ""),
        status=_number(f, "status"),
        in_call=f.get("incall", "") == "1",
        gone=f.get("event", "") == "QueueMemberRemoved",
        dynamic=f.get("membership", "") == "dynamic",
        penalty=_number(f, "penalty"),
        pausing=f.get("event", "") == "QueueMemberPause",
    )


def _variable(f: Fields, stamp: dict[str, object]) -> Message | None:
    uniqueid, value = f.get("uniqueid", ""), f.get("value", "")
    match f.get("variable", "").lstrip("_"):
        case "MIXMONITOR_FILENAME" if value:
            return RecordedTo(**stamp, uniqueid=uniqueid, path=value, source=_new_channel(f, stamp))  # type: ignore[arg-type]
        case "FROM_DID" if value:
            return DidKnown(**stamp, uniqueid=uniqueid, did=value)  # type: ignore[arg-type]
        case "QUEUESTATUS" if value in _QUEUE_RESULTS:
            return QueueEnded(**stamp, uniqueid=uniqueid, result=_QUEUE_RESULTS[value])  # type: ignore[arg-type]
        case "CC_QUEUE" if value:
            return QueueNamed(**stamp, uniqueid=uniqueid, queue=value)  # type: ignore[arg-type]
        case "CC_HIDDEN" if value == "yes":
            return NumberHidden(**stamp, uniqueid=uniqueid)  # type: ignore[arg-type]
        case "CC_DECLINED" if value == "yes":
            return RecordingDeclined(**stamp, uniqueid=uniqueid)  # type: ignore[arg-type]
        case "CC_UNREACHABLE" if value:
            return Unreachable(**stamp, uniqueid=uniqueid, device=value)  # type: ignore[arg-type]
        case "VM_MESSAGEFILE" if value:
            return MessageLeft(**stamp, uniqueid=uniqueid, path=f"{value}.wav")  # type: ignore[arg-type]
        case _:
            return None


def _caller_id(f: Fields, stamp: dict[str, object]) -> Message | None:
    """Of a caller ID that changed only this is of interest: that it is not to be shown."""
    presentation = f.get("cid-callingpres", "").partition(" ")[0]
    if presentation not in _PROHIBITED:
        return None
    return NumberHidden(**stamp, uniqueid=f.get("uniqueid", ""))  # type: ignore[arg-type]


def _local_pair(f: Fields, stamp: dict[str, object]) -> Message:
    return LocalPair(**stamp, one=f.get("localoneuniqueid", ""), two=f.get("localtwouniqueid", ""))  # type: ignore[arg-type]


def _attended(f: Fields, stamp: dict[str, object]) -> Message | None:
    if f.get("result", "") not in _DONE:
        return None
    return Transferred(
        **stamp,  # type: ignore[arg-type]
        via="three_way" if f.get("desttype", "") == "Threeway" else "attended",
        transferer=f.get("origtransfereruniqueid", ""),
        customer=f.get("transfereeuniqueid", ""),
        second=f.get("secondtransfereruniqueid", ""),
        exten=_asked(f),
        target=f.get("transfertargetuniqueid", ""),
    )


def _asked(f: Fields) -> str:
    """Whom the transferer dialled, on a line of his own or by keys, which makes a Local channel. A channel that was
    dialled itself stands at its dialplan's start."""
    dialled = f.get("secondtransfererexten", "")
    by_keys = f.get("transfertargetchannel", "").startswith("Local/")
    if dialled in _NOWHERE or f.get("secondtransfereruniqueid") == f.get("origtransfereruniqueid"):
        dialled = f.get("transfertargetexten", "") if by_keys else ""
    return "" if dialled in _NOWHERE else dialled


def _blind(f: Fields, stamp: dict[str, object]) -> Message | None:
    if f.get("result", "") not in _DONE:
        return None
    return Transferred(
        **stamp,  # type: ignore[arg-type]
        via="blind",
        transferer=f.get("transfereruniqueid", ""),
        customer=f.get("transfereeuniqueid", ""),
        exten=f.get("extension", ""),
    )


def _bridge_entered(f: Fields, stamp: dict[str, object]) -> Message:
    return BridgeEntered(
        **stamp,  # type: ignore[arg-type]
        bridge=f.get("bridgeuniqueid", ""),
        uniqueid=f.get("uniqueid", ""),
        swap=f.get("swapuniqueid", ""),
        linkedid=f.get("linkedid", ""),
        mute=f.get("bridgetechnology", "") == "holding_bridge",
    )


def _simple(kind: type[Message], **names: str) -> _Builder:
    """A message whose attributes are headers as they stand."""

    def build(f: Fields, stamp: dict[str, object]) -> Message:
        return kind(**stamp, **{attribute: f.get(header, "") for attribute, header in names.items()})  # type: ignore[arg-type]

    return build


def _dial_begin(f: Fields, stamp: dict[str, object]) -> Message:
    return DialBegin(
        **stamp,  # type: ignore[arg-type]
        uniqueid=f.get("uniqueid", ""),
        dest=f.get("destuniqueid", ""),
        dial_string=f.get("dialstring", ""),
        source=_new_channel(f, stamp),
    )


def _caller_joined(f: Fields, stamp: dict[str, object]) -> Message:
    return CallerJoined(
        **stamp,  # type: ignore[arg-type]
        uniqueid=f.get("uniqueid", ""),
        queue=f.get("queue", ""),
        caller=_new_channel(f, stamp),
    )


def _hangup(f: Fields, stamp: dict[str, object]) -> Message:
    return Hangup(**stamp, uniqueid=f.get("uniqueid", ""), cause=_number(f, "cause"))  # type: ignore[arg-type]


def _originated(f: Fields, stamp: dict[str, object]) -> Message | None:
    if f.get("response", "") != "Failure":
        return None
    return OriginateRefused(**stamp, action=f.get("actionid", ""), reason=_number(f, "reason"))  # type: ignore[arg-type]


def _user_event(f: Fields, stamp: dict[str, object]) -> Message | None:
    if f.get("userevent", "") == "CallcenterNotice":
        return _notice(f, stamp)
    if f.get("userevent", "") != "CallcenterOwes":
        return None
    return Owes(**stamp, interface=f.get("interface", ""), customer=f.get("customer", ""))  # type: ignore[arg-type]


def _notice(f: Fields, stamp: dict[str, object]) -> Message | None:
    """None where it names no text of ours."""
    try:
        notice, result = UUID(f.get("notice", "")), NoticeResult(f.get("result", ""))
    except ValueError:
        return None
    return NoticeTold(**stamp, uniqueid=f.get("customer", ""), notice=notice, result=result)  # type: ignore[arg-type]


def _booted(f: Fields, stamp: dict[str, object]) -> Message:
    return Booted(**stamp, uptime=_number(f, "uptime", -1))  # type: ignore[arg-type]


def _hold(held: bool) -> _Builder:
    return lambda f, stamp: HeldBy(**stamp, uniqueid=f.get("uniqueid", ""), held=held)  # type: ignore[arg-type]


_DONE: Final = frozenset({"", "Success"})
_PROHIBITED: Final = frozenset({"32", "33", "34", "35"})
_BUILDERS: Final[Mapping[str, _Builder]] = {
    "Newchannel": _new_channel,
    "NewCallerid": _caller_id,
    "Newstate": _simple(ChannelState, uniqueid="uniqueid", linkedid="linkedid", state="channelstatedesc"),
    "Rename": _simple(Renamed, uniqueid="uniqueid", channel="newname"),
    "HangupRequest": _simple(HangupRequested, uniqueid="uniqueid"),
    "Hangup": _hangup,
    "DialBegin": _dial_begin,
    "DialEnd": _simple(DialEnd, uniqueid="uniqueid", dest="destuniqueid", status="dialstatus", forward="forward"),
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
    "ParkedCall": _simple(ParkedAt, parked="parkeeuniqueid", space="parkingspace", parker="parkerdialstring"),
    "UnParkedCall": _simple(ParkingOver, parked="parkeeuniqueid", retriever="retrieveruniqueid"),
    "ParkedCallTimeOut": _simple(ParkingOver, parked="parkeeuniqueid", retriever=""),
    "Pickup": _simple(PickedUp, uniqueid="uniqueid", target="targetuniqueid"),
    "QueueMember": _member,
    "QueueMemberStatus": _member,
    "QueueMemberPause": _member,
    "QueueMemberPenalty": _member,
    "QueueMemberAdded": _member,
    "QueueMemberRemoved": _member,
    "OriginateResponse": _originated,
    "UserEvent": _user_event,
    "FullyBooted": _booted,
}

WANTED: Final = frozenset(_BUILDERS)
VARIABLES: Final = frozenset(
    {
        "MIXMONITOR_FILENAME",
        "QUEUESTATUS",
        "FROM_DID",
        "CC_QUEUE",
        "CC_HIDDEN",
        "CC_DECLINED",
        "CC_UNREACHABLE",
        "VM_MESSAGEFILE",
    }
)
