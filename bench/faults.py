"""Faults, one after the other, under customers who never stop ringing: the phones' ledger against the product's.

A real Asterisk 22, SIP phones that speak, the service as it is delivered on SQLite. The service, Asterisk, the link,
the agents' tabs, the database and the disk are broken by the dice of ``--seed``. Needs root on a Debian, as the PBX
tests do.

    ./run bench faults                    200 faults, about a quarter of an hour
    ./run bench faults --faults 16 --seed 7
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.lab.asterisk import Asterisk
from tests.lab.phones import Floor
from tests.siege.laid import laid
from tests.siege.reckoning import differences
from tests.siege.siege import every_call

BAR = 0


async def measure(folder: Path, faults: int, seed: int) -> int:
    """How many differences there are."""
    begun = time.monotonic()
    with Asterisk() as pbx, Floor(pbx) as floor:
        async with laid(pbx, floor, folder, seed) as siege:
            await siege.lay(faults)
            log, calls = siege.log(), await every_call(siege.desks["sofia"])
            found = siege.unsettled + differences(log, calls, siege.blows)
            contained = siege.product.log.count("Traceback")
    dealt = Counter(blow.name for blow in siege.blows)
    print(f"seed {seed}: {', '.join(f'{name} {many}' for name, many in sorted(dealt.items()))}")
    print(
        f"{len(log.attempts)} customers rang, {len(log.answered())} talks, {len(calls)} calls, "
        f"{sum(bool(call['gaps']) for call in calls)} of them filled in, {contained} tracebacks, "
        f"{time.monotonic() - begun:.0f} s"
    )
    for line in found:
        print(f"  {line}")
    return len(found) + contained


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--faults", type=int, default=200)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--size", default="256m", help="of the file system that is filled")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="callcenter-faults-") as place:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={asked.size}", "tmpfs", place], check=True)
        try:
            figure = asyncio.run(measure(Path(place), asked.faults, asked.seed))
        finally:
            subprocess.run(["umount", "-l", place], check=True)
    print(f"faults {figure} {BAR} {'pass' if figure <= BAR else 'fail'}")
    return int(figure > BAR)


if __name__ == "__main__":
    sys.exit(main())
