"""Waiting for something to become true, instead of sleeping and hoping."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any, TypeVar, overload

T = TypeVar("T")

STEP_S = 0.02


def until(condition: Callable[[], T], timeout: float = 10.0, what: str = "") -> T:
    """Return the first truthy `condition()`; AssertionError after `timeout` seconds, naming `what`."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(_late(what, timeout, value))
        time.sleep(STEP_S)


@overload
async def until_async(condition: Callable[[], Awaitable[T]], timeout: float = 10.0, what: str = "") -> T: ...
@overload
async def until_async(condition: Callable[[], T], timeout: float = 10.0, what: str = "") -> T: ...
async def until_async(condition: Callable[[], Any], timeout: float = 10.0, what: str = "") -> Any:
    """As `until`, for a condition that may be a coroutine function, without blocking the loop."""
    deadline = time.monotonic() + timeout
    while True:
        found = condition()
        value = await found if isawaitable(found) else found
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(_late(what, timeout, value))
        await asyncio.sleep(STEP_S)


def at_moment(moment: float) -> None:
    """Return at that wall-clock second: tests of a race must aim, not wait."""
    time.sleep(max(0.0, moment - time.time()))


def _late(what: str, timeout: float, value: object) -> str:
    return f"{what or 'the condition'} did not come true within {timeout:g} s (last: {value!r})"


async def pace(seconds: float) -> None:
    """A person's own speed, where a test plays people. Never for waiting until something has happened."""
    await asyncio.sleep(seconds)
