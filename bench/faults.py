"""Faults, one after the other, under customers who never stop ringing: the phones' ledger against the product's.

A real Asterisk 22, SIP phones that speak, the service as it is delivered, customers who talk, wait, give up, are handed
on and are parked, agents who call out. The service, Asterisk, the link, the agents' tabs, the database and the disk are
broken by the dice of ``--seed``. Needs root on a Debian, as the PBX tests do.

    ./run bench faults                    200 faults, about half an hour
    ./run bench faults --faults 16 --seed 7
    ./run bench faults --postgres         on PostgreSQL, which dies too
    ./run bench faults --browser          with a real Chromium at one desk, which dies too
    ./run bench faults --clock            and the PBX's clock leaps
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from tests.lab.asterisk import Asterisk
from tests.lab.phones import Floor
from tests.postgres import started
from tests.siege.faults import clock_wrong, dealt
from tests.siege.laid import EXTRA, laid
from tests.siege.people import PEOPLE
from tests.siege.reckoning import differences, intrusions, kept, linked, unwritten
from tests.siege.siege import Siege, every_call

BAR = 0
LIVING = 5


async def measure(folder: Path, asked: argparse.Namespace) -> int:
    """How many differences there are."""
    begun = time.monotonic()
    with ExitStack() as ends:
        cluster = ends.enter_context(started(durable=True)) if asked.postgres else None
        floor = ends.enter_context(Floor(ends.enter_context(Asterisk(EXTRA))))
        async with laid(floor, folder, asked.seed, cluster=cluster, browser=asked.browser) as siege:
            siege.living = LIVING
            await siege.lay(dealt(siege, asked.faults, [clock_wrong] if asked.clock else []), PEOPLE)
            found = await differences(siege)
            contained = siege.product.log.count("Traceback")
            await told(siege, asked.seed, contained)
            if asked.keep:
                await kept(siege, folder)
    print(f"{time.monotonic() - begun:.0f} s")
    for line in found:
        print(f"  {line}")
    return len(found) + contained


async def told(siege: Siege, seed: int, contained: int) -> None:
    blows, log = Counter(blow.name for blow in siege.blows), siege.log()
    calls = await every_call(siege.desks["sofia"])
    print(f"seed {seed}: {', '.join(f'{name} {many}' for name, many in sorted(blows.items()))}")
    deeds = ", ".join(f"{name} {many}" for name, many in sorted(Counter(siege.deeds).items()))
    print(f"handed on: {deeds}; {len(siege.dialled)} called out, {len(log.of('trunk'))} reached the provider")
    if siege.screen:
        his = [s for call in calls for s in call["segments"] if s["agent"] and s["agent"]["username"] == "boris"]
        logged = sum(s["outcome_state"] == "logged" for s in his)
        print(f"browser: {logged} outcomes logged by hand, opened again {siege.screen.opened_again} times")
    results = Counter(call["result"] for call in calls)
    print(
        f"{len(log.attempts)} rang, {len(log.answered())} talks, {len(calls)} calls "
        f"({', '.join(f'{name} {many}' for name, many in sorted(results.items()))}), "
        f"{sum(bool(call['gaps']) for call in calls)} of them filled in, {contained} tracebacks"
    )
    links = linked(siege)
    for one in intrusions(log, calls):
        if unwritten(one, siege.deaths, links):
            print(f"Asterisk died before it had written the debt: {one}")


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--faults", type=int, default=200)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--postgres", action="store_true", help="PostgreSQL as the product's database")
    options.add_argument("--browser", action="store_true", help="a real Chromium at Boris' desk")
    options.add_argument("--clock", action="store_true", help="the PBX's clock leaps too, as AMI tells it")
    options.add_argument("--size", default="1g", help="of the file system that is filled")
    options.add_argument("--keep", help="a folder to keep what everybody logged in")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="callcenter-faults-") as place:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={asked.size}", "tmpfs", place], check=True)
        try:
            figure = asyncio.run(measure(Path(place), asked))
        finally:
            if asked.keep:
                subprocess.run(["cp", "-a", f"{place}/.", asked.keep], check=False)
            subprocess.run(["umount", "-l", place], check=True)
    print(f"faults {figure} {BAR} {'pass' if figure <= BAR else 'fail'}")
    return int(figure > BAR)


if __name__ == "__main__":
    sys.exit(main())
