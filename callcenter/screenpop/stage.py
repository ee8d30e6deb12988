"""The floor as supervisors' tabs are shown it: agents, queues with their day, missed callers, nobody's talks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

from callcenter.clock import Clock
from callcenter.crm import missed_lines
from callcenter.crm.missed_lines import MissedLine
from callcenter.crm.rights import Actor
from callcenter.db import Database
from callcenter.errors import Unavailable
from callcenter.log import logger
from callcenter.roster import AgentId
from callcenter.routing.gate import Gate
from callcenter.screenpop.board import Board
from callcenter.screenpop.messages import Floor
from callcenter.screenpop.tab import Tab

log = logger(__name__)
_Seen: TypeAlias = tuple[tuple[AgentId, ...], tuple[MissedLine, ...]]
_NOTHING: Final[tuple[MissedLine, ...]] = ()


class Stage:
    """Missed callers are asked of the database, for each viewer what he may see, once after each change of tasks."""

    def __init__(self, db: Database, clock: Clock, gate: Gate) -> None:
        self._db = db
        self._clock = clock
        self._gate = gate
        self._missed: dict[AgentId, tuple[MissedLine, ...]] = {}
        self._fresh: set[AgentId] = set()

    def stale(self) -> None:
        """Tasks or rights are others now."""
        self._fresh.clear()

    async def tell(self, board: Board, watching: Sequence[Tab]) -> None:
        """The same frame for all who see the same."""
        for actor in {tab.actor.id: tab.actor for tab in watching}.values():
            await self._look(actor)
        frames: dict[_Seen, bytes] = {}
        queues = self._gate.overview() if watching else ()
        for tab in watching:
            desks, missed = board.floor(tab.actor), self._missed.get(tab.actor.id, _NOTHING)
            seen = (tuple(desk.me.id for desk in desks), missed)
            if seen not in frames:
                shown = Floor(agents=desks, queues=queues, unowned=board.unowned, missed=missed)
                frames[seen] = shown.model_dump_json().encode()
            tab.put(frames[seen])

    async def _look(self, actor: Actor) -> None:
        """What was seen last goes on being shown while the database is away."""
        if actor.id in self._fresh:
            return
        self._fresh.add(actor.id)
        now = self._clock.now()
        try:
            self._missed[actor.id] = await self._db.read(lambda session: missed_lines.lines(session, actor, now))
        except Unavailable as wrong:
            self._fresh.discard(actor.id)
            log.warning("missed_callers_not_read", code=wrong.code)
