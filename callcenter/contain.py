"""A part's work that goes on for ever: what fails in one round stays in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from callcenter import metrics
from callcenter.errors import Unavailable
from callcenter.log import logger

log = logger(__name__)


@contextmanager
def contained(part: str, *passing: type[Exception], **facts: str) -> Iterator[None]:
    """Ends the round at a failure and keeps it from everybody else. Unavailable, and what else is ``passing``, mends
    itself and is told as ``<part>_waits``; any other is a fault of ours, counted, and told as ``<part>_failed`` with
    its trace."""
    mending: tuple[type[Exception], ...] = (Unavailable, *passing)
    try:
        yield
    except mending as wrong:
        code = wrong.code if isinstance(wrong, Unavailable) else type(wrong).__name__
        log.warning(f"{part}_waits", code=code, reason=str(wrong), **facts)
    except Exception:
        metrics.contained.labels(part=part).inc()
        log.exception(f"{part}_failed", **facts)
