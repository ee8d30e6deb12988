"""The life of a PBX's link: connect, log in, snapshot, difference, live; and again after every loss, for ever."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from callcenter import metrics
from callcenter.ami import resync
from callcenter.ami.journal import Journal
from callcenter.ami.messages import Booted, Message, parse
from callcenter.ami.tracker import Event, Tracker
from callcenter.ami.wire import ANSWER_SECONDS, Link, LinkFailed, Session, open_session
from callcenter.call import Call
from callcenter.clock import Clock
from callcenter.errors import Unavailable
from callcenter.events import LinkDown, LinkUp
from callcenter.log import logger
from callcenter.pbxmap import PbxMap

log = logger(__name__)
_INBOX: Final = 100_000
_BATCH: Final = 256
_BOOT_SECONDS: Final = 60.0
_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 15.0
_REFUSED_PAUSE: Final = 30.0
_SAME_BOOT: Final = timedelta(seconds=5)

Deliver = Callable[[Sequence[Event]], Awaitable[None]]


class Feed:
    """One PBX. ``known`` gives the calls that our records hold open; ``deliver`` gets every event in order."""

    def __init__(
        self,
        link: Link,
        map: PbxMap,
        clock: Clock,
        known: Callable[[], Collection[Call]],
        journal: Journal | None = None,
    ) -> None:
        self.link = link
        self._clock = clock
        self._known = known
        self._journal = journal
        self._map = map
        self._tracker = Tracker(map)
        self._session: Session | None = None
        self._inbox: asyncio.Queue[Message] = asyncio.Queue(_INBOX)
        self._booted_at: datetime | None = None
        self._fully_booted = asyncio.Event()
        self._uptime = -1

    @property
    def map(self) -> PbxMap:
        return self._map

    @map.setter
    def map(self, map: PbxMap) -> None:
        """Another map decides from now on; what lives is looked at anew."""
        self._map = map
        if self._session:
            self._session.close()

    async def send(self, action: Mapping[str, str], timeout: float = ANSWER_SECONDS) -> list[dict[str, str]]:
        """Sends an action at most once. Raises Unavailable while there is no link, Invalid for line breaks."""
        if self._session is None:
            raise Unavailable(f"PBX {self.link.pbx} is not connected", code="pbx_unavailable")
        return await self._session.send(action, timeout)

    async def run(self, deliver: Deliver) -> None:
        """Keeps the link for ever, with growing pauses; each loss is told once, with code and remedy."""
        pause = _FIRST_PAUSE
        told = ""
        while True:
            started = self._clock.monotonic()
            code, remedy = await self._once(deliver)
            metrics.ami_up.labels(pbx=self.link.pbx).set(0)
            lived = self._clock.monotonic() - started > _LONGEST_PAUSE
            pause = _FIRST_PAUSE if lived else min(pause * 2, _LONGEST_PAUSE)
            if code != told or lived:
                log.warning("pbx_link_down", pbx=self.link.pbx, code=code, remedy=remedy)
                await deliver([LinkDown(pbx=self.link.pbx, at=self._clock.now(), code=code, remedy=remedy)])
            told = code
            wait = _REFUSED_PAUSE if code == "wrong_password" else pause
            await asyncio.sleep(wait * random.uniform(0.8, 1.2))  # noqa: S311

    async def _once(self, deliver: Deliver) -> tuple[str, str]:
        """One session from connect to loss; why it ended."""
        self._inbox = asyncio.Queue(_INBOX)
        self._fully_booted.clear()
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
        finally:
            self._session = None
            session.close()
            if self._journal:
                self._journal.flush()

    async def _live(self, session: Session, deliver: Deliver) -> tuple[str, str]:
        keeping = asyncio.create_task(session.keep())
        try:
            booted = asyncio.create_task(self._fully_booted.wait())
            await asyncio.wait({keeping, booted}, timeout=_BOOT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            booted.cancel()
            if not self._fully_booted.is_set():
                return "no_fullybooted", "no FullyBooted event came; give the AMI user read=system in manager.conf"
            await deliver(await self._resync(session))
            log.info("pbx_link_up", pbx=self.link.pbx)
            metrics.ami_up.labels(pbx=self.link.pbx).set(1)
            pumping = asyncio.create_task(self._pump(deliver))
            await asyncio.wait({keeping, pumping}, return_when=asyncio.FIRST_COMPLETED)
            pumping.cancel()
            if pumping.done() and not pumping.cancelled() and (wrong := pumping.exception()):
                raise wrong
            return "lost", f"the connection to {self.link.host}:{self.link.port} was lost; it is tried again"
        finally:
            keeping.cancel()

    async def _resync(self, session: Session) -> list[Event]:
        now = self._clock.now()
        boot = now - timedelta(seconds=self._uptime) if self._uptime >= 0 else None
        rebooted = bool(boot and self._booted_at and boot - self._booted_at > _SAME_BOOT)
        self._booted_at = boot or self._booted_at
        snapshot = await resync.take(session.send, now, self._clock.monotonic())
        self._tracker = Tracker(self._map)
        events: list[Event] = [LinkUp(pbx=self.link.pbx, at=now, rebooted=rebooted)]
        events += resync.adopt(self._tracker, snapshot, self._known(), rebooted=rebooted)
        for row in snapshot.members:
            if member := parse({**row, "event": "QueueMember"}, now, snapshot.mono):
                events += self._tracker.feed(member)
        return events

    async def _pump(self, deliver: Deliver) -> None:
        while True:
            messages = [await self._inbox.get()]
            while len(messages) < _BATCH and not self._inbox.empty():
                messages.append(self._inbox.get_nowait())
            newest = messages[-1]
            metrics.ami_lag.labels(pbx=self.link.pbx).set((self._clock.now() - newest.at).total_seconds())
            events = [event for message in messages for event in self._tracker.feed(message)]
            if events:
                await deliver(events)

    def _sink(self, fields: Mapping[str, str], at: datetime, mono: float) -> None:
        """Called by the reader: nothing but parse and append. A full inbox costs the session, not the memory."""
        message = parse(fields, at, mono)
        if message is None:
            return
        if isinstance(message, Booted):
            self._uptime = message.uptime
            self._fully_booted.set()
            return
        try:
            self._inbox.put_nowait(message)
        except asyncio.QueueFull:
            log.error("inbox_full", pbx=self.link.pbx)
            if self._session:
                self._session.close()
