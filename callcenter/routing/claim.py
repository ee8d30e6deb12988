"""Whose a PBX's gate is: of two installations on one PBX each would let the other's agents go. Pure.

Who has it says so in the PBX's own database, again and again: ``callcenter-gate/held`` is
``<installation>|<machine>|<seconds since 1970>``. Whoever finds another's word there asks nothing of members, debts and
rows, until that word has stood unchanged for a while; by its own clock, as nobody knows what the other's says.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote, unquote

FAMILY: Final = "callcenter-gate"
KEY: Final = "held"
BEAT_SECONDS: Final = 15.0
PATIENCE_SECONDS: Final = 60.0
"""Whoever has said nothing for so long is gone."""
_FIELDS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """An installation, and the machine's name for people."""

    installation: str
    machine: str

    def says(self, at: datetime) -> str:
        return f"{self.installation}|{quote(self.machine, safe='')}|{int(at.timestamp())}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The word of whoever has the gate; ``at`` by his clock."""

    holder: Holder
    at: datetime


def read(value: str) -> Said | None:
    """What stands in the PBX's database, None: nothing, or nothing we could make sense of."""
    fields = value.split("|")
    if len(fields) != _FIELDS or not fields[0] or not fields[2].isdecimal():
        return None
    try:
        at = datetime.fromtimestamp(int(fields[2]), UTC)
    except (OverflowError, ValueError, OSError):
        return None
    return Said(holder=Holder(installation=fields[0], machine=unquote(fields[1])), at=at)


class Claim:
    """One installation's claim to one PBX's gate. ``ours`` None: nobody has looked yet. ``other``: who has it."""

    def __init__(self, me: Holder) -> None:
        self._me = me
        self._value: str | None = None
        self._watched = 0.0
        self._looked: float | None = None
        self.ours: bool | None = None
        self.other: Holder | None = None

    def linked(self) -> None:
        """The link came: that nobody could be heard meanwhile says nothing of him, and what was ours may be another's
        by now. For how long he was heard to say nothing before is not forgotten: a link that is lost every minute would
        leave the gate to nobody."""
        self._looked = None
        if self.ours:
            self.ours = None

    def look(self, value: str, mono: float) -> bool:
        """Whether it is ours, now that this stands there (monotonic seconds)."""
        if value != self._value:
            self._value, self._watched = value, 0.0
        elif self._looked is not None:
            self._watched += mono - self._looked
        self._looked = mono
        said = read(value)
        other = said.holder if said and said.holder.installation != self._me.installation else None
        gone = self._watched >= PATIENCE_SECONDS
        self.other = None if gone else other
        self.ours = self.other is None
        return self.ours
