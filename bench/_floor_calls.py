"""A simulated PBX whose agents are never without calls, in a process of its own: it says when it said what.

``python -m bench._floor_calls FOLDER RATE``: prints its AMI port, then from the first line of its input on plays
``RATE`` calls a second through two queues; every line it prints is ``rings NUMBER MOMENT`` or ``talks NUMBER MOMENT``,
the moment its bytes were written, in seconds of the system's monotonic clock.
"""

from __future__ import annotations

import asyncio
import random
import re
import sys
import time
from pathlib import Path
from typing import Final

from callcenter.demo.channels import Channel
from callcenter.demo.floor import Floor
from callcenter.demo.pace import Pace
from callcenter.demo.pbx import PBX_SPOOL, Account, Pbx
from callcenter.demo.queue_call import Plan
from callcenter.demo.spool import Spool
from callcenter.demo.switch import Switch

AGENTS: Final = [str(number) for number in range(100, 300)]
RINGS_S: Final = (0.6, 1.4)
TALKS_S: Final = (2.5, 5.0)
_QUEUES: Final = (("support", "rrmemory"), ("sales", "rrmemory"))
_GIVE_UP: Final = 0.05
_NUMBER: Final = re.compile(rb"\r\nCallerIDNum: (\d{11})\r\n")


def caller(serial: int) -> str:
    """Every other one has a card."""
    return f"7495{2_000_000 + serial // 2 % 10_000 if serial % 2 else 3_000_000 + serial:07d}"


class Unrecorded(Switch):
    """A PBX that keeps no recordings: what is measured is the floor."""

    def record(self, channel: Channel) -> None:
        pass


def noted(event: bytes) -> None:
    """Says when a phone began to ring and when a customer was talked with."""
    what = "rings" if event.startswith(b"Event: DialBegin") else "talks"
    if what == "talks" and not (event.startswith(b"Event: BridgeEnter") and b"\r\nChannel: PJSIP/trunk-" in event):
        return
    if found := _NUMBER.search(event):
        sys.stdout.write(f"{what} {found[1].decode()} {time.monotonic():.6f}\n")


async def play(folder: Path, rate: float) -> None:
    rng = random.Random(1)
    account = Account(username="bench", secret="bench")
    async with Pbx(account, folder, lambda _: rng.uniform(*RINGS_S), Pace()) as pbx:
        floor = Floor(_QUEUES, [(f"PJSIP/{number}", f"Agent {number}") for number in AGENTS])
        pbx.switch = Unrecorded(floor, Spool(folder, PBX_SPOOL), Pace(), lambda _: rng.uniform(*RINGS_S))
        print(pbx.port, flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        pbx.switch.stream.listen(noted)
        begun, serial = time.monotonic(), 0
        while True:
            while serial < (time.monotonic() - begun) * rate:
                serial += 1
                patience = rng.uniform(0.2, 0.5) if rng.random() < _GIVE_UP else 60.0
                did = "7001" if serial % 2 else "7002"
                pbx.call(Plan(number=caller(serial), did=did, patience=patience, talk=rng.uniform(*TALKS_S)))
            sys.stdout.flush()
            await asyncio.sleep(0.005)


if __name__ == "__main__":
    asyncio.run(play(Path(sys.argv[1]), float(sys.argv[2])))
