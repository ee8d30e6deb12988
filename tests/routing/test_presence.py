"""What agents do and who waits, as a supervisor is told."""

from __future__ import annotations

from datetime import timedelta

from callcenter.bus import Bus
from callcenter.clock import SetClock
from callcenter.events import QueueResult
from callcenter.roster import AgentId, Roster
from callcenter.routing.agents import Agents, Known
from callcenter.routing.parts import Parts
from callcenter.routing.presence import Mood, Presence, PresenceChanged
from callcenter.routing.queues import lines
from callcenter.routing.seat import Seat
from callcenter.routing.why import Reason, ReasonKind
from tests.routing.floors import log_outcome
from tests.spine.story import ANNA, BORIS, START, Story, answered, roster


class Watch:
    """Anna's presence as it is published."""

    def __init__(self) -> None:
        self.parts, self.reasons, self.bus = Parts(), dict[AgentId, tuple[Reason, ...]](), Bus()
        self.clock = SetClock(START)
        self.heard: list[Presence] = []
        known = Known(reasons=lambda agent: self.reasons.get(agent, ()))
        self.agents = Agents(self.parts, known, self.bus, self.clock)

        async def hear(event: PresenceChanged) -> None:
            if event.agent == ANNA:
                self.heard.append(event.presence)

        self.bus.on(PresenceChanged, hear)

    async def goes(self, story: Story) -> None:
        self.parts.put(story.told())
        await self.agents.look([ANNA, BORIS])


async def test_a_call_from_ring_to_outcome() -> None:
    watch = Watch()
    await watch.agents.sit(roster())
    story = Story().arrives().joins().rings("101")
    await watch.goes(story)
    await watch.goes(story.answers("101"))
    await watch.goes(story.parts("101").hangs_up("101").ends())
    watch.clock.move(60)
    watch.parts.put(log_outcome(story.told()))
    await watch.agents.look([ANNA])
    told = [(p.state, p.since - START, p.debts) for p in watch.heard]
    assert told == [
        (Mood.AVAILABLE, timedelta(0), 0),
        (Mood.RINGING, timedelta(seconds=3), 0),
        (Mood.TALKING, timedelta(seconds=5), 1),
        (Mood.WRAPUP, timedelta(seconds=6), 1),
        (Mood.AVAILABLE, timedelta(seconds=60), 0),
    ]


async def test_nothing_is_told_twice() -> None:
    watch = Watch()
    await watch.agents.sit(roster())
    watch.clock.move(5)
    await watch.agents.look([ANNA])
    assert len(watch.heard) == 1


async def test_reasons_are_told_and_leaving_the_desk_is_offline_but_still_owing() -> None:
    watch = Watch()
    await watch.agents.sit(roster())
    watch.reasons[ANNA] = (Reason(agent=ANNA, kind=ReasonKind.FOREIGN, ref="main|x|y", since=START),)
    await watch.agents.look([ANNA])
    await watch.goes(answered("101"))
    await watch.agents.meddled(ANNA)
    await watch.agents.sit(Roster())
    told = [(p.state, p.reasons, p.debts) for p in watch.heard[1:]]
    assert told == [
        (Mood.PAUSED, ("foreign",), 0),
        (Mood.WRAPUP, ("debt", "foreign"), 1),
        (Mood.WRAPUP, ("debt", "foreign", "unpaused_elsewhere"), 1),
        (Mood.OFFLINE, ("debt", "foreign", "unpaused_elsewhere"), 1),
    ]


def seat(interface: str, *, paused: bool = False, status: int = 1) -> Seat:
    return Seat(
        queue="support",
        interface=interface,
        paused=paused,
        reason="",
        state_interface="",
        status=status,
        since=0.0,
    )


def test_a_queue_counts_who_waits_and_who_could_answer() -> None:
    waits = Story(uniqueid="1").arrives().joins().rings("101")
    talks = Story(uniqueid="2").arrives().joins().rings("102").answers("102")
    left = Story(uniqueid="3").arrives().joins().leaves(QueueResult.TIMEOUT)
    elsewhere = Story(uniqueid="4").arrives().joins("sales")
    calls = [s.told() for s in (waits, talks, left, elsewhere)]
    seats = [seat("PJSIP/101", status=6), seat("PJSIP/102", paused=True), seat("PJSIP/103")]
    sales, support = lines("main", calls, seats)
    assert (sales.queue, sales.waiting, sales.members) == ("sales", 1, 0)
    assert (support.waiting, support.longest_since) == (1, START + timedelta(seconds=2))
    assert (support.members, support.paused, support.free) == (3, 1, 1)


def test_who_talks_to_one_agent_and_is_sent_to_a_queue_waits_there() -> None:
    story = Story().arrives().joins().rings("101").answers("101").leaves(QueueResult.ANSWERED).parts("101")
    (line,) = lines("main", [story.joins("sales").told()], [])
    assert (line.queue, line.waiting) == ("sales", 1)
