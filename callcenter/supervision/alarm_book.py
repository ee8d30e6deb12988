"""What becomes of each alarm, written down: raised, acknowledged, over. No I/O.

What the database could not take is written with the next look.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from callcenter.crm.models.floor import AlarmRow
from callcenter.ids import new_id
from callcenter.supervision.alarms import Acknowledged, Alarm, AlarmKey, AlarmKind, Standing

_UNWRITTEN_AT_MOST: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An alarm that stands."""

    id: UUID
    worst: float
    acknowledged: Acknowledged | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """An alarm that was lifted, and how far it went."""

    id: UUID
    worst: float
    at: datetime


@dataclass(slots=True)
class Page:
    """What is to be written."""

    raised: list[Alarm] = field(default_factory=list)
    over: list[Over] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.raised or self.over)


class Book:
    """``stand`` after each look; ``page`` is what to write then, ``written`` once it was."""

    def __init__(self) -> None:
        self._entries: dict[AlarmKey, Entry] = {}
        self.page = Page()

    def stand(
        self, raised: Iterable[Standing], labels: Mapping[tuple[str, str], str], now: datetime
    ) -> tuple[Alarm, ...]:
        """The alarms that stand now, under the ids they keep."""
        alarms, gone = [], dict(self._entries)
        for one in raised:
            key, reading = one.reading.key, one.reading
            entry = gone.pop(key, None)
            fresh = entry is None
            entry = entry or Entry(id=new_id(), worst=reading.value)
            self._entries[key] = entry = replace(entry, worst=reading.worse(entry.worst))
            alarms.append(_alarm(one, entry, labels))
            if fresh:
                self.page.raised.append(alarms[-1])
        for key, entry in gone.items():
            del self._entries[key]
            self.page.over.append(Over(id=entry.id, worst=entry.worst, at=now))
        del self.page.raised[:-_UNWRITTEN_AT_MOST], self.page.over[:-_UNWRITTEN_AT_MOST]
        return tuple(alarms)

    def acknowledge(self, alarm: UUID, seen: Acknowledged) -> None:
        """Somebody has seen one that may still stand."""
        for key, entry in self._entries.items():
            if entry.id == alarm:
                self._entries[key] = replace(entry, acknowledged=seen)
                return

    def written(self, page: Page) -> None:
        """All of it is in the database."""
        del self.page.raised[: len(page.raised)], self.page.over[: len(page.over)]


def rows(alarms: Iterable[Alarm]) -> list[AlarmRow]:
    return [
        AlarmRow(
            id=one.id,
            kind=one.kind.value,
            pbx=one.pbx,
            thing=one.thing,
            label=one.label,
            agent_id=UUID(one.thing) if one.kind is AlarmKind.WRAPUP else None,
            limit=one.limit,
            worst=one.value,
            raised_at=one.raised_at,
        )
        for one in alarms
    ]


def _alarm(one: Standing, entry: Entry, labels: Mapping[tuple[str, str], str]) -> Alarm:
    (kind, pbx, thing), raised_at = one.reading.key, one.raised_at
    assert raised_at is not None
    return Alarm(
        id=entry.id,
        kind=kind,
        pbx=pbx,
        thing=thing,
        label=labels.get((pbx, thing), ""),
        value=one.reading.value,
        limit=one.reading.limit,
        since=one.reading.since,
        raised_at=raised_at,
        acknowledged=entry.acknowledged,
    )
