"""How fast a PBX's link comes back, and whether what we hold is then what the PBX lists.

A real Asterisk 22 under SIPp customers who wait, talk, come and go; one feed, as the service runs it, behind a wire
that can be cut, can hang and can refuse. Seconds, the worst of several rounds.

``reconnect_cut``    from the cut of the link until we are live again
``reconnect_equal``  from the moment the PBX can be reached again, after callers came and went unheard, until our open
                     calls are those it lists; no living call popped a second time
``reconnect_hung``   from the moment a link passes nothing on, or Asterisk is frozen, until that is noticed
``reconnect_boot``   from a killed Asterisk taking logins again until we are live, know of the restart and hold no ghost
``reconnect_false``  times that loss was concluded, under ordinary traffic, where nothing was lost

    ./run bench reconnect         needs root on a Debian, as the PBX tests do
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

from prometheus_client import REGISTRY

from callcenter.ami.feed import Feed
from callcenter.ami.tracker import Event
from callcenter.ami.wire import Link, Patience
from callcenter.clock import SystemClock
from callcenter.events import Arrived
from callcenter.log import Secret
from callcenter.pbx_events import LinkDown, LinkUp
from tests.ami.linked import Records
from tests.ami.tale import MAP
from tests.lab.asterisk import Asterisk
from tests.lab.phones import Caller, Floor
from tests.lab.shape import AMI_SECRET, AMI_USER
from tests.siege.wire import Wire
from tests.until import pace, until_async

BARS: Final = {
    "reconnect_cut": 3.0,
    "reconnect_equal": 3.0,
    "reconnect_hung": 15.0,
    "reconnect_boot": 3.0,
    "reconnect_false": 0.0,
}
WAITING: Final = 8
DIDS: Final = ("7001", "7101", "7102")
LOSSES: Final = "callcenter_ami_losses_total"


class Ear(Records):
    """Records that know when the link came and went."""

    def __init__(self) -> None:
        super().__init__()
        self.at: dict[type, float] = {}

    async def deliver(self, events: Sequence[Event]) -> None:
        await super().deliver(events)
        self.at |= {type(event): time.monotonic() for event in events if isinstance(event, LinkUp | LinkDown)}

    def downs(self) -> int:
        return self.count(LinkDown)

    def living(self) -> set[str]:
        return {call.key.uniqueid for call in self.calls.values() if call.ended_at is None}


class Bench:
    """A PBX, its phones, and the feed that hears it."""

    def __init__(self, pbx: Asterisk, floor: Floor, wire: Wire, rounds: int) -> None:
        self.pbx, self.floor, self.wire, self.rounds = pbx, floor, wire, rounds
        self.ear = Ear()
        link = Link(
            pbx="main",
            host="127.0.0.1",
            port=wire.port,
            username=AMI_USER,
            secret=Secret(AMI_SECRET),
            patience=Patience(compare_s=1.0),
        )
        self.feed = Feed(link, MAP, SystemClock(), self.ear.open)
        self._number = 0

    def ring(self, did: str = "7001", *, talk_ms: int = 600_000, patience_ms: int = 600_000) -> Caller:
        self._number += 1
        return self.floor.caller(f"7916{self._number:07d}", did, talk_ms=talk_ms, patience_ms=patience_ms)

    async def listed(self) -> set[str]:
        """The customers' channels there are."""
        rows = await self.feed.send({"Action": "CoreShowChannels"})
        return {row["uniqueid"] for row in rows if row.get("channel", "").startswith("PJSIP/anonymous-")}

    async def equal(self) -> bool:
        return self.ear.living() == await self.listed()

    async def cut(self) -> float:
        """Seconds until live again."""
        before, begun = self.ear.up(), time.monotonic()
        self.wire.cut()
        await until_async(lambda: self.ear.up() > before, 60, "the link")
        return self.ear.at[LinkUp] - begun

    async def away(self) -> float:
        """Callers end and others come while nobody can listen."""
        before, staying = self.ear.up(), len(self.ear.living())
        going = [self.ring(patience_ms=4000) for _ in range(3)]
        await until_async(lambda: len(self.ear.living()) == staying + len(going), 20, "who gives up")
        self.wire.refusing = True
        self.wire.cut()
        self.ring()
        await until_async(lambda: all(caller.ended() for caller in going), 30, "who goes")
        await pace(1.0)
        begun, self.wire.refusing = time.monotonic(), False
        await until_async(lambda: self.ear.up() > before, 60, "the link")
        await until_async(self.equal, 30, "the same calls")
        return time.monotonic() - begun

    async def hung(self, *, frozen: bool) -> float:
        """Seconds until noticed that nothing comes any more."""
        before, begun = self.ear.downs(), time.monotonic()
        self._hang(True, frozen=frozen)
        try:
            await until_async(lambda: self.ear.downs() > before, 60, "the loss")
        finally:
            self._hang(False, frozen=frozen)
        noticed, ups = self.ear.at[LinkDown] - begun, self.ear.up()
        await until_async(lambda: self.ear.at[LinkUp] > self.ear.at[LinkDown] or self.ear.up() > ups, 60, "the link")
        return noticed

    def _hang(self, on: bool, *, frozen: bool) -> None:
        if frozen:
            os.kill(self.pbx.pid, signal.SIGSTOP if on else signal.SIGCONT)
        else:
            self.wire.hang(on)

    async def booted(self) -> float:
        """Everybody's calls die with Asterisk."""
        before = self.ear.up()
        await asyncio.to_thread(self.pbx.kill)
        for caller in self.floor.callers:
            caller.silence()
        await asyncio.to_thread(self.pbx.start)
        begun = time.monotonic()
        await until_async(lambda: self.ear.up() > before, 60, "the link")
        took = max(0.0, self.ear.at[LinkUp] - begun)
        ups = [event for event in self.ear.events if isinstance(event, LinkUp)]
        if not ups[-1].rebooted or not await self.equal():
            raise AssertionError(f"the restart was not understood: {ups[-1]}, {self.ear.living()}")
        return took

    async def traffic(self, seconds: float) -> None:
        """Customers ring, talk and go, the list compared every second."""
        self.floor.phone("101", answer_ms=100)
        self.floor.phone("102", answer_ms=300)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            callers = [caller for caller in self.floor.callers if not caller.ended()]
            if len(callers) < WAITING:
                self.ring(DIDS[len(self.floor.callers) % len(DIDS)], talk_ms=700, patience_ms=2000)
            await pace(0.1)
        await until_async(lambda: all(caller.ended() for caller in self.floor.callers), 60, "the last customer gone")


