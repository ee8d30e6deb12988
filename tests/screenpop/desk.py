"""Agents' screens without a network: a ledger's order of things, and a browser that folds what it is told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never

from callcenter.call import Call, Changed
from callcenter.card import Candidate, Card, Match
from callcenter.events import CallEvent, CallKey
from callcenter.ids import new_id
from callcenter.lifecycle import apply
from callcenter.pbx_events import MemberState
from callcenter.roster import AgentId
from callcenter.routing.parts import Parts
from callcenter.routing.presence import Presence, PresenceChanged, debts, mood
from callcenter.screenpop.board import Board, Changes, Restored
from callcenter.screenpop.changes import (
    AlarmsChange,
    Change,
    CompanyChange,
    DeskTakenChange,
    DialChange,
    HealthChange,
    MessageChange,
    OutcomeOwed,
    OutcomeSettled,
    PopOffered,
    PopUpdated,
    PopWithdrawn,
    PresenceChange,
    QueuesChange,
    RulesChange,
    ScoreChange,
    SitInChange,
    TaskChange,
    UnownedChange,
)
from callcenter.screenpop.faces import Who
from callcenter.screenpop.lines import Directory, Person
from callcenter.screenpop.messages import CHANGE, body
from callcenter.screenpop.shown import BoardView
from callcenter.supervision.sit_ins import OVER
from tests.spine.story import ANNA, BORIS, START, roster

PEOPLE = {
    ANNA: Person(id=ANNA, username="anna", display_name="Anna"),
    BORIS: Person(id=BORIS, username="boris", display_name="Boris"),
}
DIRECTORY = Directory(people=PEOPLE, stations={("main", "Local/102@agents/n"): "102"})


def card(name: str = "Olena") -> Card:
    return Card(
        id=new_id(),
        kind="person",
        name=name,
        organisation="",
        status="warm",
        vip=False,
        provisional=False,
        numbers=("+7 916 123-45-67",),
        last_contact_at=None,
        last_agent="",
        last_outcome="",
        calls=1,
    )


def fold(view: BoardView, change: Change) -> BoardView:
    """What a browser does with a change."""
    pops = {p.id: p for p in view.pops}
    match change:
        case PopOffered(pop=pop) | PopUpdated(pop=pop) | OutcomeOwed(pop=pop):
            pops[pop.id] = pop
        case PopWithdrawn(pop_id=gone) | OutcomeSettled(pop_id=gone):
            del pops[gone]
        case PresenceChange(presence=presence):
            return replace(view, presence=presence)
        case QueuesChange(queues=queues):
            return replace(view, queues=queues)
        case HealthChange(health=health):
            return replace(view, health=health)
        case UnownedChange(unowned=unowned):
            return replace(view, unowned=unowned)
        case SitInChange(sit_in=sit):
            return replace(view, sit_in=None if sit.state in OVER else sit)
        case AlarmsChange(alarms=alarms):
            return replace(view, alarms=alarms)
        case CompanyChange(company=company):
            return replace(view, company=company)
        case RulesChange() | MessageChange() | DeskTakenChange() | TaskChange() | ScoreChange() | DialChange():
            return view
        case _:
            assert_never(change)
    return replace(view, pops=tuple(sorted(pops.values(), key=lambda p: (p.offered_at, p.id))))


def member(interface: str, queue: str = "support", *, paused: bool = False, reason: str = "") -> MemberState:
    return MemberState(
        pbx="main",
        at=START,
        queue=queue,
        interface=interface,
        name=interface,
        paused=paused,
        reason=reason,
        state_interface="",
        status=1,
        in_call=False,
    )


class Office:
    """A board, the calls it was told of, and what the agents' browsers made of it."""

    def __init__(self, agents: Iterable[AgentId] = (ANNA, BORIS)) -> None:
        self.parts = Parts()
        self.board = Board(DIRECTORY, roster(), self.doing)
        self.calls: dict[CallKey, Call] = {}
        self.card = card()
        self.screens = {agent: self.board.view(agent) for agent in agents}
        self.told: dict[AgentId, list[Change]] = defaultdict(list)

    def doing(self, agent: AgentId) -> Presence:
        """As the gate works it out."""
        parts = self.parts.of_agent(agent)
        state, since = mood(parts, (), seated=True)
        return Presence(state=state, since=since or START, debts=debts(parts))

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        return (Candidate(card=self.card, match=Match.KNOWN, reason="same_number"),)

    def play(self, events: Iterable[CallEvent]) -> Office:
        """Each event applied, given its ids as an insert would, and told."""
        for event in events:
            before = self.calls.get(event.call)
            after = apply(before, event, roster())
            if after is None or after == before:
                continue
            after = _inserted(after, self.card)
            self.calls[event.call] = after
            change = Changed(event=event, before=before, after=after, card=self.card, candidates=self.candidates)
            self.hear(self.board.changed(change))
            for agent in {p.agent for p in self.parts.put(after) if p.agent}:
                self.hear(self.board.felt(PresenceChanged(agent=agent, presence=self.doing(agent))))
        return self

    def hear(self, changes: Changes) -> None:
        for agent, told in changes.items():
            for change in told:
                self.told[agent].append(change)
                on_the_wire = CHANGE.validate_json(b"{" + body(change))
                self.screens[agent] = fold(self.screens[agent], on_the_wire)

    def kinds(self, agent: AgentId) -> list[str]:
        """What the agent's browser was told of pops, in order."""
        return [c.change for c in self.told[agent] if not isinstance(c, PresenceChange)]

    def restarted(self) -> Board:
        """A board that knows only what the ledger reads back."""
        board = Board(DIRECTORY, roster(), self.doing)
        who = Who(card=self.card, candidates=self.candidates)
        board.restore([Restored(call=c, who=who) for c in self.calls.values() if not c.settled], {})
        return board


def _inserted(call: Call, whose: Card) -> Call:
    segments = tuple(replace(s, id=s.id or new_id()) for s in call.segments)
    return replace(call, id=call.id or new_id(), customer=call.customer or whose.id, segments=segments)
