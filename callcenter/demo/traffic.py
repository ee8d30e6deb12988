"""Customers who ring all day, and phones that somebody picks up: there is always somebody waiting."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from callcenter.demo import cast
from callcenter.demo.pace import Pace
from callcenter.demo.pbx import Pbx
from callcenter.demo.queue_call import Plan
from callcenter.demo.spool import dialogues

MOST_WAITING: Final = 5
_FEW_WAITING: Final = 3
_UNANSWERED: Final = 0.04
_KNOWN, _STRANGER = 0.8, 0.94
_REMEMBERED: Final = 12
_IMPATIENT: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Phones:
    """How long a phone rings before it is picked up; now and then nobody comes."""

    rng: random.Random

    def __call__(self, _interface: str) -> float | None:
        return None if self.rng.random() < _UNANSWERED else self.rng.uniform(3, 6)


class Traffic:
    """``numbers`` are those of customers on cards, in E.164."""

    def __init__(self, pbx: Pbx, numbers: Sequence[str], pace: Pace, rng: random.Random) -> None:
        self._pbx = pbx
        self._numbers = numbers
        self._pace = pace
        self._rng = rng
        self._lately: deque[str] = deque(maxlen=_REMEMBERED)

    async def run(self) -> None:
        """A call every few seconds, sooner while few wait and none while many do; for ever."""
        while True:
            waiting = sum(len(queue.waiting) for queue in self._pbx.switch.floor.queues.values())
            if waiting < MOST_WAITING:
                self._pbx.call(self.plan())
            await self._pace.sleep(self._rng.uniform(0.4, 1.5) if waiting < _FEW_WAITING else self._rng.uniform(3, 7))

    def plan(self) -> Plan:
        """The next customer's call."""
        rng = self._rng
        return Plan(
            number=self._number(),
            did="7001" if rng.random() < 0.7 else "7002",
            patience=rng.uniform(5, 12) if rng.random() < _IMPATIENT else rng.uniform(40, 150),
            talk=rng.uniform(12, 30),
            agent_ends=rng.random() < 0.3,
            dialogue=rng.choice(dialogues()),
        )

    def _number(self) -> str:
        """Mostly somebody known, sometimes a stranger, now and then withheld; as trunks write it, without the plus."""
        which = self._rng.random()
        if which >= _STRANGER or not self._numbers:
            return "anonymous"
        if which >= _KNOWN:
            return cast.stranger(self._rng).removeprefix("+")
        number = self._rng.choice([n for n in self._numbers if n not in self._lately] or self._numbers)
        self._lately.append(number)
        return number.removeprefix("+")
