"""All agents' screens, folded from news. No I/O: the hub carries what comes out of here to the tabs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, TypeAlias
from uuid import UUID

from callcenter.call import UNSETTLED, Call, Changed
from callcenter.card import Card
from callcenter.events import CallKey, CustomerChosen, MemberState
from callcenter.news import DraftSaved
from callcenter.roster import AgentId, Roster
from callcenter.screenpop.decide import Decision, Step, decide, shown
from callcenter.screenpop.faces import Who, labelled, pop
from callcenter.screenpop.lines import Directory, Members, Person, Waiting, agent_of
from callcenter.screenpop.shown import (
    BoardView,
    Change,
    Desk,
    Draft,
    HealthView,
    Me,
    Mood,
    OutcomeOwed,
    OutcomeSettled,
    Phase,
    Pop,
    PopOffered,
    PopUpdated,
    PopWithdrawn,
    Presence,
    PresenceChange,
    QueueLine,
)

Changes: TypeAlias = dict[AgentId, list[Change]]
_NO_DRAFT: Final = Draft()


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """A call that was unsettled when the service started."""

    call: Call
    who: Who


@dataclass(slots=True)
class _Live:
    """``refreshed``: cards written on since the call came; the ledger's memory of them is older."""

    call: Call
    who: Who
    refreshed: dict[UUID, Card] = field(default_factory=dict)

    def seen(self) -> Who:
        if not self.refreshed:
            return self.who
        cards, card = self.refreshed, self.who.card
        return Who(
            card=cards.get(card.id, card) if card else None,
            candidates=tuple(replace(c, card=cards.get(c.card.id, c.card)) for c in self.who.candidates),
        )


