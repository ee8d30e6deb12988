"""The process' memory beside Python's own."""

from __future__ import annotations

import ctypes
from typing import Final

_ARENA_MAX: Final = -8
"""M_ARENA_MAX of glibc's malloc.h."""


def one_for_all_threads() -> bool:
    """Has glibc take memory for every thread from one heap; False where there is another library. Call it before
    threads begin.

    By default it has up to eight a core, and what one has freed no other gets: the service grows for hours by what is
    read in one thread and let go in another. As a rule Python lets one thread at a time allocate anyway.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(_ARENA_MAX, 1))


def give_back() -> bool:
    """Has glibc return what is free within the heap, not only at its end, to the system; False where there is another
    library. In a thread: it takes milliseconds, in which nobody else can have memory.

    A shift's short-lived things leave holes between those that stay (malloc_trim(3)).
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return trim is not None and trim(0) >= 0
