"""One test call from its beginning to its end, and everything put back as it was, whatever happens in between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from callcenter.crm.rights import Actor
from callcenter.errors import CallcenterError, Refused, Unavailable
from callcenter.log import logger
from callcenter.pbxmap import PbxMap
from callcenter.rehearsal import ANSWERS, RINGS
from callcenter.rehearsing import entry, orders, outcome, tape
from callcenter.rehearsing.hand import Hand
from callcenter.rehearsing.remedies import remedy
from callcenter.rehearsing.steps import Report, Step, StepName, StepState, told
from callcenter.rehearsing.witness import Witness
from callcenter.routing.outside import Outside
from callcenter.routing.survey import Survey

log = logger(__name__)
_LONGEST_SECONDS: Final = 240.0
_STRIKE_SECONDS: Final = 15.0
_TALK_S: Final = 60
_TALK_WITH_AGENT_S: Final = 150
_TALK_SECONDS: Final = 1.0
"""As much sound as a recording can be judged by."""
_AGENT_LOGS_SECONDS: Final = 120.0
_RELEASE_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """``did``: the administrator's own choice, "" to find one. ``reads``: whoever answers has a screen open;
    ``watches``: and it is in front, so that it has to show the pop."""

    who: Actor
    did: str
    reads: Callable[[], bool]
    watches: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What a play works with."""

    out: Outside
    survey: Survey
    map: Callable[[str], PbxMap]


class Stop(Exception):
    """Nothing after this step can be seen."""


