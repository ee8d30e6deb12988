"""One PBX with what the gate's worker has still to look at."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from callcenter.routing.book import Book
from callcenter.routing.floor import Floor
from callcenter.routing.parts import Part, Parts
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

    def touch(self, interfaces: Iterable[str]) -> None:
        self.touched.update(interfaces)
        self.wake.set()

    def touch_all(self) -> None:
        self.touch(self.floor.interfaces())

    def touch_about(self, parts: Iterable[Part]) -> None:
        found = tuple(parts)
        agents = {p.agent for p in found if p.agent is not None}
        if interfaces := self.floor.desks.interfaces_of(agents, {p.device for p in found}):
            self.touch(interfaces)
