"""When a PBX started, and what its clock says, as far as either can be known. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from callcenter.ami.messages import Booted

_SAME: Final = timedelta(seconds=2)
_LONGEST_LIFE: Final = timedelta(days=3650)


class Boots:
    """``at``: when it started, by its own clock as all its times are, None where it does not say. A clock that is put
    right while the PBX lives moves its uptime by as much, and so leaves its start where it was; where the clock stood
    at 1970 the start is not known until the next one.

    ``ahead``: how far its clock is before ours, by what it told last.
    """

    def __init__(self) -> None:
        self.at: datetime | None = None
        self.ahead = timedelta()
        self._told: Booted | None = None

    def hear(self, told: Booted, now: datetime) -> None:
        """A login's FullyBooted, heard at ``now`` by our clock."""
        self._told = told
        self.ahead = told.at - now

    def again(self, started: Iterable[datetime]) -> bool:
        """Whether the PBX started anew since the last login, or since the first of these calls of ours ``started``."""
        if self._told is None or not 0 <= self._told.uptime < _LONGEST_LIFE.total_seconds():
            return False
        before, boot = self.at, self._told.at - timedelta(seconds=self._told.uptime)
        self.at = boot
        return bool(before and boot - before > _SAME) or any(at < boot - _SAME for at in started)
