"""What a PBX did not tell although its link was up. Pure.

Nothing in AMI can be counted: ``SequenceNumber`` comes with ``debug=on`` only, and is one for everything the PBX tells
anybody, also for what permissions and filters keep from us. So loss is concluded from contradictions: news of a channel
that was never announced, and a list of the PBX's channels that is not ours, twice running, as news may be under way.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from callcenter.ami import messages as m
from callcenter.ami.channels import Channels

_SUSPICION_SECONDS: Final = 5.0
_GRACE_SECONDS: Final = 2.0
_GONE: Final = 4096
_MUTE: Final = 1024
_TELLING: Final = (m.ChannelState, m.BridgeEntered, m.CallerJoined, m.DialBegin, m.RecordedTo, m.Hangup)
"""What a PBX tells of a channel only after it has announced it, and before it ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """By Uniqueid: ``ghosts`` live for us only, ``strangers`` there only; ``changed`` are in another state or bridge
    there, each with both."""

    ghosts: frozenset[str] = frozenset()
    strangers: frozenset[str] = frozenset()
    changed: frozenset[tuple[str, str, str]] = frozenset()

    def __len__(self) -> int:
        return len(self.ghosts) + len(self.strangers) + len(self.changed)

    def still(self, later: Difference) -> Difference:
        """What a later look found again."""
        return Difference(
            ghosts=self.ghosts & later.ghosts,
            strangers=self.strangers & later.strangers,
            changed=self.changed & later.changed,
        )

    def less(self, known: Difference) -> Difference:
        """What is not among what is known."""
        return Difference(
            ghosts=self.ghosts - known.ghosts,
            strangers=self.strangers - known.strangers,
            changed=self.changed - known.changed,
        )


NONE: Final = Difference()


class Watch:
    """From a snapshot on. Times are monotonic seconds. ``healed``: for what difference it was taken; what is there
    still is nothing that was lost, but something that the list tells otherwise.

    ``clean_at``: when the lists were equal last.
    """

    def __init__(self, mono: float, *, every: float, sure: float, healed: Difference = NONE) -> None:
        self._healed = healed
        self._every = every
        self._sure = sure
        self._soon = min(_SUSPICION_SECONDS, every)
        self._since = mono
        self._next = mono + every
        self._found: Difference | None = None
        self._gone: OrderedDict[str, None] = OrderedDict()
        self._mute: OrderedDict[str, None] = OrderedDict()
        self.clean_at = mono

    def hear(self, message: m.Message, channels: Channels) -> bool:
        """Whether it is about a channel that was never announced. To be called before the tracker takes the message:
        ``channels`` are those it knows so far."""
        if not isinstance(message, _TELLING) or not message.uniqueid:
            return False
        if isinstance(message, m.BridgeEntered) and message.mute:
            _remember(self._mute, message.bridge, _MUTE)
        strange = message.uniqueid not in self._gone and channels.get(message.uniqueid) is None
        if isinstance(message, m.Hangup):
            _remember(self._gone, message.uniqueid, _GONE)
        if not strange or message.mono - self._since < _GRACE_SECONDS:
            return False
        self.suspect(message.mono)
        return True

    def suspect(self, mono: float) -> None:
        """Something was put aside or makes no sense: look soon."""
        self._next = min(self._next, max(mono, self.clean_at + self._soon))

    def due(self, mono: float) -> bool:
        """Whether to ask the PBX for its list now."""
        return mono >= self._next

    def difference(self, channels: Channels, rows: Iterable[Mapping[str, str]]) -> Difference:
        """Between our channels and the rows of CoreShowChannels (names in lower case)."""
        there = {row["uniqueid"]: row for row in rows if row.get("uniqueid")}
        ours = channels.uniqueids()
        both = [there[uniqueid] for uniqueid in ours & there.keys()]
        found = Difference(
            ghosts=ours - there.keys(),
            strangers=frozenset(there.keys() - ours),
            changed=frozenset(change for row in both for change in self._changes(channels, row)),
        )
        return found.less(self._healed)

    def _changes(self, channels: Channels, row: Mapping[str, str]) -> Iterable[tuple[str, str, str]]:
        channel = channels.get(row["uniqueid"])
        if channel is None:
            return
        state, bridge = row.get("channelstatedesc", ""), row.get("bridgeid", "")
        if state and state != channel.state:
            yield channel.uniqueid, channel.state, state
        if bridge != channel.bridge and bridge not in self._mute:
            yield channel.uniqueid, channel.bridge, bridge

    def looked(self, found: Difference | None, mono: float) -> Difference:
        """What is missing for sure. None: the list could not be had, or was spoilt."""
        if found is None:
            self._next = mono + self._soon
            return NONE
        sure = self._found.still(found) if self._found else NONE
        self._found = found or None
        self._next = mono + (self._sure if found else self._every)
        if not found:
            self.clean_at = mono
        return sure


def _remember(kept: OrderedDict[str, None], one: str, most: int) -> None:
    kept[one] = None
    if len(kept) > most:
        kept.popitem(last=False)
