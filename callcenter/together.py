"""Questions that come at the same time are asked in one go: a hundred rows at once cost little more than one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

from callcenter.errors import Unavailable

Q = TypeVar("Q")
A = TypeVar("A")
_MOST: Final = 64


class Together(Generic[Q, A]):
    """``ask`` answers several questions in their order, all or none. Those of one turn of the loop are asked together,
    and while they are asked the next ones gather: who comes alone waits for nobody. Each who asks may ask for those
    beside him; nothing goes on in the background."""

    def __init__(self, ask: Callable[[Sequence[Q]], Awaitable[Sequence[A]]], most: int = _MOST) -> None:
        self._ask = ask
        self._most = most
        self._waiting: list[tuple[Q, asyncio.Future[A]]] = []
        self._turn = asyncio.Lock()

    async def of(self, question: Q) -> A:
        """Raises what ``ask`` raises for this question; only what is out of reach is so for those beside it, too."""
        mine: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, mine))
        try:
            async with self._turn:
                await asyncio.sleep(0)
                while not mine.done():
                    await self._some()
            return mine.result()
        finally:
            mine.cancel()

    async def _some(self) -> None:
        """The next ones. Where whoever asks goes away meanwhile, they are asked for again."""
        waiting = [one for one in self._waiting if not one[1].done()]
        some, self._waiting = waiting[: self._most], waiting[self._most :]
        try:
            await self._answer(some)
        finally:
            self._waiting = [one for one in some if not one[1].done()] + self._waiting

    async def _answer(self, some: Sequence[tuple[Q, asyncio.Future[A]]]) -> None:
        try:
            answers = await self._ask([question for question, _ in some])
        except Exception as wrong:
            if len(some) > 1 and not isinstance(wrong, Unavailable):
                for one in some:
                    await self._answer([one])
                return
            for future in _waited_for(some):
                future.set_exception(wrong)
        else:
            told = dict(zip((future for _, future in some), answers, strict=True))
            for future in _waited_for(some):
                future.set_result(told[future])


def _waited_for(some: Sequence[tuple[Q, asyncio.Future[A]]]) -> list[asyncio.Future[A]]:
    return [future for _, future in some if not future.done()]
