"""So many times in so many seconds, by whatever name: a token, an address. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

_NAMES_AT_MOST: Final = 10_000


@dataclass(slots=True)
class Throttle:
    """``times`` in ``within_s`` seconds for each name."""

    times: int
    within_s: float
    _since: dict[str, tuple[float, int]] = field(default_factory=dict)

    def over(self, name: str, mono: float) -> bool:
        """Counts one more; whether that is too often. ``mono``: monotonic seconds."""
        since, count = self._since.get(name, (mono, 0))
        if mono - since > self.within_s:
            since, count = mono, 0
        if len(self._since) >= _NAMES_AT_MOST and name not in self._since:
            self._since.clear()
        self._since[name] = (since, count + 1)
        return count >= self.times

    def spent(self, name: str, mono: float) -> bool:
        """Whether one more would be too often; counts nothing."""
        since, count = self._since.get(name, (mono, 0))
        return mono - since <= self.within_s and count >= self.times
