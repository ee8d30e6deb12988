"""Where test calls are played, one at a time; what one of an earlier life left behind is taken away first."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from uuid import UUID

from callcenter.call import Changed
from callcenter.contain import contained
from callcenter.crm.rights import Actor
from callcenter.errors import Refused
from callcenter.ids import new_id
from callcenter.log import logger
from callcenter.pbx_events import DebtTold, LinkUp, MemberState, OriginateFailed
from callcenter.rehearsal import Names, is_member
from callcenter.rehearsing import orders, outcome, steps
from callcenter.rehearsing.hand import Hand
from callcenter.rehearsing.play import House, Play, Wish
from callcenter.rehearsing.steps import Report
from callcenter.rehearsing.witness import Witness
from callcenter.routing.debts import FAMILY, LIST

log = logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Who answers: ``agent`` for the record, by ``phone`` (a dial string) or, where that is "", by the test itself."""

    agent: UUID
    name: str
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Where to: ``did`` "" lets the number be found."""

    pbx: str
    queue: str
    did: str = ""


class Stage:
    """Subscribe, ``run`` for ever."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._out = house.out
        self._next: Play | None = None
        self._now: Play | None = None
        self._witness: Witness | None = None
        self._last: dict[str, Report] = {}
        self._dirty: set[str] = set()
        self._wake = asyncio.Event()

    def last(self, pbx: str) -> Report | None:
        """The test call that goes on, else the last one since the service started."""
        playing = self._now or self._next
        return playing.report if playing and playing.report.pbx == pbx else self._last.get(pbx)

    def begin(self, call: Call, cast: Cast, wish: Wish) -> Report:
        """Starts one. Raises Refused while another goes on."""
        if self._now or self._next:
            raise Refused("a test call is being made already", code="test_call_running")
        names = Names(token=secrets.token_hex(5), agent=cast.agent, phone=cast.phone)
        report = Report(
            id=new_id(),
            pbx=call.pbx,
            queue=call.queue,
            by=wish.who.username,
            agent=cast.name,
            started_at=self._out.clock.now(),
        )
        self._witness = Witness(call.pbx, call.queue, names, self._out.clock)
        self._next = Play(self._house, report, self._witness, wish)
        self._wake.set()
        return report

    async def run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            for pbx in sorted(self._dirty):
                self._dirty.discard(pbx)
                with contained("rehearsing", pbx=pbx):
                    await self._sweep(pbx)
            if self._next:
                await self._play()

    async def _play(self) -> None:
        self._now, self._next = self._next, None
        if self._now is None:
            return
        play = self._now
        try:
            with contained("rehearsing"):
                await play.run()
        finally:
            self._now = self._witness = None
            report = steps.ended(play.report, self._out.clock.now())
            self._last[report.pbx] = report
        failed = [str(step.name) for step in report.steps if step.state is steps.StepState.FAILED]
        log.info("rehearsal_over", pbx=report.pbx, queue=report.queue, failed=failed)

    # subscribers

    async def changed(self, change: Changed) -> None:
        if self._witness:
            self._witness.changed(change)

    async def member(self, event: MemberState) -> None:
        if self._witness:
            self._witness.member(event)

    async def owes(self, event: DebtTold) -> None:
        if self._witness:
            self._witness.owes(event)

    async def originate_failed(self, event: OriginateFailed) -> None:
        if self._witness:
            self._witness.originate_failed(event)

    async def link_up(self, event: LinkUp) -> None:
        if event.pbx in self._out.send:
            self._dirty.add(event.pbx)
            self._wake.set()

    def painted(self, who: Actor, pop: UUID, paint_ms: float) -> None:
        """A screen shows a pop."""
        if self._witness:
            self._witness.painted(who.id, pop, paint_ms)

    # what is left of an earlier life

    async def _sweep(self, pbx: str) -> None:
        """Channels end, members go, debts are let off. Raises Unavailable."""
        hand = Hand(self._out, pbx)
        left = [call for key, call in self._out.live().items() if key.pbx == pbx and call.test]
        for call in left:
            if call.ended_at is None:
                await hand.quietly(orders.hang_up(call.key.uniqueid))
            for segment in call.segments:
                if segment.owes and segment.agent is not None:
                    await outcome.waive(self._out, [call], segment.agent)
        for interface, queue in await self._members(hand):
            await hand.quietly(orders.leave(interface, queue))
            await hand.quietly(orders.forget(interface))
        for listed in await hand.rows(LIST):
            if is_member(listed.rpartition("/")[0]):
                await hand.quietly(orders.strike_out(listed))
        for interface in await hand.rows(FAMILY):
            if is_member(interface):
                await hand.quietly(orders.forget(interface))

    async def _members(self, hand: Hand) -> list[tuple[str, str]]:
        rows = await hand.do({"Action": "QueueStatus"})
        found = ((row.get("location", ""), row.get("queue", "")) for row in rows)
        return [(interface, queue) for interface, queue in found if is_member(interface)]
