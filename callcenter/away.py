"""Which errors say that the database is not there now, whatever was asked of it."""

from __future__ import annotations

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from callcenter.errors import Unavailable

_AWAY_STATES = ("08", "53", "57", "58")  # no connection, no room, stopped by somebody, its machine


def away(wrong: BaseException) -> bool:
    return isinstance(wrong, OperationalError | InterfaceError | OSError | PoolTimeoutError) or state(wrong).startswith(
        _AWAY_STATES
    )


def state(wrong: BaseException) -> str:
    return getattr(getattr(wrong, "orig", None), "sqlstate", None) or ""


def unavailable(wrong: BaseException) -> Unavailable:
    """The error without its statement: parameters are personal data."""
    cause = getattr(wrong, "orig", None) or wrong
    words = str(cause).lower()
    code = "database_locked" if "locked" in words else "database_unavailable"
    code = "database_full" if "full" in words or state(wrong) == "53100" else code
    return Unavailable(f"the database does not take it now: {type(cause).__name__}: {cause}", code=code)
