"""The links to all PBXs: a feed and an ordered consumer each, and the map they read channels by."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from callcenter.ami.feed import Feed, Kept
from callcenter.ami.history import History
from callcenter.ami.journal import Journal
from callcenter.ami.wire import Link
from callcenter.call import Call
from callcenter.clock import Clock
from callcenter.config import Pbx, SettingError, Settings
from callcenter.crm import maps
from callcenter.errors import Unavailable
from callcenter.health import Health
from callcenter.ledger import Event, Ledger
from callcenter.log import Secret, logger
from callcenter.news import MapChanged
from callcenter.pbx_events import LinkDown, LinkUp
from callcenter.pbxmap import PbxMap
from callcenter.phone import Phone, parse

log = logger(__name__)
_JOURNALS: Final = "journal"


class Links:
    """Every PBX of the settings. ``send`` reaches one; ``health`` follows their state."""

    def __init__(self, settings: Settings, ledger: Ledger, clock: Clock, health: Health) -> None:
        self._ledger = ledger
        self._health = health
        self.journals = settings.state / _JOURNALS
        self.feeds: dict[str, Feed] = {}
        for name, pbx in settings.pbx.items():
            map = PbxMap(pbx=name, region=settings.region)
            journal, recorded = Journal(self.journals, name), partial(ledger.recorded, name)
            kept = Kept(journal=journal, history=history(settings, name), recorded=recorded)
            self.feeds[name] = Feed(link(name, pbx), map, clock, partial(self._open, name), kept)

    def load_maps(self, session: Session) -> None:
        """Takes the confirmed rules; called before the links are opened."""
        for name, feed in self.feeds.items():
            feed.map = PbxMap(pbx=name, region=feed.map.region, rules=maps.rules(session, name))

    async def send(self, pbx: str, action: Mapping[str, str], timeout: float = 5.0) -> list[dict[str, str]]:
        """Sends an action to one PBX, at most once. Raises Unavailable while it is not connected."""
        feed = self.feeds.get(pbx)
        if feed is None:
            raise Unavailable(f"no PBX is named {pbx}", code="pbx_unavailable")
        return await feed.send(action, timeout)

    def flush_journals(self) -> None:
        """Everything that was told so far is in the files."""
        for feed in self.feeds.values():
            feed.flush_journal()

    def written(self, pbx: str, trunk: str, number: str) -> str:
        """A number as the PBX is to dial it: by the rules of the trunk, where one is named."""
        feed = self.feeds.get(pbx)
        return feed.map.to_dial(trunk, number) if feed and trunk else number

    def number(self, pbx: str, channel: str, raw: str) -> Phone:
        """A caller's number as the trunk on which he came means it."""
        map = self.feeds[pbx].map
        return parse(map.arrived(channel, raw), map.region_of(channel))

    def written_history(self, pbx: str) -> tuple[PbxMap, History | None]:
        """How a PBX's channels are read, and where it writes its calls down."""
        feed = self.feeds[pbx]
        return feed.map, feed.history

    async def map_changed(self, event: MapChanged) -> None:
        if feed := self.feeds.get(event.map.pbx):
            feed.map = event.map

    async def link_up(self, event: LinkUp) -> None:
        await self._health.well(f"pbx:{event.pbx}")

    async def link_down(self, event: LinkDown) -> None:
        await self._health.ill(f"pbx:{event.pbx}", event.code, event.remedy)

    async def run(self, group: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
        """Opens every link and starts its consumer, owned by ``group``."""
        tasks = []
        for name, feed in self.feeds.items():
            await self._health.expect(f"pbx:{name}", "connecting", "the link is being opened")
            tasks.append(group.create_task(self._ledger.run(name), name=f"ledger {name}"))
            tasks.append(group.create_task(self._feed(name, feed), name=f"feed {name}"))
        return tasks

    async def _feed(self, name: str, feed: Feed) -> None:
        async def deliver(events: Sequence[Event]) -> None:
            await self._ledger.deliver(name, events)

        await feed.run(deliver)

    async def _open(self, pbx: str) -> list[Call]:
        await self._ledger.caught_up(pbx)
        return [call for key, call in self._ledger.live().items() if key.pbx == pbx]


def history(settings: Settings, pbx: str) -> History | None:
    """What the PBX wrote down of its calls, None where no place is set."""
    source = settings.pbx[pbx].history.get_secret_value()
    return History(source=source, spool=settings.recordings_of(pbx).pbx_spool) if source else None


def link(name: str, pbx: Pbx) -> Link:
    """How a PBX of the settings is reached."""
    return Link(
        pbx=name,
        host=pbx.host,
        port=pbx.port,
        username=pbx.username,
        secret=Secret(pbx.secret.get_secret_value()),
        tls=_tls(name, pbx.tls_ca) if pbx.tls else None,
    )


def _tls(name: str, authority: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=str(authority) if authority else None)
    except OSError as wrong:
        raise SettingError(f"CALLCENTER_PBX__{name.upper()}__TLS_CA: cannot be read: {wrong.strerror}") from wrong
