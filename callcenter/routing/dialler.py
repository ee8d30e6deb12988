"""Click-to-call: rings the agent's own phone, then lets the dialplan call the customer, at most once for each click.

What becomes of each leg is told to the agent as it happens. A dial is a row before the PBX is asked, and its id is the
Uniqueid of the agent's leg, so that nothing has to be guessed afterwards.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from prometheus_client import Counter
from sqlalchemy.orm import Session

from callcenter.call import Call, Changed
from callcenter.contain import contained
from callcenter.crm import call_reading, dialling
from callcenter.crm.dialling import Dialling
from callcenter.errors import Invalid, Refused, Unavailable
from callcenter.events import Arrived, CallKey
from callcenter.log import logger
from callcenter.pbx_events import OriginatedLeg, OriginateFailed
from callcenter.roster import AgentId, Device
from callcenter.routing import dials
from callcenter.routing.dials import Dial, DialReason, DialState
from callcenter.routing.originate import LOOK_SECONDS, SEND_SECONDS, Own, own_phone
from callcenter.routing.outside import Outside
from callcenter.routing.presence import Mood, Presence
from callcenter.routing.underway import Underway, Way

log = logger(__name__)
dialled = Counter(
    "callcenter_dials", "Clicks that asked a PBX to call, by what came of them", ["pbx", "state", "reason"]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DialChanged:
    """A click-to-call of an agent stands otherwise."""

    dial: Dial


class Dialler:
    """Subscribe, ``start`` once, ``run`` for ever."""

    def __init__(self, outside: Outside, presence: Callable[[AgentId], Presence]) -> None:
        self._out = outside
        self._presence = presence
        way = Way(part="dialler", news=lambda dial: DialChanged(dial=dial), stands=self._stands, row=_row)
        self._dials: Underway[Dial] = Underway(outside, way)
        self._of_call: dict[CallKey, UUID] = {}
        self._last: dict[AgentId, Dial] = {}
        self._clicking: set[AgentId] = set()

    async def start(self) -> None:
        """What went on when the service last ended goes on with its call; of the rest nobody knows how it ended."""
        for dial, call in await self._out.db.read(_unfinished):
            going = call is not None and call.key in self._out.live()
            self._begin(dial)
            if call:
                self._of_call[call.key] = dial.id
            await self._dials.take(dials.changed(dial, call) if call else dials.failed(dial, DialReason.NO_NEWS))
            if not going:
                await self._dials.take(dials.failed(self._last[dial.agent], DialReason.NO_NEWS))

    def of(self, agent: AgentId) -> Dial | None:
        """The agent's last click, as it stands."""
        return self._last.get(agent)

    @contextmanager
    def click(self, agent: AgentId) -> Iterator[None]:
        """From the click until the PBX was asked: of two at once there is one. Raises Refused while the agent is on the
        phone, owes an outcome, or has clicked already."""
        self._may(agent)
        self._clicking.add(agent)
        try:
            yield
        finally:
            self._clicking.discard(agent)

    def _may(self, agent: AgentId) -> None:
        if agent in self._clicking or any(dial.agent == agent for dial in self._dials):
            raise Refused("your call is being made already", code="dialling_already")
        if self._presence(agent).state in (Mood.TALKING, Mood.RINGING):
            raise Refused("you are on the phone", code="on_a_call")
        if any(s.owes and s.agent == agent for call in self._out.live().values() for s in call.segments):
            raise Refused("log the outcome of your last call first", code="outcome_owed")

    async def dial(self, dial: Dial, rules: Dialling, number: str) -> None:
        """Asks the PBX, once. ``number`` is written as the trunk wants it. Raises Unavailable, Invalid, and the dial is
        over then; where no answer came it may still ring, and what is heard of it counts."""
        self._begin(dial)
        send = self._out.send.get(dial.device.pbx)
        try:
            if send is None:
                raise Unavailable("no such PBX", code="pbx_unavailable")
            await send(originate(dial, rules, number), SEND_SECONDS)
        except Invalid:
            await self._dials.take(dials.failed(dial, DialReason.PBX_REFUSED))
            raise
        except Unavailable as wrong:
            if wrong.code == "pbx_no_answer":
                log.warning("originate_unanswered", pbx=dial.device.pbx, dial=str(dial.id))
                return
            await self._dials.take(dials.failed(dial, DialReason.PBX_REFUSED))
            raise

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._dials.run(), name="dialler: rows")
            tasks.create_task(self._look_after(), name="dialler: look")

    async def _look_after(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            with contained("dialler"):
                await self.look()

    async def look(self) -> None:
        """Gives up on those nobody hears of any more."""
        for dial in self._dials.silent():
            await self._dials.take(dials.failed(dial, dial.refused or DialReason.NO_NEWS))

    # subscribers

    async def leg(self, event: OriginatedLeg) -> None:
        if dial := self._dials.named(event.uniqueid):
            await self._dials.take(dials.leg(dial, event))

    async def refused(self, event: OriginateFailed) -> None:
        if dial := self._dials.named(event.action):
            await self._dials.take(dials.refused(dial, event))

    async def changed(self, change: Changed) -> None:
        call = change.after
        if isinstance(change.event, Arrived) and (dial := self._dials.named(change.event.origin)):
            self._of_call[call.key] = dial.id
            await self._dials.take(dials.arrived(dial, call))
        elif (known := self._of_call.get(call.key)) and (dial := self._dials.get(known)):
            await self._dials.take(dials.changed(dial, call))

    def _begin(self, dial: Dial) -> None:
        self._dials.begin(dial)
        self._last[dial.agent] = dial

    def _stands(self, dial: Dial) -> None:
        self._last[dial.agent] = dial
        if dial.over:
            if dial.call:
                self._of_call.pop(dial.call, None)
            dialled.labels(pbx=dial.device.pbx, state=dial.state, reason=dial.reason or "").inc()


def _row(dial: Dial, ended: datetime | None) -> Callable[[Session], None]:
    return lambda session: dialling.keep(session, dial.id, dial.state, dial.reason or "", ended)


def originate(dial: Dial, rules: Dialling, number: str) -> dict[str, str]:
    """The action. The customer's number is nowhere but in what is dialled: as a caller ID he would be shown himself."""
    own = Own(
        id=dial.id,
        device=dial.device.name,
        phones=dial.phones,
        ring_s=rules.ring_s,
        context=rules.context,
        exten=number,
    )
    shown = {"CallerID": rules.shown} if rules.shown else {}
    return own_phone(own, {"CC_CLICK": str(dial.id), "CC_SHOWN": rules.shown}) | shown


def _unfinished(session: Session) -> list[tuple[Dial, Call | None]]:
    """Every dial that was not over, with its call as our records hold it."""
    found: list[tuple[Dial, Call | None]] = []
    for row in dialling.unfinished(session):
        known = dialling.call_row(session, row)
        call = call_reading.load(session, CallKey(pbx=known.pbx, uniqueid=known.uniqueid)) if known else None
        dial = Dial(
            id=row.id,
            agent=row.agent_id,
            device=Device(pbx=row.pbx, name=row.device),
            number=row.number,
            customer=row.customer_id,
            task=row.task_id,
            asked_at=row.asked_at,
            state=DialState(row.state),
            call=call.key if call else None,
        )
        found.append((dial, call))
    return found
