"""One PBX as far as it is seen: its queue members, the debts in its database, and what we asked of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import Final, assert_never

from callcenter.pbx_events import MemberState
from callcenter.routing.actions import Action, AddMember, DropDebt, Free, Pause, PutDebt, RemoveMember, SetPenalty
from callcenter.routing.answers import Answers
from callcenter.routing.desks import Desks
from callcenter.routing.parts import Parts
from callcenter.routing.seat import IN_USE, OURS, Seat
from callcenter.routing.staff import Staff
from callcenter.routing.standing import Listed, Standing
from callcenter.routing.why import Key, Reason, ReasonKind
from callcenter.values import replace

_TOLD_SECONDS: Final = 2.0
_BEHIND_SECONDS: Final = 1.0
_SNAPSHOT_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Now, on both clocks. What was told before ``heard`` (monotonic) has been heard: of silence since then nothing
    follows."""

    at: datetime
    mono: float
    heard: float = inf

    @property
    def known(self) -> float:
        return min(self.mono, self.heard)

    @property
    def behind(self) -> bool:
        """What was told meanwhile is not heard yet: he who seems free may have answered again."""
        return self.mono - self.known > _BEHIND_SECONDS


class Floor:
    """One PBX as far as it is seen. ``parts`` and ``reasons`` are shared by all PBXs: an agent owes everywhere."""

    def __init__(self, pbx: str, parts: Parts, reasons: Mapping[Key, Reason]) -> None:
        self.pbx = pbx
        self.parts = parts
        self.reasons = reasons
        self.desks = Desks()
        self.debts: dict[str, Standing] = {}
        """Who owes, by member interface, with the last of his calls."""
        self.listed = Listed()
        self.answers = Answers()
        self.staff = Staff()
        self.up_since: float | None = None
        self.told = False
        """Whether every member there is has been seen since the link came."""
        self.evicted: set[tuple[str, str]] = set()
        """Members (interface, queue) that somebody else took out and that are still out."""
        self.claimed: set[tuple[str, str]] = set()
        """Pauses from elsewhere that somebody here asked us to lift."""
        self.covered: dict[tuple[str, str], str] = {}
        """Pauses from elsewhere that ours was laid over, or that went with it, with what was said of them: it takes but
        a moment, before anybody has looked."""
        self.lapsed: set[tuple[str, str]] = set()
        """Pauses from elsewhere that do not stand again yet: the PBX lost them by its restart, or a release of ours
        that was on its way when they came took them away."""
        self.shaken: set[str] = set()
        """Whose debt may be gone: somebody undid the pause it stands for, or what became of our asking is not known."""
        self._leaving: set[tuple[str, str]] = set()
        self._joining: set[tuple[str, str]] = set()
        self._asked: dict[tuple[str, str], bool] = {}
        """Pauses (True) and releases under way that the PBX has not told of yet."""
        self._seats: dict[str, dict[str, Seat]] = {}

    def interfaces(self) -> frozenset[str]:
        """Every member interface there is anything to say about."""
        adopted = {interface for interface, _ in self._adopted()}
        return frozenset({*self._seats, *self.desks.devices, *self.debts, *self.listed, *adopted})

    def _adopted(self) -> set[tuple[str, str]]:
        """Whom somebody else paused, by interface and queue."""
        places = (ref.split("|") for kind, ref in self.reasons if kind is ReasonKind.FOREIGN and self.has(ref))
        return {(interface, queue) for _, interface, queue in places}

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

    def linked(self, mono: float | None, *, rebooted: bool = False) -> None:
        """The link came (and what is there now is told next) or, with None, went: what was seen may no longer be so. A
        PBX that has started anew knows no pause any more of members that it has from its configuration."""
        self.up_since = mono
        if rebooted:
            self.lapsed = self._adopted()
        self.told = False
        sets = (self.evicted, self.claimed, self.shaken, self._leaving, self._joining)
        for seen in (self._seats, self.debts, self.listed, self._asked, self.answers, self.covered, *sets):
            seen.clear()

    def complete(self, mono: float) -> bool:
        """A member not seen by now is none: all were told, or we have been linked for long."""
        return self.told or (self.up_since is not None and mono - self.up_since > _SNAPSHOT_SECONDS)

    def see(self, event: MemberState, mono: float) -> bool:
        """Takes in a member's state. True: somebody else freed a member that was paused."""
        seats = self._seats.setdefault(event.interface, {})
        old = seats.pop(event.queue, None)
        place = (event.interface, event.queue)
        if event.gone:
            self._gone(place, known=old is not None)
            return False
        self.evicted.discard(place)
        if event.paused:
            self.lapsed.discard(place)
        else:
            self._freed(place, old, mono)
        if self._asked.get(place) is event.paused:
            del self._asked[place]
        same = old is not None and old.paused == event.paused
        seat = Seat(
            queue=event.queue,
            interface=event.interface,
            paused=event.paused,
            reason=event.reason,
            state_interface=event.state_interface,
            status=event.status,
            since=old.since if old and same else mono,
            dynamic=event.dynamic,
            penalty=event.penalty,
        )
        if old and not same and old.trusted_until > mono:
            kept = replace(old, state_interface=seat.state_interface, status=seat.status, told=event.paused)
            seats[event.queue] = replace(kept, reason=event.reason) if event.paused else kept
            return False
        if old and old.ours and old.trusted_until > mono and not event.reason:
            # He joined paused: his reason is told right after.
            seat = replace(seat, reason=old.reason, trusted_until=old.trusted_until)
        seats[event.queue] = seat
        if old and old.paused and not old.ours and seat.ours and place not in self._joining:
            self.covered[place] = old.reason
        if freed := old is not None and old.paused and not event.paused:
            self.shaken.add(event.interface)
        return freed

    def _freed(self, place: tuple[str, str], old: Seat | None, mono: float) -> None:
        swept = old.reason if old and self._swept(old, mono) else None
        self._lifted(place)
        if swept is not None:
            self.covered[place] = swept
            self.lapsed.add(place)

    def _swept(self, old: Seat, mono: float) -> bool:
        """Whether a release of ours now takes effect on a pause from elsewhere that came while it was on its way: told
        before the PBX's answer or after it, that pause is what was told last."""
        place = (old.interface, old.queue)
        ours = self._asked.get(place) is False if old.paused else bool(old.told) and old.trusted_until > mono
        return ours and place not in self.claimed and not old.reason.startswith(OURS)

    def find(self, interface: str, value: str, mono: float, call: str = "") -> None:
        """A debt was seen in the PBX's database; ``call``: among those listed, under this Uniqueid."""
        if call:
            self.listed.find(interface, call, value, mono)
            return
        old = self.debts.get(interface)
        if old is None or old.value != value:
            self.debts[interface] = Standing(value=value, since=mono, known=False)

    def put_by_dialplan(self, interface: str, call: str, mono: float) -> None:
        """The dialplan has put a debt there. A release of ours that is on its way may take it away again."""
        self.debts.setdefault(interface, Standing(value="", since=mono, known=True))
        self.listed.told(interface, call, mono)
        self.shaken.add(interface)

    def unknown(self, interface: str) -> dict[str, Standing]:
        """Standing debts whose calls are not among ours: the one by which the member owes under ``""``, those listed
        under their Uniqueids."""
        rows = {**self.listed.of(interface), **({"": self.debts[interface]} if interface in self.debts else {})}
        return {call: row for call, row in sorted(rows.items()) if not row.known}

    def explain(self, interface: str, call: str = "") -> None:
        """The call of the standing debt is among ours."""
        if call:
            self.listed.explain(interface, call)
        else:
            self.debts[interface] = replace(self.debts[interface], known=True)

    def settle(self, mono: float) -> None:
        """Where the PBX went on telling the opposite of what we had asked for, it is right."""
        late = [s for s in self.seats() if s.told is not None and s.trusted_until <= mono]
        for seat in late:
            if not seat.told:
                self.shaken.add(seat.interface)
            self._put(replace(seat, paused=bool(seat.told), told=None, trusted_until=0.0, since=mono))

    def asks(self, action: Action) -> None:
        """The action is about to be sent: what it brings about is not somebody else's doing."""
        if isinstance(action, Pause | Free):
            paused = isinstance(action, Pause)
            self._asked = {(action.interface, seat.queue): paused for seat in self._in(action.interface, action.queue)}
        if isinstance(action, AddMember):
            self._joining.add((action.interface, action.queue))
        if isinstance(action, RemoveMember):
            self._leaving.add((action.interface, action.queue))
        if isinstance(action, PutDebt):
            self.shaken.discard(action.interface)

    def failed(self, action: Action, mono: float) -> None:
        """Whether the PBX did it, or will yet, nobody knows: a debt then stands and does not, until it is put or taken
        away again."""
        if isinstance(action, AddMember):
            self._joining.discard((action.interface, action.queue))
        if isinstance(action, PutDebt):
            self.debts.setdefault(action.interface, Standing(value=action.value, since=mono, known=True))
        if isinstance(action, PutDebt) or (isinstance(action, DropDebt) and not action.call):
            self.shaken.add(action.interface)

    def done(self, action: Action, mono: float) -> None:
        """The PBX accepted the action."""
        match action:
            case Pause(interface=name, reason=reason, queue=queue):
                for seat in self._untold(name, queue):
                    self._ask(seat, True, reason, mono)
            case Free(interface=name, queue=queue):
                for seat in self._untold(name, queue):
                    self._ask(seat, False, "", mono)
            case PutDebt(interface=name, value=value):
                old = self.debts.get(name)
                known = old.known if old and old.value == value else True
                self.debts[name] = Standing(value=value, since=mono, known=known)
            case DropDebt(interface=name, call=""):
                self.debts.pop(name, None)
            case DropDebt(interface=name, call=call):
                self.listed.drop(name, call)
            case AddMember():
                self._joined(action, mono)
            case RemoveMember(interface=name, queue=queue):
                self.lost(name, queue)
            case SetPenalty(interface=name, queue=queue, penalty=penalty):
                for seat in self._in(name, queue):
                    self._put(replace(seat, penalty=penalty))
            case _:
                assert_never(action)

    def lost(self, interface: str, queue: str = "") -> None:
        """The PBX knows no such member any more, in one queue or in any."""
        seats = self._seats.get(interface, {})
        for name in [queue] if queue else list(seats):
            seats.pop(name, None)
        if not seats:
            self._seats.pop(interface, None)

    def _gone(self, place: tuple[str, str], *, known: bool) -> None:
        if not self._seats[place[0]]:
            del self._seats[place[0]]
        self._lifted(place)
        self.lapsed.discard(place)
        if known and place not in self._leaving:
            self.evicted.add(place)
        self._leaving.discard(place)

    def _lifted(self, place: tuple[str, str]) -> None:
        self.claimed.discard(place)
        self.covered.pop(place, None)

    def _in(self, interface: str, queue: str) -> tuple[Seat, ...]:
        return tuple(seat for seat in self.seats_of(interface) if queue in ("", seat.queue))

    def _untold(self, interface: str, queue: str) -> tuple[Seat, ...]:
        """What the PBX has told of since we asked is as it says, even if that is the opposite again by now."""
        return tuple(seat for seat in self._in(interface, queue) if (interface, seat.queue) in self._asked)

    def _joined(self, action: AddMember, mono: float) -> None:
        """Unless the PBX has told of him already."""
        self.evicted.discard((action.interface, action.queue))
        self._joining.discard((action.interface, action.queue))
        told = self._in(action.interface, action.queue)
        if told and action.paused:
            self._put(replace(told[0], paused=True, reason=action.paused, trusted_until=mono + _TOLD_SECONDS))
        elif not told:
            seat = Seat(
                queue=action.queue,
                interface=action.interface,
                paused=bool(action.paused),
                reason=action.paused,
                state_interface=action.state_interface,
                status=0,
                since=mono,
                trusted_until=mono + _TOLD_SECONDS,
                dynamic=True,
                penalty=action.penalty,
            )
            self._seats.setdefault(action.interface, {})[action.queue] = seat

    def _ask(self, seat: Seat, paused: bool, reason: str, mono: float) -> None:
        if seat.paused == paused:
            self._put(replace(seat, reason=reason))
            return
        self._put(replace(seat, paused=paused, reason=reason, since=mono, trusted_until=mono + _TOLD_SECONDS))

    def _put(self, seat: Seat) -> None:
        self._seats[seat.interface][seat.queue] = seat
