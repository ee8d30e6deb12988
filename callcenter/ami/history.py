"""What a PBX wrote of its calls, as whole calls. Reading blocks: not for the event loop.

Several places may be set. The one that tells most is read: channel events, else call detail records, else the queue
log; and of channel events' calls the queue log says why they left their queues.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, TypeAlias, TypeVar

from callcenter.ami.backfill import sources
from callcenter.ami.backfill.queue_log import verdicts
from callcenter.ami.backfill.rows import QueueRow
from callcenter.ami.cel import Translation, Verdicts
from callcenter.ami.past import Past, Times, calls_of
from callcenter.errors import Unavailable
from callcenter.events import Filled, Gap, GapCause
from callcenter.pbxmap import PbxMap

_LATE: Final = timedelta(seconds=10)
_APART: Final = timedelta(minutes=5)
"""So far may the clock that wrote and ours be apart; what was heard anyway is told in vain."""
_STILL: Final = timedelta(days=2)
_STRIDE: Final = 64

Pace: TypeAlias = Callable[[], None]
"""Called every few rows: it may sleep, so that others get on, or raise Unavailable, so that reading ends."""
_Row = TypeVar("_Row")
SLOW: Final = "there is more than can be read in a moment; it is read beside the calls that come"


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What one PBX wrote down. ``source`` are paths of files and URLs of databases, parted by blanks, ``spool`` where
    the PBX keeps recordings. ``only``: read no other kind (cel, cdr, queue_log)."""

    source: str
    spool: str
    kind: str = "cel"
    only: str = ""

    def calls(self, map: PbxMap, gap: Gap, begun: datetime) -> list[Filled]:
        """The calls that ended in the gap, read from ``begun`` on, when the first of them may have begun.

        Raises Unavailable.
        """
        return list(self.told(map, gap, begun))

    def told(
        self, map: PbxMap, gap: Gap, begun: datetime, booted_at: datetime | None = None, pace: Pace | None = None
    ) -> Iterator[Filled]:
        """The same one by one; of a gap of our own also what went on in it of calls that ended later or go on.

        ``booted_at`` is since when the PBX lives. Raises Unavailable.
        """
        best, *others = sources.find(self.source, self.only)
        gap = replace(gap, filled_from=best.kind)
        times = _times(gap, booted_at)
        until = times.until + _STILL if times.until else gap.to_at + _LATE
        if best.kind != "cel":
            yield from sources.records(best.kind, _paced(best.rows(begun, until), pace), map, self.spool, (gap, times))
            return
        past = Past(map, Translation(self.spool, _verdicts(others, begun, until)), gap, times)
        yield from calls_of(_paced(sources.events(best, begun, until), pace), past)


def in_time(seconds: float) -> Pace:
    """Reading that takes longer ends."""
    until = time.monotonic() + seconds

    def look() -> None:
        if time.monotonic() > until:
            raise Unavailable(SLOW, code="history_slow")

    return look


def _times(gap: Gap, booted_at: datetime | None) -> Times:
    """Of years before us nothing was heard; of a gap everything that came after it was."""
    if gap.cause is GapCause.HISTORY:
        return Times(since=gap.from_at - _LATE)
    since, until = gap.from_at - _APART, gap.to_at + _APART
    return Times(since=since, until=until, booted_at=booted_at, living=True)


def _paced(rows: Iterable[_Row], pace: Pace | None) -> Iterator[_Row]:
    for n, row in enumerate(rows):
        if pace and not n % _STRIDE:
            pace()
        yield row


def _verdicts(others: Sequence[sources.Source], since: datetime, until: datetime) -> Verdicts:
    log = next((one for one in others if one.kind == "queue_log"), None)
    rows = log.rows(since - _LATE, until) if log else iter(())
    return verdicts(row for row in rows if isinstance(row, QueueRow))
