"""A device's channel in a customer's call. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from callcenter.events import Via
from callcenter.roster import Device


class When(Protocol):
    """Anything that says when it happened: every message does."""

    @property
    def at(self) -> datetime: ...

    @property
    def mono(self) -> float: ...


@dataclass(slots=True)
class Leg:
    """A device's channel in a call. ``offered``: Offered was told, at ``rung``; ``closed``: so was OfferEnded;
    ``answered``: when it was picked up (both monotonic seconds).

    ``leaving``: since when it does not hear the customer. A transfer or the folding of a Local channel parts the two
    for a millisecond, so Left is told a moment later. ``parting``: he asked a colleague and passed the customer on.
    ``parted``: since when he is in no bridge after that; his channel may live until the colleague answers.
    ``beside``: it rings, or rang, with another leg of the same phone, whose offer is told for both.
    """

    device: Device
    via: Via | None = None
    offered: bool = False
    closed: bool = False
    rung: float = 0.0
    answered: float | None = None
    joined: bool = False
    talked: bool = False
    held: bool = False
    leaving: When | None = None
    parting: bool = False
    parted: When | None = None
    beside: bool = False

    @property
    def rings(self) -> bool:
        """Its offer is told and stands."""
        return self.offered and not self.closed