class Board:
    """``lines_version`` grows whenever anybody's queue lines or the floor may have changed: they are told together,
    a few times a second, and read with ``lines`` and ``floor``."""

    def __init__(self, directory: Directory, roster: Roster, at: datetime) -> None:
        self._directory = directory
        self._roster = roster
        self._at = at
        self._live: dict[CallKey, _Live] = {}
        self._pops: dict[AgentId, dict[UUID, Pop]] = defaultdict(dict)
        self._drafts: dict[UUID, Draft] = {}
        self._presence: dict[AgentId, Presence] = {}
        self._members = Members()
        self._waiting = Waiting()
        self.health = HealthView()
        self.lines_version = 0

    def restore(self, calls: Iterable[Restored], drafts: dict[UUID, Draft]) -> None:
        """Takes over what was going on before the start."""
        self._drafts.update(drafts)
        for item in calls:
            call = item.call
            live = self._live[call.key] = _Live(call, item.who)
            self._waiting.fold(None, call)
            for entry in shown(call).values():
                self._show(live, entry.agent, entry.segment.id, entry.phase)
        for agent in self._pops:
            self._feel(agent, self._at)

    def changed(self, change: Changed) -> Changes:
        """A call changed."""
        after = change.after
        live = self._live.setdefault(after.key, _Live(after, Who(card=None)))
        live.call, live.who = after, Who(card=change.card, candidates=change.candidates)
        if isinstance(change.event, CustomerChosen):
            live.refreshed.clear()
        if self._waiting.fold(change.before, after):
            self.lines_version += 1
        changes: Changes = defaultdict(list)
        decisions = decide(change.before, after)
        for decision in decisions:
            changes[decision.agent] += self._follow(live, decision)
        for agent in {d.agent for d in decisions}:
            changes[agent] += self._feel(agent, change.event.at)
        if after.settled:
            del self._live[after.key]
        return changes

    def member(self, member: MemberState) -> Changes:
        """The PBX told how a queue member is."""
        if not self._members.put(member):
            return {}
        agent = agent_of(member, self._directory, self._roster)
        self._members.seat(member, agent)
        self.lines_version += 1
        return {agent: self._feel(agent, member.at)} if agent else {}

    def drafted(self, draft: DraftSaved) -> Changes:
        """An agent wrote on an unfinished outcome."""
        self._drafts[draft.segment] = Draft(outcome=draft.outcome or None, comment=draft.comment)
        if draft.segment not in self._pops[draft.agent]:
            self._drafts.pop(draft.segment)
            return {}
        return self._refresh({draft.segment})

    def card_changed(self, customer: UUID, card: Card) -> Changes:
        """Somebody wrote on a card."""
        touched = [live for live in self._live.values() if live.who.names(customer)]
        for live in touched:
            live.refreshed[customer] = card
        return self._refresh({s.id for live in touched for s in live.call.segments if s.id})

    def seated(self, directory: Directory, roster: Roster, at: datetime) -> tuple[Changes, set[AgentId]]:
        """Somebody changed desks; also the agents whose own extension is another one now."""
        agents = {b.agent for b in (*self._roster.bindings, *roster.bindings)} | set(self._pops)
        sat = {agent: self._extension(agent) for agent in agents}
        self._directory, self._roster, self._at = directory, roster, max(at, self._at)
        self._members.reseat(directory, roster)
        self.lines_version += 1
        moved = {agent for agent in agents if self._extension(agent) != sat[agent]}
        return {agent: self._feel(agent, at) for agent in agents}, moved

    def knows(self, agent: AgentId) -> bool:
        return agent in self._directory.people

    def meet(self, directory: Directory) -> None:
        """People were added."""
        self._directory = directory

    def renamed(self, directory: Directory) -> Changes:
        """Numbers or queues have other names."""
        self._directory = directory
        self.lines_version += 1
        return self._refresh({s.id for live in self._live.values() for s in live.call.segments if s.id})

    def judged(self, directory: Directory) -> None:
        """Rights are others now: every pop is drawn again."""
        self._directory = directory
        self._refresh({pop for pops in self._pops.values() for pop in pops})

    def view(self, agent: AgentId) -> BoardView:
        """The whole screen of one agent as of now."""
        return BoardView(
            me=self._me(agent),
            presence=self.presence(agent),
            pops=tuple(sorted(self._pops[agent].values(), key=lambda p: (p.offered_at, p.id))),
            queues=self.lines(agent),
            health=self.health,
        )

    def floor(self) -> tuple[Desk, ...]:
        """Every agent who sits somewhere or owes an outcome, by name."""
        agents = {b.agent for b in self._roster.bindings if b.until is None}
        agents |= {agent for agent, pops in self._pops.items() if pops}
        desks = (Desk(me=self._me(agent), presence=self.presence(agent)) for agent in agents)
        return tuple(sorted(desks, key=lambda d: (d.me.display_name, d.me.id)))

    def presence(self, agent: AgentId) -> Presence:
        if agent not in self._presence:
            self._presence[agent] = self._mood(agent, self._at)
        return self._presence[agent]

    def lines(self, agent: AgentId) -> tuple[QueueLine, ...]:
        """The queues the agent is a member of, by name."""
        free = self.presence(agent).debts == 0
        open_to: dict[tuple[str, str], bool] = {}
        for member in self._members.of(agent):
            queue = (member.pbx, member.queue)
            open_to[queue] = open_to.get(queue, False) or (free and not member.paused)
        ordered = sorted(open_to, key=lambda q: (q[1], q[0]))
        labels = self._directory.queues
        return tuple(self._waiting.line(q, labels.get(q, ""), offered=open_to[q]) for q in ordered)

    def _follow(self, live: _Live, decision: Decision) -> list[Change]:
        pops = self._pops[decision.agent]
        match decision.step:
            case Step.WITHDRAWN:
                pops.pop(decision.pop, None)
                by = self._person(decision.by).display_name if decision.by else None
                return [PopWithdrawn(pop_id=decision.pop, reason=decision.reason, by=by)]
            case Step.SETTLED:
                pops.pop(decision.pop, None)
                self._drafts.pop(decision.pop, None)
                return [OutcomeSettled(pop_id=decision.pop)]
            case Step.OFFERED | Step.UPDATED | Step.OWED:
                before = pops.get(decision.pop)
                face = self._show(live, decision.agent, decision.pop, decision.phase)
                if face is None or face == before:
                    return []
                kinds = {Step.OFFERED: PopOffered, Step.UPDATED: PopUpdated, Step.OWED: OutcomeOwed}
                return [kinds[decision.step](pop=face)]

    def _show(self, live: _Live, agent: AgentId, pop_id: UUID | None, phase: Phase | None) -> Pop | None:
        segment = next((s for s in live.call.segments if s.id == pop_id), None)
        if segment is None or pop_id is None or phase is None:
            return None
        who = live.seen().seen_by(self._person(agent).standing)
        face = pop(live.call, segment, phase, who, self._drafts.get(pop_id, _NO_DRAFT))
        face = labelled(face, live.call.key.pbx, self._directory)
        self._pops[agent][pop_id] = face
        return face

    def _refresh(self, ids: set[UUID]) -> Changes:
        """Draws these pops again."""
        changes: Changes = defaultdict(list)
        for live in self._live.values():
            for pop_id, entry in shown(live.call).items():
                before = self._pops[entry.agent].get(pop_id) if pop_id in ids else None
                if before is None:
                    continue
                face = self._show(live, entry.agent, pop_id, entry.phase)
                if face and face != before:
                    changes[entry.agent].append(PopUpdated(pop=face))
        return changes

    def _feel(self, agent: AgentId, at: datetime) -> list[Change]:
        """Works the agent's presence out anew."""
        old = self._presence.get(agent)
        new = self._presence[agent] = self._mood(agent, at)
        if old != new:
            self.lines_version += 1
        return [] if old == new else [PresenceChange(presence=new)]

    def _mood(self, agent: AgentId, at: datetime) -> Presence:
        pops = self._pops[agent].values()
        debts = sum(p.outcome_state in UNSETTLED for p in pops)
        reasons = tuple(sorted({m.reason for m in self._members.of(agent) if m.paused}))
        state, since = self._doing(agent, bool(debts), at)
        old = self._presence.get(agent)
        since = since or (old.since if old and old.state is state else at)
        return Presence(state=state, since=since, reasons=reasons, debts=debts)

    def _doing(self, agent: AgentId, owes: bool, at: datetime) -> tuple[Mood, datetime | None]:
        """The liveliest thing, and since when if the pops can tell."""
        pops = self._pops[agent].values()
        if talks := [p.answered_at or at for p in pops if p.phase is Phase.TALKING]:
            return Mood.TALKING, min(talks)
        if rings := [p.offered_at for p in pops if p.phase is Phase.RINGING]:
            return Mood.RINGING, min(rings)
        if self._extension(agent) is None:
            return Mood.OFFLINE, None
        if owes:
            return Mood.WRAPUP, max(p.ended_at or at for p in pops)
        paused = any(m.paused for m in self._members.of(agent))
        return (Mood.PAUSED if paused else Mood.AVAILABLE), None

    def _extension(self, agent: AgentId) -> str | None:
        held = [b for b in self._roster.bindings if b.agent == agent and b.until is None]
        return max(held, key=lambda b: b.since).extension if held else None

    def _me(self, agent: AgentId) -> Me:
        person = self._person(agent)
        extension = self._extension(agent)
        return Me(id=agent, username=person.username, display_name=person.display_name, extension=extension)

    def _person(self, agent: AgentId) -> Person:
        unknown = Person(id=agent, username="", display_name="")
        return self._directory.people.get(agent, unknown)
