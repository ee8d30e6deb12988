"""How well each PBX is heard, from the counters that its link and its ledger keep."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from callcenter.vitals import judge, measure
from callcenter.vitals.judge import Stream

_AGES: Final = 30
_SURE: Final = 3
_EXPLAINED: Final = timedelta(seconds=30)
"""As long after a message that could not be read, the channel it told of is strange to us."""
_NAMES: Final[Mapping[str, str]] = {
    "taken": "callcenter_ami_messages_total",
    "broken": "callcenter_ami_broken_messages_total",
    "unannounced": "callcenter_ami_unannounced_messages_total",
    "differences": "callcenter_ami_differences_total",
    "losses": "callcenter_ami_losses_total",
    "links_lost": "callcenter_ami_links_lost_total",
    "lag": "callcenter_ami_lag_seconds",
    "taking": "callcenter_ami_behind_seconds",
    "writing": "callcenter_ledger_behind_seconds",
}


@dataclass(slots=True)
class _Ear:
    """What was found at the last look at one PBX, and since."""

    counted: Mapping[str, float] = field(default_factory=dict)
    ages: deque[float] = field(default_factory=lambda: deque(maxlen=_AGES))
    broken_at: datetime | None = None
    lost_at: datetime | None = None
    longest: float = 0.0

    def look(self, pbx: str, counted: Mapping[str, float], now: datetime) -> Stream:
        """The lag is that of the newest event: old news, where none came since the last look."""
        grown = {name: value > self.counted.get(name, 0.0) for name, value in counted.items()}
        self.counted = counted
        if grown["broken"]:
            self.broken_at = now
        unread = self.broken_at is not None and now - self.broken_at < _EXPLAINED
        if grown["losses"] or (grown["unannounced"] and not unread):
            self.lost_at = now
        if grown["taken"]:
            self.ages.append(counted["lag"])
        late, skew = judge.apart(self.ages) if self.ages else (0.0, 0.0)
        lag = max(late if grown["taken"] else 0.0, counted["taking"] + counted["writing"])
        self.longest = max(self.longest, lag)
        return Stream(
            pbx=pbx,
            lag_s=lag,
            longest_lag_s=self.longest,
            skew_s=skew if len(self.ages) >= _SURE else 0.0,
            broken=int(counted["broken"]),
            broken_at=self.broken_at,
            lost=int(counted["unannounced"] + counted["differences"]),
            lost_at=self.lost_at,
            links_lost=int(counted["links_lost"]),
        )


class Streams:
    """Of every PBX, from look to look."""

    def __init__(self) -> None:
        self._ears: dict[str, _Ear] = {}

    def look(self, pbx: str, now: datetime) -> Stream:
        samples = measure.counted(_NAMES.values(), pbx)
        counted = {name: samples[metric] for name, metric in _NAMES.items()}
        return self._ears.setdefault(pbx, _Ear()).look(pbx, counted, now)
