"""What a PBX wrote of its calls, a value a row; and the moment of a row that was written by the clock on its wall."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, TypeAlias

from callcenter.ami.cel_rows import CelRow

_QUARTER: Final = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class CdrRow:
    """A call detail record: one leg, written at its end. ``recording`` is FreePBX's name of the file."""

    at: datetime
    answered_at: datetime | None
    ended_at: datetime
    uniqueid: str
    linkedid: str
    source: str
    name: str
    dialled: str
    channel: str
    to_channel: str
    app: str
    data: str
    disposition: str
    recording: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """A line of the queue log. ``agent`` is a member's name or interface, NONE where nobody is meant."""

    at: datetime
    uniqueid: str
    queue: str
    agent: str
    event: str
    data: tuple[str, ...] = ()


Kind: TypeAlias = Literal["cel", "cdr", "queue_log"]
HistoryRow: TypeAlias = CelRow | CdrRow | QueueRow


def born(uniqueid: str) -> datetime | None:
    """When the channel began: a Uniqueid is ``[system-]seconds.number``, always in UTC."""
    seconds = uniqueid.rpartition("-")[2].partition(".")[0]
    return datetime.fromtimestamp(int(seconds), UTC) if seconds.isdigit() and len(seconds) < 12 else None


class Wall:
    """Turns times without a zone into moments. The offset is read off each channel's first row, whose Uniqueid says
    the same moment in UTC: so it is right in the night of the change too, and no setting is needed."""

    def __init__(self) -> None:
        self._offset = timedelta()

    def moment(self, naive: datetime, uniqueid: str, *, first: bool) -> datetime:
        """``first``: the row was written when the channel began."""
        began = born(uniqueid) if first else None
        if began is not None:
            seconds = (naive.replace(tzinfo=UTC) - began).total_seconds()
            self._offset = timedelta(seconds=round(seconds / _QUARTER) * _QUARTER)
        return naive.replace(tzinfo=UTC) - self._offset
