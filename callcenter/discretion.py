"""Callers who hide their numbers (CLIR), though the trunk tells them. Pure."""

from __future__ import annotations

from typing import TypeVar

from callcenter.events import Arrived, Filled
from callcenter.phone import ANONYMOUS
from callcenter.values import replace

E = TypeVar("E")


def discreet(event: E) -> E:
    """The event without the number and the name of a caller who asked to hide them: he is anonymous like any other."""
    if isinstance(event, Arrived) and event.hidden:
        return replace(event, number_raw=ANONYMOUS, number_read="", name="")
    if isinstance(event, Filled):
        return replace(event, events=tuple(discreet(told) for told in event.events))
    return event
