"""A floor told in words: two desks on one PBX, two queues, and what is seen there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from callcenter.call import Call
from callcenter.decision_events import OutcomeLogged
from callcenter.ids import new_id
from callcenter.lifecycle import apply
from callcenter.pbx_events import MemberState
from callcenter.roster import AgentId, Roster
from callcenter.routing import holds
from callcenter.routing.actions import Action
from callcenter.routing.desks import Desk, desks
from callcenter.routing.floor import Floor, Moment
from callcenter.routing.parts import Parts
from callcenter.routing.why import Key, Reason
from tests.spine.story import ANNA, BORIS, START, Story, roster

PHONES = {ANNA: ("PJSIP/101", "Local/101@agents/n"), BORIS: ("PJSIP/102",)}
DESKS = tuple(
    Desk(
        pbx="main",
        number=number,
        devices=frozenset({f"PJSIP/{number}"}),
        interfaces=frozenset({f"PJSIP/{number}", f"Local/{number}@agents/n"}),
    )
    for number in ("101", "102")
)


def member(interface: str, *, paused: bool = False, reason: str = "", queue: str = "support") -> MemberState:
    return MemberState(
        pbx="main",
        at=START,
        queue=queue,
        interface=interface,
        name="somebody",
        paused=paused,
        reason=reason,
        state_interface="",
        status=1,
        in_call=False,
    )


@dataclass
class Scene:
    """Every phone of `PHONES` is a free member of both queues; `seconds` is the monotonic clock."""

    desks: Roster = field(default_factory=roster)
    reasons: dict[Key, Reason] = field(default_factory=dict)
    seconds: float = 0.0
    parts: Parts = field(default_factory=Parts)

    def __post_init__(self) -> None:
        self.floor = Floor("main", self.parts, self.reasons)
        self.floor.linked(0.0)
        self.names = [name for names in PHONES.values() for name in names]
        for name in self.names:
            for queue in ("support", "sales"):
                self.floor.see(member(name, queue=queue), self.seconds)
        self.sit(self.desks)

    @property
    def now(self) -> Moment:
        return Moment(at=START + timedelta(seconds=self.seconds), mono=self.seconds)

    def sit(self, desks_now: Roster) -> None:
        self.desks = desks_now
        self.floor.desks = desks("main", DESKS, self.floor.members(), desks_now, self.now.at)

    def goes(self, story: Story) -> Call:
        call = story.told(self.desks)
        self.parts.put(call)
        return call

    def sees(self, interface: str, *, paused: bool, reason: str = "", queue: str = "support") -> bool:
        freed = self.floor.see(member(interface, paused=paused, reason=reason, queue=queue), self.seconds)
        self.adopt()
        return freed

    def adopt(self) -> None:
        wanted = holds.adopted(self.floor, self.floor.interfaces(), self.now)
        self.reasons.clear()
        self.reasons.update(wanted)

    def plan(self) -> tuple[Action, ...]:
        self.adopt()
        return holds.plan(self.floor, self.floor.interfaces(), self.now)

    def reconcile(self) -> tuple[Action, ...]:
        """Plans, and the PBX does it all."""
        actions = self.plan()
        for action in actions:
            self.floor.asks(action)
            self.floor.done(action, self.seconds)
        return actions

    def passes(self, seconds: float) -> None:
        self.seconds += seconds
        self.floor.settle(self.seconds)

    def paused(self, agent: AgentId) -> list[bool]:
        return [seat.paused for name in PHONES[agent] for seat in self.floor.seats_of(name)]


def log_outcome(call: Call, segment: int = 0, desks_now: Roster | None = None) -> Call:
    """The call after the agent logged what came of it."""
    event = OutcomeLogged(call=call.key, at=START, mono=0.0, segment=segment, outcome=new_id(), by=new_id(), comment="")
    after = apply(call, event, desks_now or roster())
    assert after is not None
    return after


def kinds(actions: Iterable[Action]) -> list[str]:
    return sorted({type(action).__name__ for action in actions})