@asynccontextmanager
async def linked(rounds: int) -> AsyncIterator[Bench]:
    with Asterisk() as pbx, Floor(pbx) as floor:
        wire = Wire(pbx.ports.ami)
        await wire.start()
        bench = Bench(pbx, floor, wire, rounds)
        running = asyncio.create_task(bench.feed.run(bench.ear.deliver))
        try:
            await until_async(bench.ear.up, 30, "the link")
            yield bench
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
            await wire.close()


def losses() -> float:
    return REGISTRY.get_sample_value(LOSSES, {"pbx": "main"}) or 0.0


async def measure(rounds: int, seconds: float) -> dict[str, float]:
    async with linked(rounds) as bench:
        await bench.traffic(seconds)
        found = {"reconnect_false": losses()}
        waiting = [bench.ring() for _ in range(WAITING)]
        await until_async(lambda: len(bench.ear.living()) == len(waiting), 30, "who waits")
        found["reconnect_cut"] = max([await bench.cut() for _ in range(rounds)])
        found["reconnect_equal"] = max([await bench.away() for _ in range(rounds)])
        found["reconnect_hung"] = max([await bench.hung(frozen=frozen) for frozen in (False, True)])
        arrived = [event.call for event in bench.ear.events if isinstance(event, Arrived)]
        if len(arrived) != len(set(arrived)):
            raise AssertionError("a call that lived through an outage came twice")
        found["reconnect_boot"] = await bench.booted()
    return found


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=5, help="cuts, and outages with callers who come and go")
    options.add_argument("--seconds", type=float, default=30.0, help="of traffic in which nothing is lost")
    asked = options.parse_args()
    found = asyncio.run(measure(asked.rounds, asked.seconds))
    for name, bar in BARS.items():
        print(f"{name} {found[name]:.2f} {bar:g} {'pass' if found[name] <= bar else 'fail'}")
    return int(any(found[name] > bar for name, bar in BARS.items()))


if __name__ == "__main__":
    sys.exit(main())
