"""Why the tracker concluded nothing from a message: a stable code each, which the browser puts into words. Pure."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final

from callcenter.ami import messages as m
from callcenter.ami.channels import Channel
from callcenter.ami.tracker import Tracker
from callcenter.pbxmap import Kind


class Silence(StrEnum):
    """Each names the rule by which a message means nothing, or nothing yet."""

    UNBELIEVABLE = "unbelievable"
    MEANINGLESS = "meaningless"
    TIME = "time"
    ADOPTED = "adopted"
    KNOWN = "known"
    NUMBER_AWAITED = "number_awaited"
    NUMBER_HIDDEN = "number_hidden"
    TRUNK_DIALLED = "trunk_dialled"
    PHONE = "phone"
    LOCAL = "local"
    SERVICE = "service"
    INTER_OFFICE = "inter_office"
    UNCLASSIFIED = "unclassified"
    STRANGER = "stranger"
    INTERNAL = "internal"
    RINGS_ALREADY = "rings_already"
    NOTED = "noted"
    GONE_UNHEARD = "gone_unheard"
    DIALS_INSIDE = "dials_inside"
    DIALS_FOR = "dials_for"
    SAME_PEOPLE = "same_people"
    NO_CUSTOMER = "no_customer"
    MAY_RETURN = "may_return"
    WAITS_ALONE = "waits_alone"
    REASON_FOLLOWS = "reason_follows"
    NOT_HELD = "not_held"
    SEEN_ELSEWHERE = "seen_elsewhere"
    MEMBER = "member"
    GATE = "gate"
    RECORDED_ALREADY = "recorded_already"


_CHANNELS: Final = {
    Kind.DEVICE: Silence.PHONE,
    Kind.LOCAL: Silence.LOCAL,
    Kind.SERVICE: Silence.SERVICE,
    Kind.INTER_OFFICE: Silence.INTER_OFFICE,
    Kind.UNCLASSIFIED: Silence.UNCLASSIFIED,
}


def silence(message: m.Message, tracker: Tracker, before: Channel | None) -> Silence:
    """Why ``message``, from which nothing was concluded, meant nothing. ``tracker`` is as it is after it; ``before``
    the channel that it names first, as it was before it."""
    judge = _JUDGES.get(type(message))
    return judge(message, tracker, before) if judge else Silence.NOTED


def subject(message: m.Message) -> str:
    """The Uniqueid that a message is about in the first place; ``""`` where it is about none."""
    for name in ("uniqueid", "parked", "transferer", "one"):
        if found := getattr(message, name, ""):
            return str(found)
    return ""


def _channel(message: m.NewChannel, tracker: Tracker, before: Channel | None) -> Silence:
    if before is not None:
        return Silence.KNOWN
    channel = tracker.channels.get(message.uniqueid)
    if channel is None:
        return Silence.MEANINGLESS
    if channel.kind is Kind.TRUNK:
        return Silence.NUMBER_AWAITED if message.uniqueid in tracker.tracks else Silence.TRUNK_DIALLED
    return _CHANNELS[channel.kind]


def _state(message: m.ChannelState, tracker: Tracker, before: Channel | None) -> Silence:
    if before is None:
        return Silence.STRANGER
    if message.state != "Ringing":
        return Silence.NOTED
    if before.kind is not Kind.DEVICE:
        return _CHANNELS.get(before.kind, Silence.NOTED)
    return Silence.RINGS_ALREADY if tracker.call_of(message.uniqueid) else Silence.INTERNAL


def _dialled(message: m.DialBegin, tracker: Tracker, before: Channel | None) -> Silence:
    dest = tracker.channels.get(message.dest)
    if dest is None:
        return Silence.STRANGER
    return Silence.DIALS_FOR if tracker.call_of(message.dest) or before is None else Silence.DIALS_INSIDE


def _bridged(message: m.BridgeEntered | m.BridgeLeft, tracker: Tracker, before: Channel | None) -> Silence:
    if before is None:
        return Silence.STRANGER
    if isinstance(message, m.BridgeEntered) and message.mute:
        return Silence.WAITS_ALONE
    call = tracker.call_of(message.uniqueid)
    if not call:
        return Silence.NO_CUSTOMER
    track = tracker.tracks.get(call)
    if track is not None and track.unsettled:
        return Silence.MAY_RETURN
    talking = track is not None and any(leg.joined for leg in track.legs.values())
    return Silence.SAME_PEOPLE if talking else Silence.WAITS_ALONE


def _of_call(why: Silence) -> Callable[[Any, Tracker, Channel | None], Silence]:
    """``why`` for what is about somebody's call, else that no customer is concerned."""

    def judge(message: m.Message, tracker: Tracker, _before: Channel | None) -> Silence:
        return why if tracker.call_of(subject(message)) else Silence.NO_CUSTOMER

    return judge


def _always(why: Silence) -> Callable[[Any, Tracker, Channel | None], Silence]:
    return lambda _message, _tracker, _before: why


_JUDGES: Final[dict[type[m.Message], Callable[[Any, Tracker, Channel | None], Silence]]] = {
    m.NewChannel: _channel,
    m.ChannelState: _state,
    m.NumberHidden: _of_call(Silence.NUMBER_HIDDEN),
    m.DialBegin: _dialled,
    m.DialEnd: _always(Silence.SEEN_ELSEWHERE),
    m.AgentCalled: _always(Silence.SEEN_ELSEWHERE),
    m.Hangup: lambda _message, _tracker, before: Silence.GONE_UNHEARD if before else Silence.STRANGER,
    m.BridgeEntered: _bridged,
    m.BridgeLeft: _bridged,
    m.CallerLeft: _of_call(Silence.REASON_FOLLOWS),
    m.CallerAbandoned: _of_call(Silence.REASON_FOLLOWS),
    m.HeldBy: _of_call(Silence.NOT_HELD),
    m.RecordedTo: _of_call(Silence.RECORDED_ALREADY),
    m.AgentConnected: _of_call(Silence.SEEN_ELSEWHERE),
    m.QueueEnded: _of_call(Silence.SEEN_ELSEWHERE),
    m.CallerJoined: _of_call(Silence.SEEN_ELSEWHERE),
    m.Member: _always(Silence.MEMBER),
    m.Owes: _always(Silence.GATE),
    m.Tick: _always(Silence.TIME),
}
