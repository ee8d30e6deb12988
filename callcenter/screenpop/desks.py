"""The desks of the floor: each is drawn once after something about it changed, for however many look. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

from callcenter.crm.rights import Standing
from callcenter.roster import AgentId
from callcenter.screenpop.shown import Desk

_VIEWERS_AT_MOST: Final = 500


class Desks:
    """``draw`` shows an agent as he is now; ``reaches`` says whether a viewer may see him.

    A desk that looks as before stays the very same object: who has been shown it need not be shown it again.
    """

    def __init__(self, draw: Callable[[AgentId], Desk], reaches: Callable[[Standing, AgentId], bool]) -> None:
        self._draw = draw
        self._reaches = reaches
        self._drawn: dict[AgentId, Desk] = {}
        self._stirred: set[AgentId] = set()
        self._seen_by: dict[Standing, dict[AgentId, bool]] = {}

    def stir(self, agent: AgentId) -> None:
        """Something about him is different."""
        self._stirred.add(agent)

    def anew(self) -> None:
        """Names, desks or rights are different: nothing that was drawn or allowed counts any more."""
        self._stirred.update(self._drawn)
        self._seen_by.clear()

    def of(self, agents: Collection[AgentId], viewer: Standing) -> tuple[Desk, ...]:
        """Those of the agents whom the viewer may see, by name."""
        if len(self._seen_by) > _VIEWERS_AT_MOST:
            self._seen_by.clear()
        known = self._seen_by.setdefault(viewer, {})
        for agent in agents:
            if agent not in known:
                known[agent] = self._reaches(viewer, agent)
        found = [self._desk(agent) for agent in agents if known[agent]]
        return tuple(sorted(found, key=lambda d: (d.me.display_name, d.me.id)))

    def _desk(self, agent: AgentId) -> Desk:
        before = self._drawn.get(agent)
        if before is not None and agent not in self._stirred:
            return before
        self._stirred.discard(agent)
        now = self._draw(agent)
        if now != before:
            self._drawn[agent] = now
        return self._drawn[agent]
