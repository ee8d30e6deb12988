"""Channel events that were kept without those of Dial, as FreePBX does: later rows tell what was dialled. Pure.

A channel's rows name what it runs, so one whose Dial was answered says with what it dialled whom, only too late. Rows
are held back until that is known of every channel that was dialled, or the channel is gone.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from callcenter.ami.cel_rows import CelRow
from callcenter.pbxmap import peer

_DIAL: Final = "Dial"
_QUEUE: Final = "Queue"
_LONGEST_RING: Final = timedelta(minutes=5)
_PARTS: Final = re.compile(r"[/@:]")


def dials_told(rows: Iterable[CelRow]) -> Iterator[CelRow]:
    """The rows, with the beginning of each Dial before the channels it made. Where the log tells it itself nothing is
    added."""
    rows = iter(rows)
    held = _Held()
    for row in rows:
        if row.type == "APP_START" and row.app == _DIAL:
            yield from held.rest()
            yield row
            break
        yield from held.take(row)
    yield from held.rest()
    yield from rows


@dataclass(slots=True)
class _Held:
    """``unknown``: channels that were dialled by nobody knows whom; ``by``: the row that told who dialled with what.
    ``living``, ``talking``, ``queued`` are of the rows let go; ``dials``: what runs on a channel for all we know."""

    rows: deque[CelRow] = field(default_factory=deque)
    unknown: dict[str, CelRow] = field(default_factory=dict)
    by: dict[str, CelRow] = field(default_factory=dict)
    living: dict[str, CelRow] = field(default_factory=dict)
    talking: set[str] = field(default_factory=set)
    queued: set[str] = field(default_factory=set)
    dials: dict[str, CelRow] = field(default_factory=dict)

    def take(self, row: CelRow) -> Iterator[CelRow]:
        self.rows.append(row)
        if _dialled(row):
            self.unknown[row.uniqueid] = row
        elif row.type in ("HANGUP", "CHAN_END"):
            self.unknown.pop(row.uniqueid, None)
        elif row.app == _DIAL:
            for found in [u for u, born in self.unknown.items() if born.linkedid == row.linkedid]:
                if meant := _naming(row, self.unknown[found]):
                    self.by[found] = replace(row, data=meant)
                    del self.unknown[found]
        while self.rows and not self._waits(row):
            yield from self._let_go(self.rows.popleft())

    def rest(self) -> Iterator[CelRow]:
        while self.rows:
            yield from self._let_go(self.rows.popleft())

    def _waits(self, newest: CelRow) -> bool:
        first = self.rows[0]
        return first.uniqueid in self.unknown and _dialled(first) and newest.at - first.at < _LONGEST_RING

    def _let_go(self, row: CelRow) -> Iterator[CelRow]:
        if _dialled(row):
            self.unknown.pop(row.uniqueid, None)
            yield from self._begun(row)
        self._lives(row)
        yield row

    def _begun(self, row: CelRow) -> Iterator[CelRow]:
        """Whoever is not named was dialled by the eldest of the family, unless a queue did."""
        family = [born for born in self.living.values() if born.linkedid == row.linkedid]
        by = self.by.pop(row.uniqueid, None)
        if by is None and not any(born.uniqueid in self.queued for born in family):
            free = [born for born in family if born.uniqueid not in self.talking]
            by = replace(free[0], data="") if free else None
        if by is None:
            return
        start = replace(by, type="APP_START", app=_DIAL, at=row.at)
        if (before := self.dials.get(by.uniqueid)) and before.data != start.data:
            yield replace(before, type="APP_END", at=row.at)
        self.dials[by.uniqueid] = start
        yield start

    def _lives(self, row: CelRow) -> None:
        channel = row.uniqueid
        match row.type:
            case "CHAN_START":
                self.living[channel] = row
            case "CHAN_END":
                self.living.pop(channel, None)
                self.dials.pop(channel, None)
                self.talking.discard(channel)
                self.queued.discard(channel)
            case "BRIDGE_ENTER":
                self.talking.add(channel)
            case "BRIDGE_EXIT":
                self.talking.discard(channel)
            case "APP_START" if row.app == _QUEUE:
                self.queued.add(channel)
            case "APP_END" if row.app == _QUEUE:
                self.queued.discard(channel)
            case _:
                pass


def _dialled(row: CelRow) -> bool:
    """The beginning of a channel that another made. The far half of a Local channel is made by its near one."""
    return row.type == "CHAN_START" and row.uniqueid != row.linkedid and not row.channel.endswith(";2")


def _naming(row: CelRow, born: CelRow) -> str:
    """What of a Dial's data means this channel: ``PJSIP/79161234567@trunk`` for ``PJSIP/trunk-00000001``."""
    name = peer(born.channel)
    tech, _, rest = name.partition("/")
    parts = row.data.split(",", 1)[0].split("&") if row.uniqueid != born.uniqueid else []
    meant = (p for p in parts if p.startswith(name) or (p.startswith(f"{tech}/") and rest in _PARTS.split(p)))
    return next(meant, "")
