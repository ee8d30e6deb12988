"""A PBX that does things when it suits it least: each command, answer and event waits until it is let through.

The worker is the real one; the dialplan, the queues and the database of the PBX are played, and so are the people.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import timedelta
from math import inf
from typing import Any, cast

from callcenter.bus import Bus
from callcenter.call import Call, Changed
from callcenter.clock import SetClock
from callcenter.db import Database
from callcenter.decision_events import OutcomeLogged
from callcenter.errors import Unavailable
from callcenter.events import CallEvent, CallKey, Joined
from callcenter.health import Health
from callcenter.ids import new_id
from callcenter.lifecycle import apply
from callcenter.pbx_events import DebtFound, DebtTold, MemberState
from callcenter.routing.agents import Agents, Known
from callcenter.routing.book import Book
from callcenter.routing.desks import Desk
from callcenter.routing.outside import Outside
from callcenter.routing.parts import Parts
from callcenter.routing.post import Post
from callcenter.routing.seating import Rows, Seating
from callcenter.routing.staff import Staff
from callcenter.routing.worker import Hands, Worker
from tests.spine.story import START, Story, roster

QUEUES = ("sales", "support")
NUMBERS = ("101", "102")
DESKS = tuple(
    Desk(pbx="main", number=n, devices=frozenset({f"PJSIP/{n}"}), interfaces=frozenset({f"PJSIP/{n}"})) for n in NUMBERS
)
OWES = "callcenter-owes"
Told = MemberState | DebtTold | CallEvent
Answer = asyncio.Future[Sequence[Mapping[str, str]]]


class Adversary:
    """``inbox``: commands the PBX has not done yet; ``answers`` and ``told``: what it said that we have not heard."""

    def __init__(self) -> None:
        self.rows: dict[str, str] = {}
        self.listed: dict[str, str] = {}
        self.paused = {(queue, number): "" for queue in QUEUES for number in NUMBERS}
        self.inbox: deque[tuple[Mapping[str, str], Answer]] = deque()
        self.answers: deque[tuple[Answer, str]] = deque()
        self.told: deque[Told] = deque()
        self._told_at: deque[float] = deque()
        self.calls: dict[CallKey, Call] = {}
        self.stories: dict[str, Story] = {}
        self.owing: dict[str, set[str]] = {number: set() for number in NUMBERS}
        """What a number's agent owes for in truth, and of that what was ``heard`` of here."""
        self.heard: set[str] = set()
        self.wrong: list[str] = []
        self._serial = 0
        self.clock = SetClock(at=START + timedelta(hours=1))
        self.parts = Parts()
        bus = Bus()
        nowhere = cast("Database", None)
        book = Book(nowhere, self.parts, self.clock)
        seating = Seating(nowhere)
        seating.roster, seating.rows, seating.stale = roster(), Rows(extensions=DESKS, staff=Staff()), False
        outside = Outside(
            db=nowhere,
            bus=bus,
            clock=self.clock,
            health=Health(bus, self.clock),
            take=self._take,
            live=lambda: self.calls,
            send={"main": self._send},
            region=lambda _pbx: "RU",
            heard=lambda _pbx: self._told_at[0] if self.told else inf,
        )
        self.post = Post("main", self.parts, book)
        agents = Agents(self.parts, Known(reasons=book.of), bus, self.clock)
        self.worker = Worker(self.post, Hands(outside, book, agents, seating), look_again_s=5.0)

    async def _send(self, action: Mapping[str, str], _seconds: float) -> Sequence[Mapping[str, str]]:
        releases = action["Action"] == "DBDel" or action.get("Paused") == "false"
        number, _, call = action.get("Interface", action.get("Key", "")).removeprefix("PJSIP/").partition("/")
        if releases and self.owing.get(number, set()) & self.heard & ({call} if call else self.heard):
            self.wrong.append(f"{action} while {number} is known to owe")
        answer: Answer = asyncio.get_running_loop().create_future()
        self.inbox.append((action, answer))
        return await answer

    async def _take(self, event: CallEvent) -> Changed | None:
        call = apply(self.calls.get(event.call), event, roster())
        if call is not None:
            self.calls[event.call] = call
            self.post.touch_about(self.parts.put(call))
        if isinstance(event, Joined):
            self.heard.add(event.call.uniqueid)
        return None

    # what can happen next

    def answer(self, number: str) -> None:
        """A phone that is free is rung and picked up."""
        self._answered(number, "rings")

    def fetch(self, number: str) -> None:
        """A phone picks up a call that rings at another."""
        self._answered(number, "is_recorded")

    def _answered(self, number: str, before: str) -> None:
        """The dialplan makes whoever answers owe."""
        if number in self.stories:
            return
        self._serial += 1
        uniqueid = str(self._serial)
        story = self.stories[number] = Story(uniqueid=uniqueid).arrives().joins()
        self._tell(getattr(story, before)(number))
        interface = f"PJSIP/{number}"
        debt = f"{uniqueid}|{int(self.clock.now().timestamp())}|support|7916|7001"
        self.rows[interface] = self.listed[f"{interface}/{uniqueid}"] = debt
        self._pause(number, QUEUES, OWES)
        customer = CallKey(pbx="main", uniqueid=uniqueid)
        self._say(DebtTold(pbx="main", at=START, interface=interface, customer=customer))
        self.owing[number].add(uniqueid)
        self._tell(story.talks(number))

    def hang(self, number: str) -> None:
        if story := self.stories.pop(number, None):
            self._tell(story.parts(number).hangs_up(number).ends())

    async def log(self, number: str) -> None:
        """The agent logs all that his screen says he owes."""
        for key, call in list(self.calls.items()):
            for segment in call.segments:
                if segment.device.name == f"PJSIP/{number}" and segment.owes and call.ended_at is not None:
                    await self._take(
                        OutcomeLogged(
                            call=key, at=START, mono=0.0, segment=segment.seq, outcome=new_id(), by=new_id(), comment=""
                        )
                    )
                    self.owing[number].discard(key.uniqueid)

    def meddle(self, number: str) -> None:
        """Another program takes the debt away and lets the member go."""
        self.rows.pop(f"PJSIP/{number}", None)
        self._pause(number, QUEUES, "")

    def do(self) -> None:
        """The PBX does the next command."""
        if not self.inbox:
            return
        action, answer = self.inbox.popleft()
        result = ""
        match action["Action"]:
            case "DBPut":
                self.rows[action["Key"]] = action["Val"]
            case "DBDel":
                rows = {OWES: self.rows, "callcenter-debts": self.listed}[action["Family"]]
                result = "" if rows.pop(action["Key"], None) else "Database entry could not be deleted"
            case _:
                number = action["Interface"].removeprefix("PJSIP/")
                queues = [action["Queue"]] if "Queue" in action else QUEUES
                self._pause(number, queues, action.get("Reason", "") if action["Paused"] == "true" else "")
        self.answers.append((answer, result))

    def reply(self) -> None:
        """We hear the next answer."""
        if self.answers:
            answer, wrong = self.answers.popleft()
            if not answer.done() and wrong:
                answer.set_exception(Unavailable(f"the PBX refused it: {wrong}", code="pbx_refused"))
            elif not answer.done():
                answer.set_result([])

    def give_up(self) -> None:
        """We have waited for the answer too long; the PBX does what it was asked all the same."""
        for answer in self._waiting():
            answer.set_exception(Unavailable("the PBX gave no answer", code="pbx_no_answer"))

    async def event(self) -> None:
        """We hear the next event."""
        if self.told:
            event = self.told.popleft()
            self._told_at.popleft()
            if isinstance(event, MemberState):
                self.post.see(event, self.clock.monotonic())
            elif isinstance(event, DebtTold):
                self.heard.add(event.customer.uniqueid)
                self.post.answers(event, self.clock.monotonic())
            else:
                await self._take(event)

    async def relink(self) -> None:
        """The link breaks with what is on its way, and comes back; calls are told on as the snapshot has them."""
        for answer in self._waiting():
            answer.set_exception(Unavailable("the PBX is not connected", code="pbx_unavailable"))
        self.inbox.clear()
        self.answers.clear()
        left = [event for event in self.told if not isinstance(event, MemberState | DebtTold)]
        self.told.clear()
        self._told_at.clear()
        self._say(*left)
        self.heard &= {key.uniqueid for key in self.calls}
        self.post.floor.linked(None)
        await breathe()
        self.post.linked(self.clock.monotonic())
        for event in tuple(self.told):
            await self.event()
            assert event not in self.told
        for interface, value in self.rows.items():
            found = DebtFound(pbx="main", at=START, interface=interface, value=value)
            self.post.find(found, self.clock.monotonic())
        for (interface, _, call), value in ((key.rpartition("/"), value) for key, value in self.listed.items()):
            found = DebtFound(pbx="main", at=START, interface=interface, value=value, call=call)
            self.post.find(found, self.clock.monotonic())
        for queue, number in self.paused:
            self.post.see(self._state(queue, number), self.clock.monotonic())
        self.post.floor.told = True
        self.post.touch_all()

    async def wait(self) -> None:
        """Everything said is heard, and some seconds go by."""
        while self.told:
            await self.event()
        self.clock.move(3.5)
        self.post.wake.set()

    async def stall(self) -> None:
        """Some seconds go by in which nothing that was said can be written down: the database is locked."""
        self.clock.move(3.5)
        self.post.wake.set()

    async def calm(self) -> None:
        """All talks end, and all that is on its way arrives, until nobody wants anything any more."""
        for number in NUMBERS:
            self.hang(number)
        for _ in range(6):
            await self.wait()
            await breathe()
            while self.inbox or self.answers or self.told:
                self.do()
                self.reply()
                await self.event()
                await breathe()

    def _waiting(self) -> list[Answer]:
        return [a for a in (*(a for _, a in self.inbox), *(a for a, _ in self.answers)) if not a.done()]

    def _say(self, *events: Told) -> None:
        self.told.extend(events)
        self._told_at.extend(self.clock.monotonic() for _ in events)

    def _tell(self, story: Story) -> None:
        self._say(*story.events)
        story.events.clear()

    def _pause(self, number: str, queues: Sequence[str], reason: str) -> None:
        for queue in queues:
            self.paused[queue, number] = reason
            self._say(self._state(queue, number))

    def _state(self, queue: str, number: str) -> MemberState:
        reason = self.paused[queue, number]
        facts: dict[str, Any] = {"name": "", "state_interface": f"PJSIP/{number}", "status": 1, "in_call": False}
        return MemberState(
            pbx="main",
            at=START,
            queue=queue,
            interface=f"PJSIP/{number}",
            paused=bool(reason),
            reason=reason,
            **facts,
        )


async def breathe() -> None:
    """Until the worker waits for something."""
    for _ in range(25):
        await asyncio.sleep(0)
