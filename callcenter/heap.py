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
