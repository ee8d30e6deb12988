"""One PBX as far as it is seen: its queue members, the debts in its database, and what we asked of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeAlias

from callcenter.events import MemberState
from callcenter.roster import AgentId
from callcenter.routing.desks import Desks
from callcenter.routing.parts import Parts

OURS: Final = "callcenter"
"""Pauses whose reason begins so were set by us or by our dialplan."""
IN_USE: Final = frozenset({2, 3, 6, 7, 8})
"""Device states of a phone that rings or talks: INUSE, BUSY, RINGING, RINGINUSE, ONHOLD."""
_TOLD_SECONDS: Final = 2.0
_SNAPSHOT_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Now, on both clocks."""

    at: datetime
    mono: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """In all queues of the member."""

    interface: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Free:
    """In one queue, or in all when ``queue`` is ``""``."""

    interface: str
    queue: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PutDebt:
    interface: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DropDebt:
    interface: str


Action: TypeAlias = Pause | Free | PutDebt | DropDebt


class ReasonKind(StrEnum):
    DEBT = "debt"
    FOREIGN = "foreign"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why an agent gets no queue calls. ``ref``: the segment owed for, or ``pbx|interface|queue`` paused elsewhere."""

    agent: AgentId
    kind: ReasonKind
    ref: str
    since: datetime


Key: TypeAlias = tuple[ReasonKind, str]
"""Kind and ref."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A member in one queue. Until ``trusted_until`` what we asked for counts, not what was sent before it took effect
    (kept in ``told``)."""

    queue: str
    interface: str
    paused: bool
    reason: str
    state_interface: str
    status: int
    since: float
    trusted_until: float = 0.0
    told: bool | None = None

    @property
    def ours(self) -> bool:
        return self.paused and self.reason.startswith(OURS)

    @property
    def open(self) -> bool:
        """Whether the queue's next call may ring here."""
        return not self.paused and self.status not in IN_USE


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A debt in the PBX's database. ``known``: its call is among ours, owed for or settled."""

    value: str
    since: float
    known: bool


class Floor:
    """One PBX as far as it is seen. ``parts`` and ``reasons`` are shared by all PBXs: an agent owes everywhere."""

    def __init__(self, pbx: str, parts: Parts, reasons: Mapping[Key, Reason]) -> None:
        self.pbx = pbx
        self.parts = parts
        self.reasons = reasons
        self.desks = Desks()
        self.debts: dict[str, Standing] = {}
        self.up_since: float | None = None
        self._seats: dict[str, dict[str, Seat]] = {}

    def interfaces(self) -> frozenset[str]:
        """Every member interface there is anything to say about."""
        adopted = {ref.split("|")[1] for kind, ref in self.reasons if kind is ReasonKind.FOREIGN and self.has(ref)}
        return frozenset({*self._seats, *self.desks.devices, *self.debts, *adopted})

    def has(self, ref: str) -> bool:
        """Whether a pause from elsewhere is on this PBX."""
        return ref.startswith(f"{self.pbx}|")

    def state_interface(self, interface: str) -> str | None:
        """What the member's state is taken from; None: no such member."""
        return next((s.state_interface for s in self.seats_of(interface)), None)

    def members(self) -> Mapping[str, str]:
        """Member interfaces with their state interfaces."""
        return {name: next(iter(seats.values())).state_interface for name, seats in self._seats.items()}

    def seats(self) -> Iterator[Seat]:
        return (seat for seats in self._seats.values() for seat in seats.values())

    def seats_of(self, interface: str) -> tuple[Seat, ...]:
        return tuple(self._seats.get(interface, {}).values())

    def in_use(self, interface: str) -> bool:
        return any(seat.status in IN_USE for seat in self.seats_of(interface))

    def linked(self, mono: float | None) -> None:
        """The link came (and what is there now is told next) or, with None, went: what was seen may no longer be so."""
        self.up_since = mono
        self._seats.clear()
        self.debts.clear()

    def complete(self, mono: float) -> bool:
        """Linked for so long that a member not seen by now is none."""
        return self.up_since is not None and mono - self.up_since > _SNAPSHOT_SECONDS

    def see(self, event: MemberState, mono: float) -> bool:
        """Takes in a member's state. True: somebody else freed a member that was paused."""
        seats = self._seats.setdefault(event.interface, {})
        old = seats.pop(event.queue, None)
        if event.gone:
            if not seats:
                del self._seats[event.interface]
            return False
        same = old is not None and old.paused == event.paused
        seat = Seat(
            queue=event.queue,
            interface=event.interface,
            paused=event.paused,
            reason=event.reason,
            state_interface=event.state_interface,
            status=event.status,
            since=old.since if old and same else mono,
        )
        if old and not same and old.trusted_until > mono:
            kept = replace(old, state_interface=seat.state_interface, status=seat.status, told=event.paused)
            seats[event.queue] = kept
            return False
        seats[event.queue] = seat
        return old is not None and old.paused and not event.paused

    def find(self, interface: str, value: str, mono: float) -> None:
        """A debt was seen in the PBX's database."""
        old = self.debts.get(interface)
        if old is None or old.value != value:
            self.debts[interface] = Standing(value=value, since=mono, known=False)

    def explain(self, interface: str) -> None:
        """The call of the standing debt is among ours."""
        self.debts[interface] = replace(self.debts[interface], known=True)

    def settle(self, mono: float) -> None:
        """Where the PBX went on telling the opposite of what we had asked for, it is right."""
        late = [s for s in self.seats() if s.told is not None and s.trusted_until <= mono]
        for seat in late:
            self._put(replace(seat, paused=bool(seat.told), told=None, trusted_until=0.0, since=mono))

    def done(self, action: Action, mono: float) -> None:
        """The PBX accepted the action."""
        match action:
            case Pause(interface=name, reason=reason):
                for seat in self.seats_of(name):
                    self._ask(seat, True, reason, mono)
            case Free(interface=name, queue=queue):
                for seat in self.seats_of(name):
                    if queue in ("", seat.queue):
                        self._ask(seat, False, "", mono)
            case PutDebt(interface=name, value=value):
                self.debts[name] = Standing(value=value, since=mono, known=True)
            case DropDebt(interface=name):
                self.debts.pop(name, None)

    def lost(self, interface: str) -> None:
        """The PBX knows no such member any more."""
        self._seats.pop(interface, None)

    def _ask(self, seat: Seat, paused: bool, reason: str, mono: float) -> None:
        if seat.paused == paused:
            self._put(replace(seat, reason=reason))
            return
        self._put(replace(seat, paused=paused, reason=reason, since=mono, trusted_until=mono + _TOLD_SECONDS))

    def _put(self, seat: Seat) -> None:
        self._seats[seat.interface][seat.queue] = seat
