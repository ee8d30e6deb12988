"""The floor as supervisors' tabs are shown it: agents, queues with their day, missed callers, nobody's talks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from callcenter.clock import Clock
from callcenter.contain import contained
from callcenter.crm import missed_lines
from callcenter.crm.missed_lines import MissedLine
from callcenter.crm.rights import Actor
from callcenter.db import Database
from callcenter.errors import Unavailable
from callcenter.log import logger
from callcenter.roster import AgentId
from callcenter.routing.gate import Gate
from callcenter.screenpop.board import Board
from callcenter.screenpop.frames import Frames, Shown
from callcenter.screenpop.tab import Tab

log = logger(__name__)
_SETTLE_SECONDS: Final = 0.01
_EVERY_SECONDS: Final = 0.1
_LOOK_SECONDS: Final = 1.0
_Alike: TypeAlias = dict[tuple[int, tuple[MissedLine, ...]], Shown]
"""By the very desks, as an object, and the missed callers."""


@dataclass(slots=True)
class _Watch:
    """What a tab was shown last, and whether it wants no more than what is different."""

    changes: bool
    shown: Shown | None = None


class Stage:
    """``stir`` it: whoever watches is told a moment later, together with what else happened in that moment, and then at
    most ten times a second. While nobody watches nothing is done.

    Missed callers are asked of the database, for each viewer what he may see, when tasks have changed and at most once
    a second: nothing else waits for that."""

    def __init__(self, db: Database, clock: Clock, gate: Gate) -> None:
        self._db = db
        self._clock = clock
        self._gate = gate
        self._watching: dict[Tab, _Watch] = {}
        self._stirred = asyncio.Event()
        self._frames = Frames()
        self._missed: dict[AgentId, tuple[MissedLine, ...]] = {}
        self._stale = asyncio.Event()

    async def watch(self, tab: Tab, board: Board, *, changes: bool) -> None:
        """The tab is shown the floor, now and from now on."""
        if tab.actor.id not in self._missed:
            await self._look(tab.actor)
        self._watching[tab] = _Watch(changes=changes)
        self.tell(board, [tab])

    def leave(self, tab: Tab) -> None:
        """The tab is closed."""
        self._watching.pop(tab, None)

    def stir(self) -> None:
        """Something on the floor is different."""
        if self._watching:
            self._stirred.set()

    def stale(self) -> None:
        """Tasks or rights are others now."""
        self._stale.set()

    async def run(self, board: Callable[[], Board]) -> None:
        """Tells what was stirred, for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._tell_often(board), name="floor")
            tasks.create_task(self._look_often(), name="floor: missed callers")

    async def _tell_often(self, board: Callable[[], Board]) -> None:
        while True:
            await self._stirred.wait()
            await asyncio.sleep(_SETTLE_SECONDS)
            self._stirred.clear()
            with contained("floor"):
                self.tell(board(), tuple(self._watching))
            await asyncio.sleep(_EVERY_SECONDS - _SETTLE_SECONDS)

    async def _look_often(self) -> None:
        while True:
            await self._stale.wait()
            self._stale.clear()
            watching = {tab.actor.id: tab.actor for tab in self._watching}
            self._missed = {viewer: lines for viewer, lines in self._missed.items() if viewer in watching}
            for actor in watching.values():
                with contained("floor"):
                    await self._look(actor)
            self.stir()
            await asyncio.sleep(_LOOK_SECONDS)

    def tell(self, board: Board, tabs: Sequence[Tab]) -> None:
        """The same frame for all who were shown the same and see the same; none where nothing is different."""
        watched = {tab: watch for tab in tabs if (watch := self._watching.get(tab))}
        if not watched:
            return
        queues, floor = self._gate.overview(), board.floor({tab.actor for tab in watched})
        alike: _Alike = {}
        made: dict[tuple[Shown | None, Shown], bytes] = {}
        for tab, watch in watched.items():
            desks, missed = floor[tab.actor], self._missed.get(tab.actor.id, ())
            shown = Shown(desks=desks, queues=queues, unowned=board.unowned, missed=missed)
            now = alike.setdefault((id(desks), missed), shown)
            if watch.shown and now.looks() == watch.shown.looks():
                continue
            before, watch.shown = watch.shown if watch.changes else None, now
            if (before, now) not in made:
                made[before, now] = self._frames.change(before, now) if before else self._frames.whole(now)
            tab.put(made[before, now])

    async def _look(self, actor: Actor) -> None:
        """What was seen last goes on being shown while the database is away."""
        now = self._clock.now()
        try:
            self._missed[actor.id] = await self._db.read(lambda session: missed_lines.lines(session, actor, now))
        except Unavailable as wrong:
            self._stale.set()
            log.warning("missed_callers_not_read", code=wrong.code)
