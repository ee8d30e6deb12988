"""Calls that the PBX makes by itself for an agent: what his own phone does, told leg by leg. Pure.

Where he has several phones the PBX rings them through a Local channel, whose first half bears the click's id and whose
second half dials. They are told as one leg: it rings when the first of them does, and is the one he picked up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from callcenter.ami import messages as m
from callcenter.ami.channels import Channel
from callcenter.ami.scene import Event, Scene
from callcenter.pbx_events import OTHER_HALF, LegState, OriginatedLeg
from callcenter.pbxmap import Kind

_STATES: Final = {"Ringing": LegState.RINGING, "Up": LegState.ANSWERED}
_REJECTED: Final = frozenset({17, 21})


@dataclass(slots=True)
class _Phones:
    """Several that ring together. ``taken``: the one that was picked up; ``causes``: why others ended before."""

    taken: str = ""
    causes: list[int] = field(default_factory=list)

    def why(self, cause: int) -> int:
        """Nobody picked up: a phone that was rejected says most."""
        rejected = (one for one in self.causes if one in _REJECTED)
        return next(rejected, self.causes[-1] if self.causes else cause)


class Clicks:
    """``channel.click`` is the id of the leg a channel belongs to, ``""`` for all others."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._phones: dict[str, _Phones] = {}

    def lives(self, click: str) -> bool:
        """Whether the end of that leg is still to be told."""
        return click in self._phones or self._scene.channels.get(click) is not None

    def dialled(self, msg: m.DialBegin, dest: Channel) -> Iterable[Event]:
        """The PBX dials: for nobody, or out of the Local channel of a click."""
        if not msg.uniqueid:
            dest.click = dest.uniqueid
        elif dest.kind is Kind.DEVICE and msg.uniqueid.endswith(OTHER_HALF):
            dest.click = msg.uniqueid.removesuffix(OTHER_HALF)
            self._phones.setdefault(dest.click, _Phones())
        if dest.kind is Kind.DEVICE:
            yield from self.state(msg, dest)

    def state(self, msg: m.Message, phone: Channel) -> Iterable[Event]:
        """A phone rings, or was picked up."""
        state = _STATES.get(phone.state)
        if not phone.click or state is None:
            return
        several = self._phones.get(phone.click)
        if several and state is LegState.ANSWERED:
            several.taken = several.taken or phone.uniqueid
        if several is None or several.taken in ("", phone.uniqueid):
            yield self._leg(msg, phone, state)

    def hung_up(self, msg: m.HangupRequested, phone: Channel) -> Iterable[Event]:
        """Its own party has put it down."""
        several = self._phones.get(phone.click)
        if phone.click and phone.kind is Kind.DEVICE and (several is None or several.taken == phone.uniqueid):
            yield self._leg(msg, phone, LegState.HUNG_UP)

    def gone(self, msg: m.Hangup, channel: Channel) -> Iterable[Event]:
        """A phone's channel ended, or the first half of the Local channel that rang it."""
        if not channel.click:
            return
        several = self._phones.get(channel.click)
        if several is None:
            if channel.uniqueid == channel.click:
                yield self._leg(msg, channel, LegState.ENDED, msg.cause)
        elif several.taken == channel.uniqueid:
            del self._phones[channel.click]
            yield self._leg(msg, channel, LegState.ENDED, msg.cause)
        elif channel.uniqueid != channel.click:
            several.causes.append(msg.cause)
        elif not several.taken:
            del self._phones[channel.click]
            yield self._leg(msg, channel, LegState.ENDED, several.why(msg.cause))

    def _leg(self, msg: m.Message, channel: Channel, state: LegState, cause: int = 0) -> OriginatedLeg:
        pbx = self._scene.map.pbx
        return OriginatedLeg(
            pbx=pbx, at=msg.at, uniqueid=channel.click, state=state, cause=cause, phone=channel.uniqueid
        )
