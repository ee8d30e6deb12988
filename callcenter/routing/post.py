"""One PBX with what the gate's worker has still to look at."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from callcenter.pbx_events import DebtFound, DebtTold, MemberState
from callcenter.routing.book import Book
from callcenter.routing.floor import Floor
from callcenter.routing.parts import Part, Parts
from callcenter.routing.seat import IN_USE
from callcenter.routing.seating import Rows


class Post:
    """``touched`` interfaces are compared at the next look; ``intruded`` ones were unpaused by somebody else."""

    def __init__(self, pbx: str, parts: Parts, book: Book) -> None:
        self.pbx = pbx
        self.floor = Floor(pbx, parts, book.reasons)
        self.touched: set[str] = set()
        self.intruded: set[str] = set()
        self.desks_stale = True
        self.rows: Rows | None = None
        """Those that ``floor.desks`` was made of."""
        self.wake = asyncio.Event()

    def see(self, event: MemberState, mono: float) -> None:
        """A member's state is told."""
        rings_only = self._rings_only(event)
        before = self.floor.state_interface(event.interface)
        if self.floor.see(event, mono):
            self.intruded.add(event.interface)
        if before != self.floor.state_interface(event.interface):
            self.desks_stale = True
        if not rings_only:
            self.touch([event.interface])

    def _rings_only(self, event: MemberState) -> bool:
        """Nothing else is different than that the phone rings or talks: what must be does not hang on that."""
        old = next((s for s in self.floor.seats_of(event.interface) if s.queue == event.queue), None)
        if old is None or event.gone or not old.reachable or event.status not in IN_USE:
            return False
        was = (old.paused, old.reason, old.state_interface, old.dynamic, old.penalty)
        return was == (event.paused, event.reason, event.state_interface, event.dynamic, event.penalty)

    def find(self, event: DebtFound, mono: float) -> None:
        """A debt stands in the PBX's database."""
        self.floor.find(event.interface, event.value, mono, event.call)
        self.desks_stale = self.desks_stale or event.interface not in self.floor.desks.devices
        self.touch([event.interface])

    def answers(self, event: DebtTold, mono: float) -> bool:
        """The dialplan has made a member owe: no release that is on its way may be the last word. False: by that name
        no queue calls anybody."""
        if event.interface not in self.floor.desks.devices:
            return False
        self.floor.put_by_dialplan(event.interface, event.customer.uniqueid, mono)
        known = (part for part in self.floor.parts.of_call(event.customer) if part.answered)
        if not any(event.interface in self._meant(part) for part in known):
            self.floor.answers.put(event.interface, event.customer, mono)
            self.touch([event.interface])
        return True

    def _meant(self, part: Part) -> frozenset[str]:
        return self.floor.desks.interfaces_of([part.agent] if part.agent else [], [part.device])

    def linked(self, mono: float, *, rebooted: bool = False) -> None:
        """The link came: what there is is told next."""
        self.floor.linked(mono, rebooted=rebooted)
        self.intruded.clear()
        self.desks_stale = True
        self.touch_all()

    def touch(self, interfaces: Iterable[str]) -> None:
        self.touched.update(interfaces)
        self.wake.set()

    def touch_all(self) -> None:
        self.touch(self.floor.interfaces())

    def touch_about(self, parts: Iterable[Part]) -> None:
        for part in parts:
            interfaces = self._meant(part)
            if part.answered:
                self.floor.answers.heard(interfaces, part.call)
            if interfaces:
                self.touch(interfaces)
