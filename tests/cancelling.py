"""Work cancelled at a chosen one of its waits: where a cancellation falls is else a matter of luck."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Coroutine, Generator
from functools import partial
from types import coroutine
from typing import Any


@coroutine
def cancelled_at(wait: int, work: Coroutine[Any, Any, Any]) -> Generator[Any, None, int]:
    """Runs ``work`` as the task it is called in, which is cancelled as ``work`` waits for the ``wait``-th time, counted
    from 0; how often it waited, when it came to its end before that."""
    go_on = partial(work.send, None)
    task = asyncio.current_task()
    assert task is not None
    for waits in itertools.count():
        try:
            awaited = go_on()
        except StopIteration:
            return waits
        if waits == wait:
            task.cancel()
        try:
            yield awaited
        except BaseException as thrown:
            go_on = partial(work.throw, thrown)
        else:
            go_on = partial(work.send, None)
    raise AssertionError("unreachable")


async def at_every_wait(run: Callable[[int], Awaitable[object]], most: int = 60) -> list[object]:
    """What ``run`` gives for a cancellation at the first wait, the second and so on, up to the one that never comes and
    for which it gives a number."""
    given: list[object] = [await run(0)]
    while not isinstance(given[-1], int) and len(given) < most:
        given.append(await run(len(given)))
    return given
