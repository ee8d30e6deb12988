"""Debts as a PBX's database has them: that a phone owes, and each call it owes for. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from callcenter.values import replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A row of the PBX's database. ``known``: its call is among ours, owed for or settled."""

    value: str
    since: float
    known: bool


_NOTHING: Final[Mapping[str, Standing]] = {}


class Listed:
    """By member interface: the calls it owes for by the dialplan's list, each by its Uniqueid."""

    def __init__(self) -> None:
        self._of: dict[str, dict[str, Standing]] = defaultdict(dict)

    def __iter__(self) -> Iterator[str]:
        return iter(self._of)

    def of(self, interface: str) -> Mapping[str, Standing]:
        return self._of.get(interface, _NOTHING)

    def find(self, interface: str, call: str, value: str, mono: float) -> None:
        """Seen in the database."""
        old = self.of(interface).get(call)
        if old is None or (old.value and old.value != value):
            self._of[interface][call] = Standing(value=value, since=mono, known=False)

    def told(self, interface: str, call: str, mono: float) -> None:
        """The dialplan has written it, as far as it keeps a list."""
        self._of[interface].setdefault(call, Standing(value="", since=mono, known=True))

    def explain(self, interface: str, call: str) -> None:
        self._of[interface][call] = replace(self._of[interface][call], known=True)

    def drop(self, interface: str, call: str) -> None:
        left = self._of.get(interface, {})
        left.pop(call, None)
        if not left:
            self._of.pop(interface, None)

    def clear(self) -> None:
        self._of.clear()
