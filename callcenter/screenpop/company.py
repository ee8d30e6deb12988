"""Who sits in on whose talk, as the two of them see it. No I/O."""

from __future__ import annotations

from uuid import UUID

from callcenter.roster import AgentId
from callcenter.screenpop.changes import Change, CompanyChange, SitInChange
from callcenter.screenpop.lines import Directory
from callcenter.screenpop.shown import SitInView
from callcenter.supervision.sit_ins import SitIn


class Company:
    """A supervisor sees the talk he sits in on; its agent whoever he is to see."""

    def __init__(self) -> None:
        self._going: dict[UUID, SitIn] = {}

    def put(self, sit: SitIn, names: Directory) -> dict[AgentId, list[Change]]:
        """Takes it over as it is now; what the two are told."""
        before = self.beside(sit.agent, names)
        if sit.over:
            self._going.pop(sit.id, None)
        else:
            self._going[sit.id] = sit
        told: dict[AgentId, list[Change]] = {sit.by: [SitInChange(sit_in=_view(sit, names))]}
        if (now := self.beside(sit.agent, names)) != before:
            told[sit.agent] = [CompanyChange(company=now)]
        return told

    def of(self, supervisor: AgentId, names: Directory) -> SitInView | None:
        """What he sits in on."""
        return next((_view(sit, names) for sit in self._going.values() if sit.by == supervisor), None)

    def beside(self, agent: AgentId, names: Directory) -> tuple[SitInView, ...]:
        """Who sits in on the agent's talk, as far as he is to see it."""
        return tuple(_view(sit, names) for sit in self._going.values() if sit.agent == agent and sit.shown)


def _view(sit: SitIn, names: Directory) -> SitInView:
    return SitInView(
        id=sit.id,
        segment_id=sit.segment,
        call_id=sit.call_id,
        by=_name(sit.by, names),
        agent=_name(sit.agent, names),
        mode=sit.mode,
        state=sit.state,
        reason=sit.reason,
    )


def _name(person: AgentId, names: Directory) -> str:
    found = names.people.get(person)
    return found.display_name if found else ""