class Play:
    """``run`` once; ``report`` at any time."""

    def __init__(self, house: House, report: Report, witness: Witness, wish: Wish) -> None:
        self._house = house
        self._out = house.out
        self._wish = wish
        self._saw = witness
        self._hand = Hand(house.out, report.pbx)
        self._recorded = False
        self.report = report

    async def run(self) -> None:
        """Never raises but when cancelled."""
        try:
            async with asyncio.timeout(_LONGEST_SECONDS):
                await self._enter()
                await self._ring()
                await self._talk()
                await self._leave()
        except (Stop, TimeoutError):
            pass
        except CallcenterError as wrong:
            self._running_failed(wrong.code)
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(_STRIKE_SECONDS):
                    await self.strike()

    async def _enter(self) -> None:
        """Steps: ready, called, seen, kept, queued."""
        place = await self._ready()
        self.report = replace(self.report, did=place.did, context=place.context)
        start = await self._called(place)
        patience = 5.0
        if not await self._seen(StepName.SEEN, start, patience):
            raise self._failed(StepName.SEEN, "originate_refused" if self._saw.refused else "not_seen")
        if not await self._seen(StepName.KEPT, self._saw.at[StepName.SEEN], patience):
            raise self._failed(StepName.KEPT, "not_kept")
        self.report = replace(self.report, call=self._saw.call.id if self._saw.call else None)
        if not await self._seen(StepName.QUEUED, self._saw.at[StepName.SEEN], 30.0):
            raise self._failed(StepName.QUEUED, "queue_not_reached")

    async def _ready(self) -> entry.Entry:
        self._tell(StepName.READY, StepState.RUNNING)
        began, pbx = self._mono(), self.report.pbx
        plan = entry.Dialplan(self._out.send[pbx])
        contexts = [ANSWERS, RINGS] if self._saw.names.phone else [ANSWERS]
        if not all([await plan.has(context) for context in contexts]):
            raise self._failed(StepName.READY, "test_context_missing")
        reported = self._house.survey.reported(pbx) or (await self._house.survey.look(pbx)).reported
        ours = await self._out.db.read(lambda s: entry.known(s, pbx, self.report.queue))
        try:
            sources = (reported, self._house.map(pbx), ours)
            place = await entry.find(plan, self.report.queue, self._wish.did, sources)
        except Refused as wrong:
            raise self._failed(StepName.READY, wrong.code) from wrong
        rule = await self._hand.value(orders.recording(self.report.queue))
        self._recorded = rule.split("|")[0] == "on"
        self._tell(StepName.READY, StepState.OK, ms=(self._mono() - began) * 1000)
        return place

    async def _called(self, place: entry.Entry) -> float:
        self._tell(StepName.CALLED, StepState.RUNNING)
        began = self._mono()
        names = self._saw.names
        try:
            await self._hand.do(orders.join(names, self.report.queue))
        except Unavailable as wrong:
            code = "queue_unknown" if wrong.code == "pbx_refused" else wrong.code
            raise self._failed(StepName.CALLED, code) from wrong
        try:
            talk = _TALK_WITH_AGENT_S if names.phone else _TALK_S
            await self._hand.do(orders.call(names, place, talk))
        except Unavailable as wrong:
            code = "originate_refused" if wrong.code == "pbx_refused" else wrong.code
            raise self._failed(StepName.CALLED, code) from wrong
        self._tell(StepName.CALLED, StepState.OK, ms=(self._mono() - began) * 1000)
        return began

    async def _ring(self) -> None:
        """Steps: rang, sent, painted, answered."""
        saw, queued = self._saw, self._saw.at[StepName.QUEUED]
        if not await self._seen(StepName.RANG, queued, 15.0):
            raise self._failed(StepName.RANG, "others_rang" if saw.strangers else "not_offered")
        rang = saw.at[StepName.RANG]
        known = saw.segment is not None and saw.segment.agent is not None
        if not known:
            self._failed(StepName.SENT, "not_sent")
        elif self._wish.reads():
            self._tell(StepName.SENT, StepState.OK, ms=(saw.at.get(StepName.SENT, self._mono()) - rang) * 1000)
        else:
            self._tell(StepName.SENT, StepState.SKIPPED, code="no_screen")
        self._tell(StepName.PAINTED, StepState.RUNNING)
        if not await self._seen(StepName.ANSWERED, rang, 40.0 if saw.names.phone else 10.0):
            raise self._failed(StepName.ANSWERED, "others_rang" if saw.strangers else "not_answered")
        await self._painted()

    async def _painted(self) -> None:
        if self.report.step(StepName.SENT).state is not StepState.OK:
            self._tell(StepName.PAINTED, StepState.SKIPPED, code="no_screen")
        elif await self._saw.saw(StepName.PAINTED, 4.0):
            self._tell(StepName.PAINTED, StepState.OK, ms=self._saw.paint_ms)
        elif self._wish.watches:
            self._failed(StepName.PAINTED, "not_painted")
        else:
            self._tell(StepName.PAINTED, StepState.SKIPPED, code="not_in_front")

    async def _talk(self) -> None:
        """Steps: owed, paused, recorded."""
        saw, answered = self._saw, self._saw.at[StepName.ANSWERED]
        if not await self._seen(StepName.OWED, answered, 3.0):
            self._failed(StepName.OWED, "gate_silent")
            saw.held(saw.names.member)
        elif not (await self._hand.value(orders.debt(saw.holder))).startswith(f"{saw.names.customer}|"):
            self._failed(StepName.OWED, "gate_row_missing")
        if not await self._seen(StepName.PAUSED, answered, 5.0):
            self._failed(StepName.PAUSED, "not_paused")
        if not self._recorded:
            self._tell(StepName.RECORDED, StepState.SKIPPED, code="recording_off")
        elif not await self._seen(StepName.RECORDED, saw.at[StepName.SEEN], 3.0):
            self._failed(StepName.RECORDED, "recording_not_started")
        await asyncio.sleep(_TALK_SECONDS)

    async def _leave(self) -> None:
        """Steps: ended, stored, logged, released."""
        saw, began = self._saw, self._mono()
        self._tell(StepName.ENDED, StepState.RUNNING)
        await self._hand.quietly(orders.hang_up(saw.names.far_end))
        if await saw.until(lambda: StepName.ENDED in saw.at and saw.leg_ended, 8.0):
            self._tell(StepName.ENDED, StepState.OK, ms=max(0.0, saw.at[StepName.ENDED] - began) * 1000)
        else:
            self._failed(StepName.ENDED, "not_ended")
        await asyncio.gather(self._stored(), self._settled())

    async def _stored(self) -> None:
        if StepName.RECORDED not in self._saw.at or self.report.call is None:
            self._tell(StepName.STORED, StepState.SKIPPED, code="not_recorded")
            return
        self._tell(StepName.STORED, StepState.RUNNING)
        began = self._mono()
        found = await tape.followed(self._out, self.report.call)
        if found.stored:
            self._tell(StepName.STORED, StepState.OK, ms=(self._mono() - began) * 1000)
        else:
            self._failed(StepName.STORED, found.code, words=found.remedy, path=found.path, lack=found.lack)

    async def _settled(self) -> None:
        """The outcome is logged; then the debt is gone from AstDB and the pause lifted."""
        saw, began = self._saw, self._mono()
        self._tell(StepName.LOGGED, StepState.RUNNING)
        if saw.names.phone:
            await saw.until(lambda: StepName.LOGGED in saw.at, _AGENT_LOGS_SECONDS)
        else:
            await self._log_outcome()
        if StepName.LOGGED not in saw.at:
            if self.report.step(StepName.LOGGED).state is StepState.RUNNING:
                self._failed(StepName.LOGGED, "outcome_not_logged")
            self._tell(StepName.RELEASED, StepState.SKIPPED, code="not_logged")
            return
        self._tell(StepName.LOGGED, StepState.OK, ms=max(0.0, saw.at[StepName.LOGGED] - began) * 1000)
        await self._released(saw.at[StepName.LOGGED])

    async def _log_outcome(self) -> None:
        try:
            await outcome.log_outcome(self._out, self._saw, self._wish.who)
        except (CallcenterError, TimeoutError) as wrong:
            log.warning("rehearsal_outcome_refused", error=f"{type(wrong).__name__}: {wrong}")
            self._failed(StepName.LOGGED, "outcome_refused")

    async def _released(self, logged: float) -> None:
        self._tell(StepName.RELEASED, StepState.RUNNING)
        if not await self._hand.forgotten(self._saw.holder, _RELEASE_SECONDS):
            self._failed(StepName.RELEASED, "debt_stands")
        elif not await self._saw.until(lambda: StepName.RELEASED in self._saw.at, _RELEASE_SECONDS):
            self._failed(StepName.RELEASED, "pause_stands")
        else:
            self._tell(StepName.RELEASED, StepState.OK, ms=max(0.0, self._saw.at[StepName.RELEASED] - logged) * 1000)

    # afterwards

    async def strike(self) -> None:
        """Puts everything back; the last step says whether it is."""
        began, names = self._mono(), self._saw.names
        self._tell(StepName.CLEARED, StepState.RUNNING)
        await self._hand.quietly(orders.hang_up(names.far_end))
        await self._hand.quietly(orders.hang_up(names.customer))
        if self._saw.call is not None:
            await self._saw.until(lambda: StepName.ENDED in self._saw.at, 5.0)
            await outcome.waive(self._out, [self._saw.call], self._wish.who.id)
        await self._hand.quietly(orders.leave(names.member, self.report.queue))
        await self._hand.forget(names)
        if await self._hand.nothing_left(names, self.report.queue):
            self._tell(StepName.CLEARED, StepState.OK, ms=(self._mono() - began) * 1000)
        else:
            self._failed(StepName.CLEARED, "left_over")

    # telling

    async def _seen(self, name: StepName, since: float, seconds: float) -> bool:
        self._tell(name, StepState.RUNNING)
        if not await self._saw.saw(name, seconds):
            return False
        self._tell(name, StepState.OK, ms=max(0.0, self._saw.at[name] - since) * 1000)
        return True

    def _tell(self, name: StepName, state: StepState, *, ms: float | None = None, code: str = "") -> None:
        self.report = told(self.report, Step(name=name, state=state, ms=ms, code=code))

    def _failed(self, name: StepName, code: str, *, words: str = "", path: str = "", lack: str = "") -> Stop:
        """``words``: what another part says to it."""
        facts = {
            "queue": self.report.queue,
            "did": self.report.did,
            "context": self.report.context,
            "holder": self._saw.holder,
            "member": self._saw.names.member,
        }
        words = words or remedy(code, **facts, path=path, lack=lack)
        self.report = told(self.report, Step(name=name, state=StepState.FAILED, code=code, remedy=words))
        return Stop()

    def _running_failed(self, code: str) -> None:
        """The link went in the middle of a step."""
        running = [step.name for step in self.report.steps if step.state is StepState.RUNNING]
        self._failed(running[0] if running else StepName.READY, code)

    def _mono(self) -> float:
        return self._out.clock.monotonic()
