"""In what order tests run: telephones wait and rows compute, so they are mixed, and neither leaves the machine idle
while it has to wait for the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import Final, TypeVar

T = TypeVar("T")
_SHARE: Final = 0.7
"""Up to here in the others the last of those that wait has begun, so that none is left alone at the end."""


def mixed(items: Sequence[T], waits: Callable[[T], str]) -> list[T]:
    """The same items. Those for which ``waits`` names a block stay together with it; the blocks, the longest first, are
    spread evenly among the rest, which keeps its order."""
    rest = [item for item in items if not waits(item)]
    waiting = sorted((item for item in items if waits(item)), key=waits)
    blocks = sorted((list(block) for _, block in groupby(waiting, waits)), key=len, reverse=True)
    step = int(len(rest) * _SHARE / max(1, len(blocks)))
    order: list[T] = []
    for at, block in enumerate(blocks):
        order += [*block, *rest[at * step : (at + 1) * step]]
    return order + rest[len(blocks) * step :]


def block_of(path: Iterable[str], groups: Sequence[str]) -> str:
    """Tests of telephones and browsers wait: by their group, else by their file. The others by none."""
    parts = list(path)
    if not {"pbx", "browser"} & set(parts[:-1]):
        return ""
    return groups[0] if groups else parts[-1]
