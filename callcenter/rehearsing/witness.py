"""What is seen of one test call, and when: fed with the news of the house, waited for by the play. No decisions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final
from uuid import UUID

from callcenter.call import Call, Changed, Segment
from callcenter.clock import Clock
from callcenter.decision_events import OutcomeLogged
from callcenter.events import Arrived, CallKey, Ended, Joined, LegEnded, Offered, QueueJoined
from callcenter.pbx_events import DebtTold, MemberState, OriginateFailed
from callcenter.recording_events import RecordingStarted
from callcenter.rehearsal import Names
from callcenter.rehearsing.steps import StepName

_AT_ONCE: Final = {
    Arrived: StepName.SEEN,
    Offered: StepName.RANG,
    Joined: StepName.ANSWERED,
    RecordingStarted: StepName.RECORDED,
    OutcomeLogged: StepName.LOGGED,
    Ended: StepName.ENDED,
}


class Witness:
    """``at``: monotonic seconds, by step. ``holder``: the member interface that owes, as the PBX's gate says."""

    def __init__(self, pbx: str, queue: str, names: Names, clock: Clock) -> None:
        self.names = names
        self.queue = queue
        self.key = CallKey(pbx=pbx, uniqueid=names.customer)
        self.at: dict[StepName, float] = {}
        self.call: Call | None = None
        self.holder = ""
        self.strangers: set[str] = set()
        self.elsewhere: set[str] = set()
        self.refused = False
        self.leg_ended = False
        self.paint_ms: float | None = None
        self._phones = frozenset(names.phone.split("&")) if names.phone else frozenset({names.device})
        self._paused: dict[str, float] = {}
        self._clock = clock
        self._stirred = asyncio.Event()

    @property
    def segment(self) -> Segment | None:
        """The part of the call that somebody answered, or may."""
        return next((s for s in self.call.segments if s.device.name in self._phones), None) if self.call else None

    async def until(self, true: Callable[[], bool], seconds: float) -> bool:
        """Whether it came true in time."""
        try:
            async with asyncio.timeout(seconds):
                while not true():
                    self._stirred.clear()
                    await self._stirred.wait()
        except TimeoutError:
            return true()
        return True

    async def saw(self, name: StepName, seconds: float) -> bool:
        """Whether the step was seen in time; at once, when nothing more can come."""
        await self.until(lambda: name in self.at or self.over, seconds)
        return name in self.at

    @property
    def over(self) -> bool:
        """Refused, ended, or it rings where it must not."""
        return self.refused or StepName.ENDED in self.at or bool(self.strangers)

    def changed(self, change: Changed) -> None:
        if change.after.key != self.key:
            return
        event = change.event
        if isinstance(event, Offered) and event.device.name not in self._phones:
            self.strangers.add(event.device.name)
        elif isinstance(event, QueueJoined):
            if event.queue == self.queue:
                self._note(StepName.QUEUED, event.mono)
            else:
                self.elsewhere.add(event.queue)
        elif (name := _AT_ONCE.get(type(event))) is not None:
            self._note(name, event.mono)
        self.leg_ended = self.leg_ended or isinstance(event, LegEnded)
        self.call = change.after
        self._note(StepName.KEPT)

    def member(self, event: MemberState) -> None:
        """Asterisk tells of the pause before its gate says whose it is."""
        if event.pbx != self.key.pbx or event.queue != self.queue:
            return
        if event.paused:
            self._paused.setdefault(event.interface, self._clock.monotonic())
            self._match()
        elif event.interface == self.holder and StepName.LOGGED in self.at:
            self._note(StepName.RELEASED)

    def owes(self, event: DebtTold) -> None:
        if event.customer == self.key:
            self.holder = event.interface
            self._note(StepName.OWED)
            self._match()

    def held(self, interface: str) -> None:
        """Nobody said who owes: it must be this one."""
        self.holder = interface
        self._match()

    def _match(self) -> None:
        if self.holder in self._paused:
            self._note(StepName.PAUSED, self._paused[self.holder])

    def originate_failed(self, event: OriginateFailed) -> None:
        if event.action == self.names.customer:
            self.refused = True
            self._stirred.set()

    def painted(self, agent: UUID, pop: UUID, paint_ms: float) -> None:
        if self.segment and self.segment.id == pop and self.segment.agent == agent:
            self.paint_ms = paint_ms
            self._note(StepName.PAINTED)

    def _note(self, name: StepName, mono: float | None = None) -> None:
        self.at.setdefault(name, self._clock.monotonic() if mono is None else mono)
        self._stirred.set()
