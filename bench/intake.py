"""What the service takes, against what a real Asterisk can make of the same machine.

Figures are processor time, not wall clock, so that other work on the machine changes little: each ratio says how much
of one core the service needs where Asterisk needs the whole of it.

``intake_cpu``     a real Asterisk 22 under SIPp customers who ring a phone and give up (no voices), the
                   service linked to it as delivered: the service's share of Asterisk's processor time, in percent
``intake_events``  events a second of one core: the service reading a recorded stream of all classes, over Asterisk
``intake_calls``   calls a second of one core, card found or made, row committed and popped, over Asterisk; none lost

What is counted of ``intake_cpu``: both processes with all their threads, from the first customer until both have
nothing left to do and every recording is settled. Asterisk takes the call through the dialplan as shipped, begins to
record it, rings a phone that is a member of two queues, writes CDR and channel events, and tells one AMI user, ours.
The service keeps call, card (half of the callers are unknown), phone's part, recording and missed-call task, drives
screens' boards and gate, and its idle work goes on. Not counted: both starts, the first calls, and what is read of
the time before the map was there. No voice is sent, so that Asterisk's share is the least a call can cost it.

    ./run bench intake            needs root on a Debian, as the PBX tests do
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import websockets

from bench._floor_plan import AGENTS, Plan, prepare
from bench._replay import RATE, Pbx, Ring, Stopwatch, background
from bench.pop import STARTED_S, listen, process
from tests.lab.asterisk import ADMIN_SECRET, ADMIN_USER, Asterisk
from tests.lab.phones import Floor, Sipp
from tests.lab.scenarios import Dialling, caller
from tests.pbx.job.conftest import wire
from tests.pbx.job.product import Desk, Product
from tests.siege.siege import every_call
from tests.until import pace, until_async

BARS: Final = {"intake_cpu": 25.0, "intake_events": 4.0, "intake_calls": 3.0}
RINGS_MS: Final = 300
WINDOW: Final = 100
FIRST: Final = 15
OUTAGES: Final = "outages WHERE next_at IS NOT NULL"
RECORDINGS: Final = "recordings WHERE state IN ('recording', 'waiting')"
DIDS: Final = {"101": "7101", "102": "7102", "103": "7103"}


class Unmade(Exception):
    """Asterisk did not make the calls that were to be measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What Asterisk made, and the processor seconds it and the service took for it."""

    calls: int
    recorded: int
    events: int
    asterisk: float
    service: float


def used(pid: int) -> float:
    """Processor seconds of a process so far, all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def idle(pid: int) -> None:
    """Returns when the process has done nearly nothing for a second."""
    before, after = -1.0, used(pid)
    while after - before > 0.1:
        before = after
        await pace(1)
        after = used(pid)


