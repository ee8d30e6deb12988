"""Whatever people, panels and restarts do in whatever order: one look later the queues have whom they must have."""

from __future__ import annotations

import itertools
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.pbx_events import MemberState
from callcenter.roster import AgentId
from callcenter.routing import holds
from callcenter.routing.actions import AddMember, Pause, RemoveMember
from callcenter.routing.desks import desks
from callcenter.routing.membership import AWAY
from callcenter.routing.staff import Rules, Staff
from callcenter.routing.why import Reason, ReasonKind
from tests.routing.floors import DESKS, Scene, log_outcome, member
from tests.spine.story import ANNA, BORIS, START, answered, roster

USED = tuple(replace(desk, used=True) for desk in DESKS)
SEATS = {
    "both": {"101": ANNA, "102": BORIS},
    "swapped": {"101": BORIS, "102": ANNA},
    "boris": {"102": BORIS},
    "none": {},
}
KEPT = ("support", "sales")
STEPS = st.sampled_from(
    [
        *(f"sit {name}" for name in SEATS),
        *(f"works {agent} {queue} {penalty}" for agent in ("anna", "boris") for queue in KEPT for penalty in (0, 5)),
        *(f"leaves {agent} {queue}" for agent in ("anna", "boris") for queue in KEPT),
        "remove 101 support",
        "remove 102 sales",
        "add 101 sales",
        "add 102 night",
        "owe",
        "log",
        "break",
        "back",
        "restart",
        "pass",
    ]
)
NAMES = {"anna": ANNA, "boris": BORIS}


class House:
    """Two desks, two queues that are kept here and one that is not; support has 102 in its file."""

    def __init__(self, removals: str) -> None:
        self.scene = Scene()
        self.works: dict[AgentId, dict[tuple[str, str], int]] = {ANNA: {}, BORIS: {}}
        self.rules = Rules(removals=removals)  # type: ignore[arg-type]
        self.seats = dict(SEATS["both"])
        self._restart()

    def take(self, step: str) -> None:
        word, *rest = step.split()
        getattr(self, f"_{word}")(*rest)
        self._staff()

    def reconcile(self) -> None:
        """Looks until nothing is left to do, as the worker does."""
        floor = self.scene.floor
        for _ in range(4):
            self.scene.adopt()
            if self.rules.removals == "adopt":
                floor.evicted.clear()
            self._sit()
            for action in self.scene.plan():
                floor.asks(action)
                floor.done(action, self.scene.seconds)

    def _staff(self) -> None:
        kept = frozenset(("main", queue) for queue in KEPT)
        self.scene.floor.staff = Staff(kept=kept, works=self.works, names={ANNA: "Anna"}, rules=self.rules)
        self._sit()

    def _sit(self, name: str = "") -> None:
        self.seats = dict(SEATS[name]) if name else self.seats
        self.scene.desks = roster(self.seats)
        members = self.scene.floor.members()
        self.scene.floor.desks = desks("main", USED, members, self.scene.desks, self.scene.now.at)

    def _works(self, agent: str, queue: str, penalty: str) -> None:
        self.works[NAMES[agent]]["main", queue] = int(penalty)

    def _leaves(self, agent: str, queue: str) -> None:
        self.works[NAMES[agent]].pop(("main", queue), None)

    def _remove(self, number: str, queue: str) -> None:
        told = [s for s in self.scene.floor.seats_of(f"PJSIP/{number}") if s.queue == queue and s.dynamic]
        for seat in told:
            self.scene.floor.see(replace(self._state(seat.interface, queue), gone=True), self.scene.seconds)

    def _add(self, number: str, queue: str) -> None:
        if not any(s.queue == queue for s in self.scene.floor.seats_of(f"PJSIP/{number}")):
            self.scene.floor.see(self._state(f"PJSIP/{number}", queue), self.scene.seconds)

    def _state(self, interface: str, queue: str) -> MemberState:
        return replace(member(interface, queue=queue), dynamic=True)

    def _owe(self) -> None:
        self.scene.goes(answered("101"))

    def _log(self) -> None:
        if self.scene.parts.debts():
            call = answered("101").told(self.scene.desks)
            self.scene.parts.put(log_outcome(call, desks_now=self.scene.desks))

    def _break(self) -> None:
        key = (ReasonKind.MANUAL, str(ANNA))
        self.scene.reasons[key] = Reason(agent=ANNA, kind=key[0], ref=key[1], since=START, code="lunch")

    def _back(self) -> None:
        self.scene.reasons.pop((ReasonKind.MANUAL, str(ANNA)), None)

    def _restart(self) -> None:
        """Asterisk forgets who was added; who stands in its file is there again, unpaused."""
        floor = self.scene.floor
        floor.linked(None)
        floor.linked(self.scene.seconds)
        floor.see(member("PJSIP/102", queue="support"), self.scene.seconds)
        floor.told = True

    def _pass(self) -> None:
        self.scene.passes(7)

    def out(self, agent: AgentId, queue: str) -> bool:
        return any(
            r.agent == agent and r.kind is ReasonKind.LEFT_QUEUE and r.queue == queue
            for r in self.scene.reasons.values()
        )

    def wrong(self) -> list[str]:
        """Where a kept queue has somebody it must not have, or lacks somebody."""
        found = []
        for number, queue in itertools.product(("101", "102"), KEPT):
            owner = self.seats.get(number)
            penalty = self.works[owner].get(("main", queue)) if owner and not self.out(owner, queue) else None
            seats = [s for s in self.scene.floor.seats_of(f"PJSIP/{number}") if s.queue == queue]
            fixed = [s for s in seats if not s.dynamic]
            if penalty is None:
                bad = len(seats) > len(fixed) or any(not s.paused for s in fixed)
            else:
                free = holds.wish(self.scene.floor, f"PJSIP/{number}", self.scene.now) is holds.Wish.FREE
                kept_out = free and any(s.paused and s.reason == AWAY for s in seats)
                bad = kept_out or [s.penalty for s in seats] != [penalty]
            found += [f"{number} in {queue}: {seats}"] if bad else []
        return found


@settings(max_examples=120, deadline=None)
@given(st.lists(STEPS, max_size=25), st.sampled_from(["undo", "adopt"]))
def test_after_a_look_the_kept_queues_have_exactly_whom_they_must(steps: list[str], removals: str) -> None:
    house = House(removals)
    for step in steps:
        house.take(step)
        house.reconcile()
        house.scene.passes(7)
        house.reconcile()
        assert house.wrong() == [], step
        assert [a for a in house.scene.plan() if isinstance(a, AddMember | RemoveMember | Pause)] == [], step


@settings(max_examples=120, deadline=None)
@given(st.lists(STEPS, max_size=25))
def test_no_owing_agent_ever_joins_free(steps: list[str]) -> None:
    house = House("undo")
    for step in steps:
        house.take(step)
        house.scene.adopt()
        sits, parts = house.scene.floor.desks.of_agent, house.scene.parts
        held = {n for agent in sits for n in sits[agent] if any(p.owes for p in parts.of_agent(agent))}
        joins = [a for a in house.scene.plan() if isinstance(a, AddMember) and a.interface in held]
        assert all(action.paused for action in joins), step
        house.reconcile()
        assert all(seat.paused for name in held for seat in house.scene.floor.seats_of(name)), step
