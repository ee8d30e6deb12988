"""Who waits in which queue, and how many could answer. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from callcenter.call import Call
from callcenter.counting import QueueKey
from callcenter.routing.debts import FAMILY
from callcenter.routing.seat import IN_USE, Seat
from callcenter.routing.today import Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A queue now. ``free`` members are neither paused nor on the phone, ``talking`` ones are on the phone or ring, and
    ``wrapup`` ones owe an outcome; ``paused`` counts these too, and nobody who is on the phone."""

    pbx: str
    queue: str
    waiting: int
    longest_since: datetime | None
    members: int
    paused: int
    free: int
    unreachable: int = 0
    talking: int = 0
    wrapup: int = 0


class Day(Protocol):
    """The day's figures of queues, and how people named them."""

    labels: Mapping[QueueKey, str]

    def of(self, queue: QueueKey) -> Figures: ...

    def target(self, queue: QueueKey) -> int: ...

    def short(self, queue: QueueKey) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueNow(Line):
    """With what it has come to today: see ``today.Figures``. ``label`` is what people call it, ``""``: its name;
    who hangs up before ``short_s`` seconds counts in nothing."""

    label: str
    target_s: int
    short_s: int
    today: Figures


def overview(now: Iterable[Line], day: Day) -> tuple[QueueNow, ...]:
    """Lines with their day."""
    return tuple(
        QueueNow(
            **{name: getattr(line, name) for name in Line.__slots__},
            label=day.labels.get((line.pbx, line.queue), ""),
            target_s=day.target((line.pbx, line.queue)),
            short_s=day.short((line.pbx, line.queue)),
            today=day.of((line.pbx, line.queue)),
        )
        for line in now
    )


def lines(pbx: str, calls: Iterable[Call], seats: Iterable[Seat]) -> list[Line]:
    """Every queue that has members or callers, by name. A caller who talks to somebody does not wait."""
    waiting: dict[str, list[datetime]] = defaultdict(list)
    for call in calls:
        if call.key.pbx == pbx and call.ended_at is None and not any(s.talking for s in call.segments):
            for visit in call.queues:
                if visit.left_at is None:
                    waiting[visit.queue].append(visit.joined_at)
    sitting: dict[str, list[Seat]] = defaultdict(list)
    for seat in seats:
        sitting[seat.queue].append(seat)
    return [_line(pbx, queue, waiting[queue], sitting[queue]) for queue in sorted({*waiting, *sitting})]


def _line(pbx: str, queue: str, since: list[datetime], seats: list[Seat]) -> Line:
    return Line(
        pbx=pbx,
        queue=queue,
        waiting=len(since),
        longest_since=min(since, default=None),
        members=len(seats),
        paused=sum(seat.paused and seat.status not in IN_USE for seat in seats),
        free=sum(seat.open for seat in seats),
        unreachable=sum(not seat.reachable for seat in seats),
        talking=sum(seat.status in IN_USE for seat in seats),
        wrapup=sum(seat.paused and seat.reason.startswith(FAMILY) and seat.status not in IN_USE for seat in seats),
    )
