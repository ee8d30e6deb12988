"""The queue log: why callers left, and all that is known where neither channel events nor records were kept. Pure.

It names queues and members, no customers' channels by name and no calls outside queues; moments are whole seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from callcenter.ami.backfill.rows import QueueRow
from callcenter.events import (
    Arrived,
    CallKey,
    Direction,
    Ended,
    Filled,
    Gap,
    Joined,
    Left,
    LegEnded,
    Offered,
    OfferEnded,
    OfferResult,
    PastEvent,
    QueueJoined,
    QueueLeft,
    QueueResult,
    Via,
)
from callcenter.pbxmap import PbxMap
from callcenter.roster import Device

RESULTS: Final[Mapping[str, QueueResult]] = {
    "ABANDON": QueueResult.ABANDONED,
    "CONNECT": QueueResult.ANSWERED,
    "EXITWITHTIMEOUT": QueueResult.TIMEOUT,
    "EXITEMPTY": QueueResult.EMPTY,
    "EXITWITHKEY": QueueResult.EXIT,
    "WITHDRAW": QueueResult.EXIT,
    "FULL": QueueResult.FULL,
    "JOINEMPTY": QueueResult.EMPTY,
}
SLACK: Final = timedelta(seconds=2)


def verdicts(rows: Iterable[QueueRow]) -> dict[tuple[str, str], QueueResult]:
    """Why each caller left each queue, the last time he was in it."""
    return {(row.uniqueid, row.queue): RESULTS[row.event] for row in rows if row.event in RESULTS}


_OVER: Final = frozenset({"COMPLETECALLER", "COMPLETEAGENT", "BLINDTRANSFER", "ATTENDEDTRANSFER", "TRANSFER"})
_LOST: Final = timedelta(hours=24)
_LOOK_EVERY: Final = 500


class QueueLines:
    """Lines of one PBX's queue log in, its queue calls out."""

    def __init__(self, map: PbxMap, gap: Gap, since: datetime) -> None:
        self._map = map
        self._gap = gap
        self._since = since
        self._callers: dict[str, list[QueueRow]] = {}
        self._fed = 0

    def feed(self, row: QueueRow) -> Iterator[Filled]:
        """What is told by then."""
        if row.uniqueid == "NONE" or (row.event != "ENTERQUEUE" and row.uniqueid not in self._callers):
            return
        self._callers.setdefault(row.uniqueid, []).append(row)
        self._fed += 1
        if self._fed % _LOOK_EVERY == 0:
            for uniqueid in [u for u, rows in self._callers.items() if row.at - rows[-1].at > _LOST]:
                yield from self._recent(self._call(uniqueid, self._callers.pop(uniqueid)))

    def end(self) -> Iterator[Filled]:
        """The rest."""
        for uniqueid, rows in self._callers.items():
            yield from self._recent(self._call(uniqueid, rows))
        self._callers.clear()

    def _recent(self, told: Filled) -> Iterator[Filled]:
        if told.at >= self._since:
            yield told

    def _call(self, uniqueid: str, rows: Sequence[QueueRow]) -> Filled:
        key = CallKey(pbx=self._map.pbx, uniqueid=uniqueid)
        number = rows[0].data[1] if len(rows[0].data) > 1 else ""
        events: list[PastEvent] = [
            Arrived(
                **_stamp(key, rows[0].at),
                direction=Direction.INBOUND,
                number_raw=number or "<unknown>",
                name="",
                did="",
                trunk="",
                region=self._map.region,
            )
        ]
        legs: list[str] = []
        for row in rows:
            events += self._events(key, row, legs)
        gave_up = rows[-1].event == "ABANDON"
        end = _stamp(key, rows[-1].at)
        events.append(Ended(**end, cause=0 if gave_up else 16, by_customer=gave_up))
        return Filled(**end, events=tuple(events), gap=self._gap)

    def _events(self, key: CallKey, row: QueueRow, legs: list[str]) -> Iterator[PastEvent]:
        """``legs``: who talks with him now, by the Uniqueid the log gives for the leg."""
        stamp, device = _stamp(key, row.at), Device(pbx=self._map.pbx, name=row.agent)
        if row.event == "ENTERQUEUE":
            yield QueueJoined(**stamp, queue=row.queue)
        elif row.event == "RINGNOANSWER":
            leg, rang = f"{row.agent}:{row.at.timestamp():.0f}", timedelta(milliseconds=_number(row, 0))
            yield Offered(**_stamp(key, row.at - rang), leg=leg, device=device, via=Via.QUEUE, queue=row.queue)
            yield OfferEnded(**stamp, leg=leg, device=device, result=OfferResult.NO_ANSWER)
        elif row.event == "CONNECT":
            legs.append(row.data[1] if len(row.data) > 1 and row.data[1] else row.agent)
            rang = timedelta(seconds=_number(row, 2))
            yield Offered(**_stamp(key, row.at - rang), leg=legs[-1], device=device, via=Via.QUEUE, queue=row.queue)
            yield QueueLeft(**stamp, queue=row.queue, result=QueueResult.ANSWERED)
            yield Joined(**stamp, leg=legs[-1], device=device, via=Via.QUEUE)
        elif row.event in _OVER and legs:
            leg = legs.pop()
            yield Left(**stamp, leg=leg, device=device)
            yield LegEnded(**stamp, leg=leg, device=device)
        elif result := RESULTS.get(row.event):
            yield QueueLeft(**stamp, queue=row.queue, result=result)


def _stamp(key: CallKey, at: datetime) -> dict[str, Any]:
    return {"call": key, "at": at, "mono": at.timestamp()}


def _number(row: QueueRow, place: int) -> int:
    text = row.data[place] if len(row.data) > place else ""
    return int(text) if text.isdigit() else 0
