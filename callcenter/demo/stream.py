"""How Asterisk writes: headers in a fixed order, CRLF, a blank line, a stamp on every event that is news."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

Header: TypeAlias = tuple[str, str]
Listener: TypeAlias = Callable[[bytes], None]

_PRIVILEGES: Final = (("Queue", "agent"), ("Agent", "agent"), ("VarSet", "dialplan"), ("UserEvent", "user"))


def frame(headers: Iterable[Header]) -> bytes:
    """One message. Line breaks in a value are not taken out, because Asterisk does not do so either."""
    return ("".join(f"{name}: {value}\r\n" for name, value in headers) + "\r\n").encode()


def privilege(event: str) -> str:
    """The class of an event, as manager.conf's ``read`` names it."""
    return next((kind for start, kind in _PRIVILEGES if event.startswith(start)), "call")


class Stream:
    """The news of one PBX, told to everybody who is logged in, in one order."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()

    def listen(self, listener: Listener) -> None:
        self._listeners.add(listener)

    def leave(self, listener: Listener) -> None:
        self._listeners.discard(listener)

    def tell(self, event: str, *parts: Iterable[Header]) -> None:
        """Sends an event made of groups of headers."""
        headers: list[Header] = [
            ("Event", event),
            ("Privilege", f"{privilege(event)},all"),
            ("Timestamp", f"{time.time():.6f}"),
        ]
        for part in parts:
            headers += part
        whole = frame(headers)
        for listener in tuple(self._listeners):
            listener(whole)
