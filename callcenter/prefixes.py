"""What a trunk puts before numbers, and what it wants before them. Pure.

Providers send ``84951234567``, ``4951234567`` or ``0074951234567`` for one number, and want a ``9`` in front of what is
dialled. A trunk's rules say so; the first that fits wins, and a number that no rule fits stays as it came.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_LAYOUT: Final = str.maketrans("", "", " -().\u00a0\u2011")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefix:
    """Numbers that begin with ``strip`` begin with ``add`` instead. ``length`` (of digits, 0: any) narrows it."""

    strip: str = ""
    add: str = ""
    length: int = 0

    def fits(self, number: str) -> bool:
        digits = len(number.removeprefix("+"))
        return number.startswith(self.strip) and self.length in (0, digits)

    def turn(self, number: str) -> str:
        return self.add + number.removeprefix(self.strip)


def rewritten(number: str, prefixes: Iterable[Prefix]) -> str:
    """The number by the first rule that fits: read as it arrives, or as the trunk wants it dialled.

    What is no number (``anonymous``, a SIP name) is never touched.
    """
    plain = number.strip().translate(_LAYOUT)
    if not plain.removeprefix("+").isdecimal():
        return number
    return next((rule.turn(plain) for rule in prefixes if rule.fits(plain)), number)


def undone(dialled: str, prefixes: Iterable[Prefix]) -> str:
    """The number that was meant, from what went out on the trunk: the first rule that may have made it, backwards."""
    plain = dialled.strip().translate(_LAYOUT)
    if not plain.removeprefix("+").isdecimal():
        return dialled
    for rule in prefixes:
        meant = rule.strip + plain.removeprefix(rule.add)
        if plain.startswith(rule.add) and rule.fits(meant):
            return meant
    return dialled
