"""All agents' screens, folded from news. No I/O: the hub carries what comes out of here to the tabs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, TypeAlias
from uuid import UUID

from callcenter.call import Call, Changed, OutcomeState
from callcenter.card import Card
from callcenter.crm.rights import Standing, Verb, allow, part_of
from callcenter.decision_events import CustomerChosen
from callcenter.draft import Draft
from callcenter.events import CallKey
from callcenter.news import DraftSaved
from callcenter.pbx_events import MemberState
from callcenter.roster import AgentId, Roster
from callcenter.routing.presence import Presence, PresenceChanged
from callcenter.routing.unowned import Unowned
from callcenter.screenpop.alarming import seen_alarms
from callcenter.screenpop.changes import (
    Change,
    OutcomeOwed,
    OutcomeSettled,
    PopOffered,
    PopUpdated,
    PopWithdrawn,
    PresenceChange,
)
from callcenter.screenpop.company import Company
from callcenter.screenpop.decide import Decision, Step, decide, shown
from callcenter.screenpop.desks import Desks
from callcenter.screenpop.faces import Who, floor_call, labelled, pop, proposed
from callcenter.screenpop.heirs import handed_to
from callcenter.screenpop.lines import Directory, Members, Person, Waiting, agent_of
from callcenter.screenpop.shown import (
    AlarmView,
    BoardView,
    Desk,
    FloorCall,
    HealthView,
    Me,
    Phase,
    Pop,
    QueueLine,
)
from callcenter.supervision.alarms import Alarm
from callcenter.supervision.sit_ins import SitIn
from callcenter.values import replace

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
    a few times a second, and read with ``lines`` and ``floor``. What agents do is the gate's to say: ``doing``."""

    def __init__(self, directory: Directory, roster: Roster, doing: Callable[[AgentId], Presence]) -> None:
        self._directory = directory
        self._roster = roster
        self._doing = doing
        self._live: dict[CallKey, _Live] = {}
        self._pops: dict[AgentId, dict[UUID, Pop]] = defaultdict(dict)
        self._drafts: dict[UUID, Draft] = {}
        self._members = Members()
        self._waiting = Waiting()
        self._company = Company()
        self._desks = Desks(self._desk, self._reaches)
        self.alarms: tuple[Alarm, ...] = ()
        self.health = HealthView()
        self.unowned: tuple[Unowned, ...] = ()
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
        for decision in decide(change.before, after):
            changes[decision.agent] += self._follow(live, decision)
            self._desks.stir(decision.agent)
            self.lines_version += 1
        if after.settled:
            del self._live[after.key]
        return changes

    def member(self, member: MemberState) -> None:
        """The PBX told how a queue member is."""
        if self._members.put(member):
            self._members.seat(member, agent_of(member, self._directory, self._roster))
            self.lines_version += 1

    def felt(self, event: PresenceChanged) -> Changes:
        """An agent does something else now, or for another reason."""
        self._desks.stir(event.agent)
        self.lines_version += 1
        return {event.agent: [PresenceChange(presence=self._named(event.presence))]}

    def drafted(self, saved: DraftSaved) -> Changes:
        """An agent wrote on an unfinished outcome."""
        if saved.segment not in self._pops[saved.agent]:
            return {}
        self._drafts[saved.segment] = saved.draft
        return self._refresh({saved.segment})

    def recall(self, segment: UUID, draft: Draft) -> None:
        """What is written of an outcome that is about to be owed again."""
        self._drafts[segment] = draft

    def card_changed(self, customer: UUID, card: Card) -> Changes:
        """Somebody wrote on a card."""
        touched = [live for live in self._live.values() if live.who.names(customer)]
        for live in touched:
            live.refreshed[customer] = card
        return self._refresh({s.id for live in touched for s in live.call.segments if s.id})

    def seated(self, directory: Directory, roster: Roster) -> set[AgentId]:
        """Somebody changed desks; the agents whose own extension is another one now."""
        agents = {b.agent for b in (*self._roster.bindings, *roster.bindings)} | set(self._pops)
        sat = {agent: self._sits(agent) for agent in agents}
        self._directory, self._roster = directory, roster
        self._members.reseat(directory, roster)
        self._desks.anew()
        self.lines_version += 1
        return {agent for agent in agents if self._sits(agent) != sat[agent]}

    def knows(self, agent: AgentId) -> bool:
        return agent in self._directory.people

    def meet(self, directory: Directory) -> None:
        """People were added."""
        self._directory = directory
        self._desks.anew()

    def renamed(self, directory: Directory) -> Changes:
        """Numbers or queues have other names."""
        self._directory = directory
        self._desks.anew()
        self.lines_version += 1
        return self._refresh({s.id for live in self._live.values() for s in live.call.segments if s.id})

    def judged(self, directory: Directory) -> None:
        """Rights are others now: every pop is drawn again."""
        self._directory = directory
        self._desks.anew()
        self._refresh({pop for pops in self._pops.values() for pop in pops})

    def view(self, agent: AgentId) -> BoardView:
        """The whole screen of one agent as of now."""
        return BoardView(
            me=self._me(agent),
            presence=self.presence(agent),
            pops=tuple(sorted(self._pops[agent].values(), key=lambda p: (p.offered_at, p.id))),
            queues=self.lines(agent),
            health=self.health,
            unowned=self.unowned,
            sit_in=self._company.of(agent, self._directory),
            company=self._company.beside(agent, self._directory),
            alarms=self.alarms_for(agent),
        )

    def alarms_for(self, viewer: AgentId) -> tuple[AlarmView, ...]:
        """Those that concern him: of agents only his own, none where he does not see the floor."""
        return seen_alarms(self.alarms, self._person(viewer).standing, self._directory)

    def sat_in(self, sit: SitIn) -> Changes:
        """A supervisor sits in on a talk, otherwise than before, or no longer."""
        return self._company.put(sit, self._directory)

    def floor(self, viewers: Iterable[Standing]) -> dict[Standing, tuple[Desk, ...]]:
        """By viewer, all who sit somewhere or owe an outcome, as far as his rights reach, by name."""
        agents = {b.agent for b in self._roster.bindings if b.until is None}
        agents |= {agent for agent, pops in self._pops.items() if pops}
        return self._desks.of(agents, viewers)

    def _desk(self, agent: AgentId) -> Desk:
        return Desk(me=self._me(agent), presence=self.presence(agent), calls=self._calls(agent))

    def presence(self, agent: AgentId) -> Presence:
        return self._named(self._doing(agent))

    def _named(self, presence: Presence) -> Presence:
        """With the names of the supervisors who gave the reasons."""
        if not any(w.by for w in presence.why):
            return presence
        why = tuple(replace(w, by_name=self._person(w.by).display_name) if w.by else w for w in presence.why)
        return replace(presence, why=why)

    def _reaches(self, viewer: Standing, agent: AgentId) -> bool:
        standing = self._person(agent).standing
        return allow(viewer, Verb.SEE_FLOOR, part_of(agent, standing.team if standing else None))

    def _calls(self, agent: AgentId) -> tuple[FloorCall, ...]:
        """Oldest first."""
        found = (floor_call(p) for p in self._pops.get(agent, {}).values())
        return tuple(sorted(found, key=lambda c: (c.since, c.segment_id)))

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
        to, draft = handed_to(live.call, segment, self._directory, self._roster), self._drafts.get(pop_id)
        if to and segment.outcome_state is OutcomeState.DRAFT:
            draft = proposed(to, draft)
        terms = self._directory.rules.of(live.call, segment)
        face = pop(live.call, segment, phase, who, draft or _NO_DRAFT)
        face = replace(face, handed_to=to, demand=terms.demand, limit_s=terms.limit_s)
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
                    self._desks.stir(entry.agent)
                    self.lines_version += 1
                    changes[entry.agent].append(PopUpdated(pop=face))
        return changes

    def _sits(self, agent: AgentId) -> tuple[str | None, str | None]:
        """PBX and number of his extension."""
        held = [b for b in self._roster.bindings if b.agent == agent and b.until is None]
        last = max(held, key=lambda b: b.since, default=None)
        return (last.pbx, last.extension) if last else (None, None)

    def _me(self, agent: AgentId) -> Me:
        person, (pbx, extension) = self._person(agent), self._sits(agent)
        return Me(id=agent, username=person.username, display_name=person.display_name, extension=extension, pbx=pbx)

    def _person(self, agent: AgentId) -> Person:
        unknown = Person(id=agent, username="", display_name="")
        return self._directory.people.get(agent, unknown)
