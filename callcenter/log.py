"""Structured logs without personal data.

Numbers and secrets travel as ``Number`` and ``Secret``: whatever formats them for a log gets the mask. A call is
named in logs by its key, a person by an id.
"""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from typing import Any, Final, TextIO, cast

import structlog

_KEEP: Final = 2


class Number(str):
    """A telephone number whose ``repr`` is masked: ``+7…67``."""

    __slots__ = ()

    def __repr__(self) -> str:
        return mask(self)


class Secret(str):
    """A secret whose ``repr`` is ``***``. ``str()`` of it stays the secret: it is needed on the wire."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return "***"


def mask(number: str) -> str:
    """The number with everything hidden but its first and last two characters."""
    return "…" if len(number) <= 2 * _KEEP else f"{number[:_KEEP]}…{number[-_KEEP:]}"


def _mask_values(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    for key, value in event.items():
        if isinstance(value, Number | Secret):
            event[key] = repr(value)
    return event


class _NoLibrarySecrets(logging.Filter):
    """panoramisk prints whole actions, passwords included, at every level: none of its records may pass."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not record.name.startswith("panoramisk")


class _Surviving:
    """Where lines go. One that cannot be written (a full disk, a reader that went away) is lost, and the work it tells
    of goes on."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> int:
        with suppress(OSError):
            return self._file.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._file.flush()


def configure(*, json: bool, level: str = "INFO", file: TextIO | None = None) -> None:
    """Sets up structlog and the standard library's loggers. Lines go to ``file``, by default standard error."""
    out = cast("TextIO", _Surviving(file or sys.stderr))
    renderer: Any = structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _mask_values,
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(file=out),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.addFilter(_NoLibrarySecrets())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("panoramisk").disabled = True


def logger(name: str) -> structlog.typing.FilteringBoundLogger:
    """The logger of a module: ``log = logger(__name__)``; the first argument of a call names the event."""
    bound: structlog.typing.FilteringBoundLogger = structlog.get_logger(part=name.removeprefix("callcenter."))
    return bound
