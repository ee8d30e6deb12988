"""Whatever happens in whatever order: owing agents are paused, foreign pauses are kept, and done is done."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.routing.holds import OWES
from tests.routing.floors import Scene, log_outcome, member
from tests.spine.story import ANNA, BORIS, Story, roster

STEPS = st.sampled_from(
    [
        "ring 101",
        "answer 101",
        "end 101",
        "log 101",
        "ring 102",
        "answer 102",
        "end 102",
        "log 102",
        "lunch support",
        "lunch sales",
        "autopause support",
        "unpause support",
        "unpause sales",
        "sign out",
        "sign in",
        "swap",
        "restart",
        "pass",
        "debt",
        "reconcile",
    ]
)


class Walk:
    """Takes steps in any order; impossible ones do nothing."""

    def __init__(self) -> None:
        self.scene = Scene()
        self.stories: dict[str, Story] = {}
        self.calls = 0
        self.foreign: set[tuple[str, str]] = set()

    def take(self, step: str) -> None:
        word, _, rest = step.partition(" ")
        getattr(self, f"_{word}")(rest)

    def _ring(self, number: str) -> None:
        if number not in self.stories:
            self.calls += 1
            self.stories[number] = Story(uniqueid=str(self.calls)).arrives().joins().rings(number)
            self.scene.goes(self.stories[number])

    def _answer(self, number: str) -> None:
        if number in self.stories:
            for queue in ("support", "sales"):
                self.scene.sees(f"PJSIP/{number}", paused=True, reason=OWES, queue=queue)
            self.scene.goes(self.stories[number].answers(number))

    def _end(self, number: str) -> None:
        if number in self.stories:
            self.scene.goes(self.stories[number].parts(number).hangs_up(number).ends())

    def _log(self, number: str) -> None:
        story = self.stories.pop(number, None)
        if story:
            call = story.parts(number).hangs_up(number).ends().told(self.scene.desks)
            self.scene.parts.put(log_outcome(call))

    def _lunch(self, queue: str) -> None:
        self.scene.sees("PJSIP/101", paused=True, reason="lunch", queue=queue)

    def _autopause(self, queue: str) -> None:
        self.scene.sees("PJSIP/102", paused=True, reason="Auto-Pause", queue=queue)

    def _unpause(self, queue: str) -> None:
        self.scene.passes(5)
        self.scene.sees("PJSIP/101", paused=False, queue=queue)

    def _sign(self, way: str) -> None:
        self.scene.sit(roster() if way == "in" else roster({"102": BORIS}))

    def _swap(self, _: str) -> None:
        self.scene.sit(roster({"101": BORIS, "102": ANNA}))

    def _restart(self, _: str) -> None:
        self.scene.floor.linked(None)
        self.scene.floor.linked(self.scene.seconds)
        for name in self.scene.names:
            for queue in ("support", "sales"):
                self.scene.floor.see(member(name, queue=queue), self.scene.seconds)

    def _pass(self, _: str) -> None:
        self.scene.passes(7)

    def _debt(self, _: str) -> None:
        self.scene.floor.find("PJSIP/102", "99.9|1700000000|support|7916|7001", self.scene.seconds)

    def _reconcile(self, _: str) -> None:
        self.scene.reconcile()


def from_elsewhere(scene: Scene) -> set[tuple[str, str]]:
    return {(r.ref.split("|")[1], r.ref.split("|")[2]) for r in scene.reasons.values()}


@settings(max_examples=300, deadline=None)
@given(st.lists(STEPS, max_size=40))
def test_whatever_happens_owing_agents_are_paused_and_foreign_pauses_are_kept(steps: list[str]) -> None:
    walk = Walk()
    for step in steps:
        walk.take(step)
        scene = walk.scene
        scene.adopt()
        foreign = from_elsewhere(scene)
        scene.reconcile()
        sits, parts = scene.floor.desks.of_agent, scene.parts
        held = {n for agent in sits for n in sits[agent] if any(p.owes for p in parts.of_agent(agent))}
        assert all(seat.paused for name in held for seat in scene.floor.seats_of(name)), step
        assert held <= set(scene.floor.debts)
        assert all(seat.paused for seat in scene.floor.seats() if (seat.interface, seat.queue) in foreign)
        assert scene.plan() == (), step


@settings(max_examples=100, deadline=None)
@given(st.lists(STEPS, max_size=40))
def test_when_nothing_is_owed_any_more_only_foreign_pauses_are_left(steps: list[str]) -> None:
    walk = Walk()
    for step in [*steps, "log 101", "log 102", "sign in"]:
        walk.take(step)
        walk.scene.reconcile()
    scene = walk.scene
    for name in [n for n, debt in scene.floor.debts.items() if not debt.known]:
        scene.floor.explain(name)
    scene.passes(60)
    scene.reconcile()
    assert {(s.interface, s.queue) for s in scene.floor.seats() if s.paused} == from_elsewhere(scene)
    assert scene.floor.debts == {}
