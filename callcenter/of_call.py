"""Which call an event is of, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

ASIDE: Final = "~"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallKey:
    """The natural key of a call: the Uniqueid of the customer's channel, which never changes.

    A PBX whose clock starts anew at each boot can say one again. The earlier call is then set aside: its ``uniqueid``
    has ``ASIDE`` and more behind it, and ``told`` is what the PBX said.
    """

    pbx: str
    uniqueid: str

    @property
    def told(self) -> str:
        return self.uniqueid.partition(ASIDE)[0]

    def __str__(self) -> str:
        return f"{self.pbx}/{self.uniqueid}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfCall:
    """``at`` and ``mono`` as ``callcenter.events`` says."""

    call: CallKey
    at: datetime
    mono: float