class Counter:
    """Reads all that an AMI user with every class is told, and does nothing but count."""

    def __init__(self) -> None:
        self.events = 0

    async def count(self, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        login = f"Action: Login\r\nUsername: {ADMIN_USER}\r\nSecret: {ADMIN_SECRET}\r\nEvents: on\r\n\r\n"
        writer.write(login.encode())
        while data := await reader.read(1 << 20):
            self.events += data.count(b"Event: ")


def customers(pbx: Asterisk, did: str, rate: int, calls: int) -> Sipp:
    """``calls`` customers, ``rate`` a second, each of whom gives up after a moment. Half of them have called before."""
    line = sorted(DIDS.values()).index(did)
    numbers = "\n".join(f"7916{line + 1}{number // 2:06d};" for number in range(calls))
    dialling = Dialling(user="[field0]", display="", to=did, patience_ms=RINGS_MS, talk_ms=None)
    free = pbx.ports.callers[-1 - 2 * line]
    listed = pbx.home / f"numbers-{did}.csv"
    listed.write_text(f"SEQUENTIAL\n{numbers}\n")
    options = ["-inf", str(listed), "-r", str(rate), "-m", str(calls), "-l", str(calls)]
    return Sipp(pbx, caller(dialling, None), free, [*options, f"127.0.0.1:{pbx.ports.sip}"])


def processed(pbx: Asterisk) -> int:
    """How many calls Asterisk says it has taken so far."""
    said = re.search(r"(\d+) calls? processed", pbx.cli("core show calls"))
    return int(said[1]) if said else 0


def refuse(calls: int, taken: int, customers: Sequence[Sipp]) -> None:
    """Figures about calls that were never made, or that never end, are none. Raises Unmade."""
    if taken < calls or any(sipp.running() for sipp in customers):
        why = next(
            (line for sipp in customers for line in sipp.errors().splitlines() if line.strip()), "SIPp is silent"
        )
        raise Unmade(f"Asterisk took {taken} of {calls} calls ({why}): nothing was measured")


def left(product: Product, unfinished: str) -> int:
    """Rows of the service's database that wait for its work. Read past the service: to be asked is work too."""
    with closing(sqlite3.connect(f"file:{product.folder}/state/callcenter.sqlite3?mode=ro", uri=True)) as db:
        (count,) = db.execute(f"SELECT count(*) FROM {unfinished}").fetchone()
    return int(count)


async def come(pbx: Asterisk, rate: int, calls: int) -> None:
    """So many customers call, a third of them each phone, and are gone. Raises Unmade."""
    taken = processed(pbx)
    begun = [customers(pbx, did, rate // 3, calls // 3) for did in DIDS.values()]
    with suppress(AssertionError):
        await until_async(lambda: not any(sipp.running() for sipp in begun), 120)
    refuse(calls, processed(pbx) - taken, begun)
    for sipp in begun:
        sipp.close()


async def first(pbx: Asterisk, product: Product) -> float:
    """The first calls, and all that is read later of the time before them; how many events Asterisk makes of one."""
    counter = Counter()
    counting = asyncio.create_task(counter.count(pbx.ports.ami))
    await come(pbx, FIRST, FIRST)
    await until_async(lambda: not left(product, OUTAGES), 90, "the outage of the new map being read")
    counting.cancel()
    with suppress(asyncio.CancelledError):
        await counting
    return counter.events / FIRST


async def flood(pbx: Asterisk, product: Product, rate: int, calls: int) -> Made:
    each = await first(pbx, product)
    await until_async(lambda: not left(product, RECORDINGS), 60, "the first recordings settled")
    await idle(product.pid)
    before = used(pbx.pid), used(product.pid)
    await come(pbx, rate, calls)
    await until_async(lambda: not left(product, RECORDINGS), 60, "every recording settled")
    await idle(product.pid)
    after = used(pbx.pid), used(product.pid)
    sofia = Desk(product, "sofia")
    await sofia.sign_in()
    recorded = len(await every_call(sofia)) - FIRST
    await sofia.close()
    return Made(
        calls=calls,
        recorded=recorded,
        events=round(each * calls),
        asterisk=after[0] - before[0],
        service=after[1] - before[1],
    )


async def beside_asterisk(folder: Path, rate: int, calls: int) -> Made:
    with Asterisk() as pbx, Floor(pbx) as floor:
        for number in DIDS:
            floor.phone(number, answer_ms=None)
        product = Product(pbx, folder)
        product.add_people()
        product.start()
        try:
            await wire(product)
            return await flood(pbx, product, rate, calls)
        finally:
            product.stop()


async def replayed(plan: Plan, play: Callable[[Pbx, Stopwatch], Awaitable[None]]) -> tuple[float, Stopwatch]:
    """The processor seconds of the service for what is played to it, and what came on the screens."""
    pbx, watch, up = Pbx(), Stopwatch(), asyncio.Event()
    await pbx.start()
    env = {**os.environ, **plan.environment(pbx.port)}
    async with process(sys.executable, "-m", "callcenter", "run", env=env) as running:
        assert running.stdout is not None
        async with asyncio.timeout(STARTED_S):
            address = (await running.stdout.readline()).decode().rpartition("http://")[2].strip()
        url = f"ws://{address}/api/v1/ws"
        tabs = [
            await websockets.connect(url, additional_headers={"Cookie": cookie}, compression=None)
            for cookie in plan.cookies
        ]
        hearing = [asyncio.create_task(listen(tab, watch, up)) for tab in tabs]
        async with asyncio.timeout(STARTED_S):
            await up.wait()
        await idle(running.pid)
        before = used(running.pid)
        await play(pbx, watch)
        await idle(running.pid)
        took = used(running.pid) - before
        for task, tab in zip(hearing, tabs, strict=True):
            task.cancel()
            await tab.close()
    return took, watch


async def drained(pbx: Pbx) -> None:
    assert pbx.writer is not None
    await pbx.writer.drain()


def everything(seconds: float) -> Callable[[Pbx, Stopwatch], Awaitable[None]]:
    async def play(pbx: Pbx, _: Stopwatch) -> None:
        for part in background(seconds):
            pbx.say(part)
            await drained(pbx)

    return play


def ringing(calls: int) -> Callable[[Pbx, Stopwatch], Awaitable[None]]:
    """One after the other, no more unseen at once than the window holds; each rings until as many others do."""

    async def play(pbx: Pbx, watch: Stopwatch) -> None:
        ring, chance = Ring.recorded(), random.Random(1)
        ends: list[bytes] = []
        for serial in range(calls):
            number = f"7495{2_000_000 + serial // 2 if serial % 2 else 3_000_000 + serial:07d}"
            begins, end = ring.call(serial, number, chance.choice(AGENTS))
            watch.began[number] = time.perf_counter()
            ends.append(end)
            pbx.say(begins + (ends.pop(0) if len(ends) > WINDOW else b""))
            await drained(pbx)
            await until_async(lambda: len(watch.began) < WINDOW, 30, "pops keeping up")
        pbx.say(b"".join(ends))
        await until_async(lambda: not watch.began, 30, "the last pops")

    return play


def judged(name: str, figure: float, good: bool) -> bool:
    print(f"{name} {figure:.1f} {BARS[name]:.0f} {'pass' if good else 'fail'}")
    return good


async def run(folder: Path, options: argparse.Namespace) -> bool:
    made = await beside_asterisk(folder, options.rate, options.calls // 3 * 3)
    (folder / "replay").mkdir()
    plan = await prepare(folder / "replay", 10_000)
    events = round(options.seconds * RATE)
    reading, _ = await replayed(plan, everything(options.seconds))
    handling, watch = await replayed(plan, ringing(options.calls))
    print(
        f"asterisk {made.calls} calls, {made.events} events, {made.asterisk:.2f} s of processor time; "
        f"service beside it {made.service:.2f} s, {made.recorded} calls recorded\n"
        f"replayed {events} events of all classes {reading:.2f} s; {options.calls} calls {handling:.2f} s, "
        f"{len(watch.took)} popped"
    )
    lost = made.calls - made.recorded or options.calls - len(watch.took)
    share = 100 * made.service / made.asterisk
    read = events / reading * made.asterisk / made.events
    handled = options.calls / handling * made.asterisk / made.calls
    rows = (
        judged("intake_cpu", share, share <= BARS["intake_cpu"]),
        judged("intake_events", read, read >= BARS["intake_events"]),
        judged("intake_calls", handled, handled >= BARS["intake_calls"] and not lost),
    )
    return all(rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=int, default=30, help="customers a second")
    parser.add_argument("--calls", type=int, default=600)
    parser.add_argument("--seconds", type=float, default=10.0, help="of recorded traffic, 8,000 events each")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="callcenter-bench-") as folder:
        try:
            return 0 if asyncio.run(run(Path(folder), options)) else 1
        except Unmade as wrong:
            print(f"bench intake: {wrong}", file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main())
