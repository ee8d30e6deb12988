"""What a PBX wrote of its calls, as whole calls. Reading blocks: not for the event loop.

Several places may be set. The one that tells most is read: channel events, else call detail records, else the queue
log; and of channel events' calls the queue log says why they left their queues.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from callcenter.ami.backfill import sources
from callcenter.ami.backfill.queue_log import verdicts
from callcenter.ami.backfill.rows import QueueRow
from callcenter.ami.cel import Translation, Verdicts
from callcenter.ami.past import Past, Times, calls_of
from callcenter.events import Filled, Gap
from callcenter.pbxmap import PbxMap

_LATE: Final = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What one PBX wrote down. ``source`` are paths of files and URLs of databases, parted by blanks, ``spool`` where
    the PBX keeps recordings. ``only``: read no other kind (cel, cdr, queue_log)."""

    source: str
    spool: str
    kind: str = "cel"
    only: str = ""

    def calls(self, map: PbxMap, gap: Gap, begun: datetime, booted_at: datetime | None = None) -> list[Filled]:
        """The calls that ended in the gap, read from ``begun`` on, when the first of them may have begun. ``booted_at``
        is since when the PBX lives.

        Raises Unavailable.
        """
        return list(self.told(map, gap, begun, booted_at))

    def told(self, map: PbxMap, gap: Gap, begun: datetime, booted_at: datetime | None = None) -> Iterator[Filled]:
        """The same one by one."""
        best, *others = sources.find(self.source, self.only)
        if best.kind != "cel":
            yield from sources.records(best, map, self.spool, gap, begun)
            return
        until = gap.to_at + _LATE
        why = _verdicts(others, begun, until)
        times = Times(since=gap.from_at - _LATE, booted_at=booted_at)
        past = Past(map, Translation(self.spool, why), replace(gap, filled_from="cel"), times)
        yield from calls_of(sources.events(best, begun, until), past)


def _verdicts(others: Sequence[sources.Source], since: datetime, until: datetime) -> Verdicts:
    log = next((one for one in others if one.kind == "queue_log"), None)
    rows = log.rows(since - _LATE, until) if log else iter(())
    return verdicts(row for row in rows if isinstance(row, QueueRow))
