"""The desks of the floor: each is drawn once after something about it changed, for however many look. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set
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
        self._reach: dict[Standing, tuple[frozenset[AgentId], frozenset[AgentId]]] = {}
        """By viewer, of which agents it was asked whether he may see them, and whom he may."""

    def stir(self, agent: AgentId) -> None:
        """Something about him is different."""
        self._stirred.add(agent)

    def anew(self) -> None:
        """Names, desks or rights are different: nothing that was drawn or allowed counts any more."""
        self._stirred.update(self._drawn)
        self._reach.clear()

    def of(self, agents: Set[AgentId], viewers: Iterable[Standing]) -> dict[Standing, tuple[Desk, ...]]:
        """By viewer, those of the agents whom he may see, by name. Who may see the same get the very same."""
        drawn = sorted((self._desk(agent) for agent in agents), key=lambda d: (d.me.display_name, d.me.id))
        alike: dict[Set[AgentId], tuple[Desk, ...]] = {}
        found: dict[Standing, tuple[Desk, ...]] = {}
        for viewer in viewers:
            reached = self._reached(viewer, agents)
            if reached not in alike:
                alike[reached] = tuple(desk for desk in drawn if desk.me.id in reached)
            found[viewer] = alike[reached]
        return found

    def _reached(self, viewer: Standing, agents: Set[AgentId]) -> frozenset[AgentId]:
        asked, reached = self._reach.get(viewer, (frozenset[AgentId](), frozenset[AgentId]()))
        if unasked := agents - asked:
            if len(self._reach) >= _VIEWERS_AT_MOST:
                self._reach.clear()
            asked, reached = asked | unasked, reached | {one for one in unasked if self._reaches(viewer, one)}
            self._reach[viewer] = asked, reached
        return reached & agents

    def _desk(self, agent: AgentId) -> Desk:
        before = self._drawn.get(agent)
        if before is not None and agent not in self._stirred:
            return before
        self._stirred.discard(agent)
        now = self._draw(agent)
        if now != before:
            self._drawn[agent] = now
        return self._drawn[agent]
