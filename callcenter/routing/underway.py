"""Calls of ours that go on: each is told as it changes, and stands in its row as soon as the database takes it.

Who is told of a PBX's events does not wait for a row: the writing is a task's own, in order, and of each the last word.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Generic, Protocol, TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from callcenter.contain import contained
from callcenter.errors import Unavailable
from callcenter.routing.originate import patience_s
from callcenter.routing.outside import Outside

_AGAIN_SECONDS: Final = 1.0
_LAST_SECONDS: Final = 2.0


class Ours(Protocol):
    """What begins with somebody's own phone. ``picked_up``: he has it in his hand; ``refused``: the PBX has given up
    on it, and only the end of its leg is awaited."""

    @property
    def id(self) -> UUID: ...
    @property
    def over(self) -> bool: ...
    @property
    def picked_up(self) -> bool: ...
    @property
    def refused(self) -> str | None: ...
    @property
    def face(self) -> tuple[object, ...]: ...


A = TypeVar("A", bound=Ours)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way(Generic[A]):
    """``news``: what is published of one whose ``face`` has changed; ``stands`` hears of each change before that.
    ``row`` writes how one stands, with when it was over."""

    part: str
    news: Callable[[A], object]
    stands: Callable[[A], None]
    row: Callable[[A, datetime | None], Callable[[Session], None]]


class Underway(Generic[A]):
    """By id. ``run`` for ever."""

    def __init__(self, outside: Outside, way: Way[A]) -> None:
        self._out = outside
        self._way = way
        self._going: dict[UUID, A] = {}
        self._heard: dict[UUID, float] = {}
        """When each was heard of last, monotonic seconds."""
        self._unwritten: dict[UUID, Callable[[Session], None]] = {}
        self._wake = asyncio.Event()

    def __iter__(self) -> Iterator[A]:
        """Those that are not over."""
        return iter(tuple(self._going.values()))

    def get(self, one: UUID) -> A | None:
        return self._going.get(one)

    def named(self, uniqueid: str) -> A | None:
        """The one whose first leg, or whose order to the PBX, has this id."""
        try:
            return self._going.get(UUID(uniqueid))
        except ValueError:
            return None

    def begin(self, one: A) -> None:
        self._going[one.id] = one
        self._heard[one.id] = self._out.clock.monotonic()

    def note(self, one: A) -> None:
        """Something of it that is nobody's news."""
        if one.id in self._going:
            self._going[one.id] = one

    async def take(self, one: A) -> None:
        """It stands like this from now on."""
        before = self._going.get(one.id)
        if before is None or before == one:
            return
        self.begin(one)
        if one.over:
            del self._going[one.id], self._heard[one.id]
        self._way.stands(one)
        if before.face != one.face:
            self.write(one)
            await self._out.bus.publish(self._way.news(one))

    def write(self, one: A) -> None:
        """Its row says so, soon."""
        self._unwritten[one.id] = self._way.row(one, self._out.clock.now() if one.over else None)
        self._wake.set()

    def silent(self) -> list[A]:
        """Those of which nothing was heard for longer than can be."""
        now = self._out.clock.monotonic()
        return [
            one
            for one in self._going.values()
            if now - self._heard[one.id] > patience_s(on=one.picked_up, refused=bool(one.refused))
        ]

    async def run(self) -> None:
        """Writes, for ever. What still waits when the service ends is tried once more."""
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._unwritten:
                    if not await self._write_one():
                        await asyncio.sleep(_AGAIN_SECONDS)
        finally:
            with contained(self._way.part, TimeoutError):
                async with asyncio.timeout(_LAST_SECONDS):
                    while self._unwritten and await self._write_one():
                        pass

    async def _write_one(self) -> bool:
        """False: the database does not take it now. What no database would ever take is left."""
        one, row = next(iter(self._unwritten.items()))
        taken = True
        with contained(self._way.part):
            try:
                await self._out.db.write(row)
            except Unavailable:
                taken = False
                raise
        if taken and self._unwritten[one] is row:
            del self._unwritten[one]
        return taken
