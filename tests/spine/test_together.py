"""Who asks at the same time is answered in one go, each with his own answer, whatever befalls those beside him."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from callcenter.errors import Unavailable
from callcenter.together import Together


class Register:
    """Doubles numbers, slowly; knows nothing of negative ones, and is out of reach for thousands."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.open = asyncio.Event()

    async def double(self, numbers: Sequence[int]) -> list[int]:
        self.asked.append(list(numbers))
        await self.open.wait()
        if any(number >= 1000 for number in numbers):
            raise Unavailable("away")
        if any(number < 0 for number in numbers):
            raise LookupError(numbers)
        return [2 * number for number in numbers]


async def settled() -> None:
    """Everybody has come as far as he can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_whoever_comes_meanwhile_is_asked_for_next_at_once_and_no_more_than_so_many() -> None:
    register = Register()
    numbers: Together[int, int] = Together(register.double, most=3)
    asking = [asyncio.create_task(numbers.of(n)) for n in range(5)]
    await settled()
    register.open.set()
    assert await asyncio.gather(*asking) == [0, 2, 4, 6, 8]
    assert register.asked == [[0, 1, 2], [3, 4]]
    assert await numbers.of(7) == 14


async def test_what_is_wrong_with_one_is_not_wrong_with_those_beside_it() -> None:
    register = Register()
    register.open.set()
    numbers: Together[int, int] = Together(register.double)
    answers = await asyncio.gather(*(numbers.of(n) for n in (1, -2, 3)), return_exceptions=True)
    assert (answers[0], type(answers[1]), answers[2]) == (2, LookupError, 6)
    assert register.asked == [[1, -2, 3], [1], [-2], [3]]


async def test_what_is_out_of_reach_is_so_for_all_and_is_not_asked_for_again() -> None:
    register = Register()
    register.open.set()
    numbers: Together[int, int] = Together(register.double)
    answers = await asyncio.gather(*(numbers.of(n) for n in (1, 2000)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [Unavailable, Unavailable]
    assert register.asked == [[1, 2000]]


@pytest.mark.parametrize("who", [0, 1, 2])
async def test_who_goes_away_takes_no_answer_with_him(who: int) -> None:
    """Also he who asks for all."""
    register = Register()
    numbers: Together[int, int] = Together(register.double, most=2)
    asking = [asyncio.create_task(numbers.of(n)) for n in range(4)]
    await settled()
    asking[who].cancel()
    await settled()
    register.open.set()
    answers = await asyncio.gather(*asking, return_exceptions=True)
    assert isinstance(answers.pop(who), asyncio.CancelledError)
    assert answers == [2 * n for n in range(4) if n != who]
