"""From framed bytes to the events that matter, for the wire and for replays alike. Pure."""

from __future__ import annotations

import re
from typing import Final

from callcenter.ami import framing
from callcenter.ami.parsing import VARIABLES, WANTED

_VARIABLE: Final = re.compile(rb"\r\nVariable: _*(?:%s)\r\n" % "|".join(sorted(VARIABLES)).encode())
_TELLING: Final = {b"VarSet": _VARIABLE, b"NewCallerid": re.compile(rb"\r\nCID-CallingPres: 3[2-5] ")}
"""What those must say that say nothing to us most of the time."""
_ALWAYS: Final = frozenset(name.encode() for name in WANTED) - frozenset(_TELLING)
_EVENT: Final = b"Event: "
_NAME_AT: Final = len(_EVENT)
_GREETING: Final = b"Event: FullyBooted\r\n"  # bears no time even where all others do


def worth(message: bytes) -> bool:
    """Decides on bytes whether an event is worth parsing: nine tenths of a stream say nothing to us."""
    name = message[_NAME_AT : message.find(b"\r\n", _NAME_AT)]
    if name not in _ALWAYS and not (name in _TELLING and _TELLING[name].search(message)):
        return message.startswith((b"\r", b"\n")) and worth(message.lstrip(b"\r\n"))
    return message.startswith(_EVENT)


class Reader:
    """Of one connection: whether its PBX tells the time of what it tells."""

    def __init__(self) -> None:
        self._timed = False

    def read(self, message: bytes) -> dict[str, str] | None:
        """The headers of an event that matters, names in lower case; None for any other. Raises framing.Broken."""
        message = message.lstrip(b"\r\n")
        if not worth(message):
            return None
        fields = framing.event_fields(message, timed=self._timed and not message.startswith(_GREETING))
        self._timed = self._timed or "timestamp" in fields
        return fields
