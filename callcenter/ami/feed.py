"""The life of a PBX's link: connect, log in, snapshot, difference, live; and again after every loss, for ever."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from callcenter import metrics
from callcenter.ami import resync, snapshot
from callcenter.ami.boots import Boots
from callcenter.ami.comparing import Comparing
from callcenter.ami.deafness import written
from callcenter.ami.history import History
from callcenter.ami.inbox import Inbox
from callcenter.ami.journal import Journal
from callcenter.ami.messages import Booted, Message, Tick
from callcenter.ami.parsing import parse
from callcenter.ami.tracker import Event, Tracker
from callcenter.ami.tracks import SETTLE_SECONDS
from callcenter.ami.wire import ANSWER_SECONDS, Link, LinkFailed, Session, open_session
from callcenter.call import Call
from callcenter.clock import Clock
from callcenter.errors import Unavailable
from callcenter.events import Gap, GapCause
from callcenter.log import logger
from callcenter.pbx_events import LinkDown, LinkUp, MembersTold, Outage
from callcenter.pbxmap import PbxMap

log = logger(__name__)
_IDLE_SECONDS: Final = 1.0
_FLUSH_SECONDS: Final = 0.25
_BOOT_SECONDS: Final = 60.0
_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 2.0
_REFUSED_PAUSE: Final = 30.0
_SHORT_LIFE: Final = 15.0

_OVERLAP: Final = timedelta(seconds=10)

Deliver = Callable[[Sequence[Event]], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is kept of what the PBX told: by us, as it came, and by the PBX itself, None where nobody set a place.
    ``recorded``: all that was delivered stands in our records."""

    journal: Journal | None = None
    history: History | None = None
    recorded: Callable[[], bool] = lambda: True


