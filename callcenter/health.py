"""One value of how every part is, behind the connection light and ``/readyz``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from callcenter.bus import Bus
from callcenter.clock import Clock
from callcenter.log import logger

log = logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """``code`` is stable and translated by the browser, ``remedy`` is for the administrator; both empty while ok."""

    ok: bool
    since: datetime
    code: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthChanged:
    """A part changed. ``name`` is ``pbx:<name>``, ``database``, ``recordings`` or ``speech``."""

    name: str
    part: Part


class Health:
    """Who is well. Parts report; a change is published once."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock
        self._parts: dict[str, Part] = {}

    @property
    def parts(self) -> Mapping[str, Part]:
        return self._parts

    async def well(self, name: str) -> None:
        old = self._parts.get(name)
        if old and old.ok:
            return
        if old:
            log.info("part_well", part=name, was=old.code)
        await self._set(name, Part(ok=True, since=self._clock.now()))

    async def expect(self, name: str, code: str, remedy: str) -> None:
        """A part that is not well yet, which is no fault so far."""
        await self._set(name, Part(ok=False, since=self._clock.now(), code=code, remedy=remedy))

    async def ill(self, name: str, code: str, remedy: str) -> None:
        old = self._parts.get(name)
        if old and old.code == code:
            return
        log.warning("part_ill", part=name, code=code, remedy=remedy)
        await self._set(name, Part(ok=False, since=self._clock.now(), code=code, remedy=remedy))

    async def _set(self, name: str, part: Part) -> None:
        self._parts[name] = part
        await self._bus.publish(HealthChanged(name=name, part=part))
