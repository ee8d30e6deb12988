"""Examines a PBX through a short connection of its own: the one calls are heard on is left alone."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from callcenter.ami.wire import Link, LinkFailed, open_session
from callcenter.clock import Clock
from callcenter.config import Settings
from callcenter.db import Database
from callcenter.errors import Unavailable
from callcenter.log import logger
from callcenter.routing.claims import installation
from callcenter.routing.doctor import books, host
from callcenter.routing.doctor.examination import examine
from callcenter.routing.doctor.facts import Asked, Books, Door, Facts, Known, Spool, Written
from callcenter.routing.doctor.findings import Remedy, Report, Unseen
from callcenter.routing.doctor.link_checks import nothing_asked
from callcenter.routing.doctor.look import Look
from callcenter.routing.outside import Send
from callcenter.routing.report import Inquiry
from callcenter.routing.reported import Reported

log = logger(__name__)
_LOOK_SECONDS: Final = 60.0
_RESOLVE_SECONDS: Final = 5.0
_HISTORY_SECONDS: Final = 15.0


class Doctor:
    """``reach`` says how a PBX of the settings is reached. ``db`` None: it could not be opened. ``speech`` tells the
    speech models there are and the chosen one, by name."""

    def __init__(
        self,
        settings: Settings,
        reach: Callable[[str], Link],
        db: Database | None,
        clock: Clock,
        speech: Callable[[], tuple[tuple[str, ...], str]],
    ) -> None:
        self._settings = settings
        self._reach = reach
        self._db = db
        self._clock = clock
        self._speech = speech

    async def examine(self, pbx: str) -> Report:
        """Looks at a PBX of the settings now. Changes nothing, and says of everything it could not see why."""
        return examine(await self.facts(pbx))

    async def facts(self, pbx: str) -> Facts:
        link = self._reach(pbx)
        kept = await self._books(pbx)
        spool = await asyncio.to_thread(host.spool, self._settings.recordings_of(pbx))
        ours: dict[str, Any] = {
            "written": await self._written(pbx),
            "machine": await asyncio.to_thread(host.machine, self._speech),
        }
        local, address = await _whereabouts(link)
        door = Door(
            host=link.host, port=link.port, username=link.username, tls=link.tls is not None, local=local, ours=address
        )
        try:
            session = await open_session(link, lambda *_: None, self._clock)
        except LinkFailed as wrong:
            return replace(self._outside(pbx, _shut(door, wrong), kept, spool), **ours)
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                return replace(await self._inside(pbx, door, session.send, (kept, spool)), **ours)
        except (TimeoutError, Unavailable) as wrong:
            log.warning("examination_broken_off", pbx=pbx, reason=type(wrong).__name__)
            broken = _shut(door, LinkFailed("broken_off", "the connection broke off"))
            return replace(self._outside(pbx, broken, kept, spool), **ours)
        finally:
            session.close()

    async def _written(self, pbx: str) -> Written | None:
        setting = self._settings.pbx[pbx].history.get_secret_value()
        try:
            return await asyncio.wait_for(asyncio.to_thread(host.written, setting), _HISTORY_SECONDS)
        except TimeoutError:
            return Written(place="", code="history_unreadable", trouble="it gives no answer")

    async def _inside(self, pbx: str, door: Door, send: Send, ours: tuple[Known[Books], Spool | None]) -> Facts:
        look = Look(send, door.username, self._clock)
        return Facts(
            pbx=pbx,
            at=self._clock.now(),
            door=door,
            version=await look.version(),
            skew_s=await look.skew(),
            actions=await look.actions(),
            manager=await look.file("manager.conf"),
            queues=await look.file("queues.conf"),
            cel=await look.file("cel.conf"),
            stasis=await look.file("stasis.conf"),
            asterisk=await look.file("asterisk.conf"),
            members=await look.members(pbx),
            reported=await _reported(pbx, send),
            hints=await look.hints(),
            contexts=await look.contexts(),
            modules=await look.modules(),
            rows=await look.rows(),
            held=await look.held(installation(self._settings.state)),
            books=ours[0],
            spool=ours[1],
            asked=await self._asked(ours[0], look),
        )

    async def _asked(self, kept: Known[Books], look: Look) -> Known[Asked | None]:
        if isinstance(kept, Unseen) or not kept.asking:
            return None
        where = self._settings.fastagi
        return Asked(
            address=where.asked_at(where.port),
            heard=await host.listens(where.bound, where.port),
            rows=await look.routing(),
            asks=await look.asks(),
        )

    def _outside(self, pbx: str, door: Door, kept: Known[Books], spool: Spool | None) -> Facts:
        blind = nothing_asked(door)
        return Facts(
            pbx=pbx,
            at=self._clock.now(),
            door=door,
            version=blind,
            skew_s=blind,
            actions=blind,
            manager=blind,
            queues=blind,
            cel=blind,
            stasis=blind,
            asterisk=blind,
            members=blind,
            reported=blind,
            hints=blind,
            contexts=blind,
            modules=blind,
            rows=blind,
            held=blind,
            books=kept,
            spool=spool,
        )

    async def _books(self, pbx: str) -> Known[Books]:
        region, now = self._settings.region, self._clock.now()
        try:
            if self._db is not None:
                return await self._db.read(lambda s: books.read(s, pbx, region, now))
        except Unavailable as wrong:
            log.warning("books_not_read", pbx=pbx, code=wrong.code)
        advice = "Run it as the service's user, with its settings, after: callcenter migrate"
        return Unseen(code="database", thing="our database", why="it cannot be read", remedy=Remedy(advice=advice))


async def _reported(pbx: str, send: Send) -> Known[Reported]:
    return await Inquiry(pbx, send).report()


def _shut(door: Door, wrong: LinkFailed) -> Door:
    return Door(
        host=door.host,
        port=door.port,
        username=door.username,
        tls=door.tls,
        local=door.local,
        ours=door.ours,
        refused=wrong.code,
        told=wrong.remedy,
    )


async def _whereabouts(link: Link) -> tuple[bool, str]:
    """Whether the PBX is this machine, and the address it sees us come from; "" where that is not known."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(_RESOLVE_SECONDS):
            found = await loop.getaddrinfo(link.host, link.port, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError):
        return False, ""
    addresses = [entry[4][0] for entry in found]
    local = all(ipaddress.ip_address(str(one).partition("%")[0]).is_loopback for one in addresses)
    return local, _own(found[0][0], str(addresses[0]), link.port)


def _own(family: int, address: str, port: int) -> str:
    """The address of ours that a packet to there would bear; nothing is sent."""
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((address, port))
            return str(probe.getsockname()[0])
    except OSError:
        return ""