class Feed:
    """One PBX. ``known`` gives the calls that our records hold open, once all that was delivered is in them;
    ``deliver`` gets every event in order."""

    def __init__(
        self,
        link: Link,
        map: PbxMap,
        clock: Clock,
        known: Callable[[], Awaitable[Collection[Call]]],
        kept: Kept | None = None,
    ) -> None:
        self.link = link
        self._clock = clock
        self._known = known
        kept = kept or Kept()
        self._journal, self.history, self._recorded = kept.journal, kept.history, kept.recorded
        self._lost: tuple[datetime, timedelta | None, GapCause] | None = None
        self._map = map
        self._tracker = Tracker(map)
        self._session: Session | None = None
        self._inbox = Inbox(link, clock)
        self._boots = Boots()
        self._fully_booted = asyncio.Event()
        self._up = False

    @property
    def map(self) -> PbxMap:
        return self._map

    @map.setter
    def map(self, map: PbxMap) -> None:
        """Another map decides from now on; what lives is looked at anew."""
        if map == self._map:
            return
        self._map = map
        if self._session:
            self._session.close()

    async def send(self, action: Mapping[str, str], timeout: float = ANSWER_SECONDS) -> list[dict[str, str]]:
        """Sends an action at most once. Raises Unavailable while there is no link, Invalid for line breaks."""
        if self._session is None:
            raise Unavailable(f"PBX {self.link.pbx} is not connected", code="pbx_unavailable")
        return await self._session.send(action, timeout)

    def flush_journal(self) -> None:
        """Writes what the journal still holds."""
        if self._journal:
            self._journal.flush()

    async def run(self, deliver: Deliver) -> None:
        """Keeps the link for ever, with growing pauses; each loss is told once, with code and remedy."""
        pause = _FIRST_PAUSE
        told = ""
        while True:
            started = self._clock.monotonic()
            code, remedy = await self._once(deliver)
            metrics.ami_up.labels(pbx=self.link.pbx).set(0)
            lived = self._clock.monotonic() - started > _SHORT_LIFE
            pause = _FIRST_PAUSE if lived else min(pause * 2, _LONGEST_PAUSE)
            if self._up:
                metrics.ami_links_lost.labels(pbx=self.link.pbx).inc()
            if code != told or self._up:
                await self._tell_down(deliver, code, remedy)
            told, self._up = code, False
            wait = _REFUSED_PAUSE if code == "wrong_password" else pause
            await asyncio.sleep(wait * random.uniform(0.8, 1.2))  # noqa: S311

    async def _tell_down(self, deliver: Deliver, code: str, remedy: str) -> None:
        try:
            await deliver([LinkDown(pbx=self.link.pbx, at=self._clock.now(), code=code, remedy=remedy)])
        except Exception:
            metrics.contained.labels(part="feed").inc()
            log.exception("link_down_not_delivered", pbx=self.link.pbx)

    async def _once(self, deliver: Deliver) -> tuple[str, str]:
        """One session from connect to loss; why it ended."""
        self._inbox.clear()
        self._fully_booted.clear()
        self._lost = self._lost or self._last_heard()
        raw = self._journal.append if self._journal else None
        try:
            session = await open_session(self.link, self._sink, self._clock, raw)
        except LinkFailed as wrong:
            return wrong.code, wrong.remedy
        self._session = session
        try:
            return await self._live(session, deliver)
        except Unavailable as wrong:
            return "lost", f"the PBX did not answer while the link was set up: {wrong}"
        except Exception:
            metrics.contained.labels(part="feed").inc()
            log.exception("feed_failed", pbx=self.link.pbx)
            return "internal", "a fault of ours, see the log; the link is opened anew and compared with our records"
        finally:
            self._session = None
            session.close()
            if self._journal:
                self._journal.close()

    async def _live(self, session: Session, deliver: Deliver) -> tuple[str, str]:
        keeping = asyncio.create_task(session.keep())
        try:
            booted = asyncio.create_task(self._fully_booted.wait())
            await asyncio.wait({keeping, booted}, timeout=_BOOT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            booted.cancel()
            if not self._fully_booted.is_set():
                return "no_fullybooted", "no FullyBooted event came; give the AMI user read=system in manager.conf"
            events = await self._linked(session)
            self._up = True
            await deliver(events)
            self._lost = None
            metrics.ami_up.labels(pbx=self.link.pbx).set(1)
            await self._pump(session, keeping, deliver)
            return "lost", f"the connection to {self.link.host}:{self.link.port} was lost; it is tried again"
        finally:
            keeping.cancel()

    async def _linked(self, session: Session) -> list[Event]:
        known = await self._known()
        rebooted = self._boots.again(call.started_at for call in known)
        up = LinkUp(pbx=self.link.pbx, at=self._there(), rebooted=rebooted)
        return [up, *await self._resync(session, rebooted=rebooted)]

    async def _resync(self, session: Session, *, rebooted: bool) -> list[Event]:
        """What makes our records equal to what the PBX lists; the messages that came meanwhile are taken after it."""
        now = self._there()
        taken = await snapshot.take(session.send, now, self._clock.monotonic(), self._map.is_trunk)
        known = await self._known()
        outage = self._outage(now, known, rebooted=rebooted)
        told, outage = await written(self.history, self._map, outage) if outage else ([], None)
        self._tracker = Tracker(self._map)
        taken = replace(taken, booted_at=self._boots.at, deaf_since=outage.gap.from_at if outage else None)
        there = resync.still_there(taken, known, self._inbox.hung_up())
        events = resync.caught_up(self._tracker, there, known, told, rebooted=rebooted)
        events += [outage] if outage else []
        for row in there.members:
            if member := parse({**row, "event": "QueueMember"}, now, there.mono):
                events += self._tracker.feed(member)
        return [*events, MembersTold(pbx=self.link.pbx, at=now)]

    def _there(self) -> datetime:
        """What the PBX's clock says now."""
        return self._clock.now() + self._boots.ahead

    def _last_heard(self) -> tuple[datetime, timedelta | None, GapCause] | None:
        """Since when by our clock nobody has listened, and how far the PBX's was before it, None where that is not
        known; None where nobody ever did."""
        last = self._journal.last() if self._journal else None
        if last is None:
            return None
        return (last, self._boots.ahead, GapCause.LINK_LOST) if self._boots.at else (last, None, GapCause.SERVICE_DOWN)

    def _outage(self, now: datetime, known: Collection[Call], *, rebooted: bool) -> Outage | None:
        """The time in which nobody listened, None where there was none; by the PBX's clock, which may have leapt."""
        if self._lost is None:
            return None
        since, ahead, cause = self._lost
        leapt = self._boots.ahead - ahead if ahead is not None else timedelta()
        since += self._boots.ahead - max(leapt, timedelta())
        now -= min(leapt, timedelta())
        cause = GapCause.PBX_RESTART if rebooted else cause
        gap = Gap(from_at=min(since, now), to_at=now, cause=cause, filled_from="")
        begun = min([since, *(call.started_at for call in known)]) - _OVERLAP
        return Outage(pbx=self.link.pbx, at=self._there(), gap=gap, begun=begun, booted_at=self._boots.at)

    async def _pump(self, session: Session, keeping: asyncio.Task[None], deliver: Deliver) -> None:
        """Delivers until the link is lost and all that came before the loss has been delivered."""
        comparing = Comparing(self.link, session, lambda: self._tracker.channels, self._clock.monotonic())
        next_flush, idle = 0.0, min(_IDLE_SECONDS, self.link.patience.sure_s)
        keeping.add_done_callback(lambda _: self._inbox.stir())
        try:
            while not (keeping.done() and not self._inbox):
                if not keeping.done():
                    await self._inbox.something(SETTLE_SECONDS if self._tracker.waiting else idle)
                batch = self._inbox.take() or [Tick(at=self._there(), mono=self._clock.monotonic())]
                events = [event for message in batch for event in self._told(message, comparing)]
                if events:
                    await deliver(events)
                self._inbox.done()
                mono = self._clock.monotonic()
                if self._journal and mono >= next_flush:
                    next_flush = mono + _FLUSH_SECONDS
                    self._journal.flush()
                    self._mark_heard(session.spoke_at)
                if not keeping.done() and (since := comparing.missing_since(mono)) is not None:
                    clean_at = self._clock.now() - timedelta(seconds=mono - since)
                    self._lost = clean_at, self._boots.ahead, GapCause.EVENTS_LOST
                    await deliver(self._settled())
                    await deliver(await self._resync(session, rebooted=False))
                    self._lost = None
                    comparing.anew(self._clock.monotonic())
            await deliver(self._settled())
        finally:
            comparing.close()

    def _settled(self) -> list[Event]:
        """What only waited for time to pass: nobody will wait for it any more."""
        return self._tracker.feed(Tick(at=self._there(), mono=self._clock.monotonic() + 2 * SETTLE_SECONDS))

    def _mark_heard(self, until: datetime) -> None:
        """Whatever happens from now on, what was told until then need not be asked of the PBX again."""
        if self._journal and not self._inbox and self._recorded():
            self._journal.heard(until)

    def _told(self, message: Message, comparing: Comparing) -> list[Event]:
        try:
            comparing.hear(message)
            return self._tracker.feed(message)
        except Exception:
            metrics.contained.labels(part="tracker").inc()
            log.exception("message_not_understood", pbx=self.link.pbx, kind=type(message).__name__)
            return []

    def _sink(self, fields: Mapping[str, str], at: datetime, mono: float) -> None:
        """Called by the reader: nothing but parse and append. A full inbox costs the session, not the memory."""
        message = parse(fields, at, mono)
        if message is None:
            return
        if isinstance(message, Booted):
            if not self._fully_booted.is_set():
                self._boots.hear(message, self._clock.now())
                self._fully_booted.set()
            return
        if "timestamp" in fields:
            self._boots.ahead = at - self._clock.now()
        self._inbox.append(message)
        if self._inbox.full and self._session:
            log.error("inbox_full", pbx=self.link.pbx)
            self._session.close()
