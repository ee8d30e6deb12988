"""Who has just answered, by the word of the PBX alone: the talk itself is told a moment later. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from callcenter.events import CallKey

_ENOUGH_SECONDS: Final = 3.0
"""How long that word holds a member without news of the talk."""


class Answers:
    """By member interface: the call, and until when (monotonic seconds) its answer counts."""

    def __init__(self) -> None:
        self._said: dict[str, tuple[CallKey, float]] = {}

    def put(self, interface: str, call: CallKey, mono: float) -> None:
        self._said[interface] = (call, mono + _ENOUGH_SECONDS)

    def heard(self, interfaces: Iterable[str], call: CallKey) -> None:
        """The talk is known: what is owed for it needs no other word."""
        for name in interfaces:
            if name in self._said and self._said[name][0] == call:
                del self._said[name]

    def hold(self, interface: str, mono: float) -> bool:
        return interface in self._said and mono < self._said[interface][1]

    def clear(self) -> None:
        self._said.clear()
