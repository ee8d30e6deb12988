"""From framed bytes to the events that matter, for the wire and for replays alike. Pure."""

from __future__ import annotations

import re
from typing import Final

from callcenter.ami import framing
from callcenter.ami.parsing import VARIABLES, WANTED

_VARIABLE: Final = re.compile(rb"\r\nVariable: _*(?:%s)\r\n" % "|".join(sorted(VARIABLES)).encode())
_TELLING: Final = {b"VarSet": _VARIABLE, b"NewCallerid": re.compile(rb"\r\nCID-CallingPres: 3[2-5] ")}
"""What those must say that say nothing to us most of the time."""
_WANTED: Final = frozenset(name.encode() for name in WANTED)
_GREETING: Final = b"FullyBooted"  # bears no time even where all others do


class Reader:
    """Decides on bytes which messages are worth parsing: two thirds of a stream say nothing to us."""

    def __init__(self) -> None:
        self._timed = False

    def read(self, message: bytes) -> dict[str, str] | None:
        """The headers of an event that matters, names in lower case; None for any other. Raises framing.Broken."""
        name = framing.event_name(message)
        if name not in _WANTED or (name in _TELLING and not _TELLING[name].search(message)):
            return None
        fields = framing.event_fields(message, timed=self._timed and name != _GREETING)
        self._timed = self._timed or "timestamp" in fields
        return fields
