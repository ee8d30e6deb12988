"""How long from the PBX's bytes to the supervisors' screens, and whether a long shift costs memory.

The product runs as it is delivered (one process of ``python -m callcenter run``, SQLite, 10,000 customers) against a
simulated PBX in another: 200 agents in two queues, 20 calls a second begin. All 200 have their screens open, and log
the outcome of each talk through the API, whereupon the gate frees them; 10 supervisors watch the floor, as a browser
does.
Measured is, on each of the ten screens, when an agent is shown to ring, and when to talk.

``floor_p99_ms``  from the bytes of DialBegin, or of the customer's BridgeEnter, to those of the websocket
``floor_unseen``  rings or talks that a screen was never shown
``floor_memory``  growth of the service's memory after the first fifth, in per cent

    ./run bench floor [--seconds 600]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import aiohttp
import websockets

from bench._floor_calls import AGENTS
from bench._floor_plan import Plan, Staff, prepare
from bench.pop import process

BARS: Final = {"floor_p99_ms": 250.0, "floor_unseen": 0.0, "floor_memory": 5.0}
SUPERVISORS: Final = 10
_RATE: Final = 20
_STARTED_S: Final = 60.0
_THINKS_S: Final = (0.3, 1.0)
_LATE_S: Final = 3.0
_PARTS: Final = 5
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PHASES: Final = {"ringing": "rings", "talking": "talks"}


@dataclass
class Said:
    """When the PBX said what of whom."""

    at: dict[tuple[str, str], float] = field(default_factory=dict)

    async def listen(self, lines: asyncio.StreamReader) -> None:
        while line := await lines.readline():
            what, number, moment = line.split()
            self.at[what.decode(), number.decode()] = float(moment)


@dataclass
class Screen:
    """A supervisor's: when it first showed what."""

    at: dict[tuple[str, str], float] = field(default_factory=dict)
    frames: int = 0
    size: int = 0

    async def watch(self, socket: websockets.ClientConnection) -> None:
        with suppress(websockets.ConnectionClosed):
            while True:
                text = await socket.recv(decode=False)
                now = time.monotonic()
                if text.startswith(b'{"type":"floor'):
                    self.frames += 1
                    self.size += len(text)
                    for desk in json.loads(text)["agents"]:
                        self._see(desk["calls"], now)

    def _see(self, calls: list[dict[str, Any]], now: float) -> None:
        for call in calls:
            if what := _PHASES.get(call["phase"]):
                self.at.setdefault((what, _number(call["who"])), now)


def _number(who: str) -> str:
    """Of a card by its name, else as it is shown."""
    if who.startswith("Customer "):
        return f"7495{2_000_000 + int(who.removeprefix('Customer ')):07d}"
    return re.sub(r"\D", "", who)


@dataclass
class Agent:
    """Logs what came of each of his talks a moment after it."""

    cookie: str
    http: aiohttp.ClientSession
    url: str
    rng: random.Random
    outcome: str
    logged: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    async def work(self, socket: websockets.ClientConnection) -> None:
        with suppress(websockets.ConnectionClosed):
            while True:
                text = await socket.recv(decode=False)
                if b'"change":"outcome_owed"' in text:
                    await asyncio.sleep(self.rng.uniform(*_THINKS_S))
                    await self._log(json.loads(text)["pop"]["id"])

    async def _log(self, segment: str) -> None:
        headers = {"Cookie": self.cookie, "X-Requested-With": "callcenter"}
        url, body = f"{self.url}/segments/{segment}/outcome", {"outcome": self.outcome, "comment": "as agreed"}
        async with self.http.put(url, json=body, headers=headers) as answer:
            if answer.status == 200:
                self.logged += 1
            else:
                self.refused[f"{answer.status} {(await answer.json()).get('code', '')}".strip()] += 1


@dataclass(frozen=True, slots=True)
class Service:
    """The process that is measured."""

    pid: int

    def rss(self) -> int:
        """In kB."""
        told = Path(f"/proc/{self.pid}/status").read_text()
        return int(told.partition("VmRSS:")[2].split()[0])

    def cpu(self) -> float:
        """Seconds of processor time so far."""
        told = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(told[11]) + int(told[12])) / _TICKS


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """``cpu`` in seconds of processor time so far, ``rss`` in kB."""

    at: float
    cpu: float
    rss: int


@dataclass
class Shift:
    """Everybody at work."""

    said: Said
    screens: list[Screen]
    agents: list[Agent]
    service: Service
    begins: Callable[[], None]

    async def last(self, seconds: float) -> dict[str, float]:
        """So long, after a fifth of it to warm up."""
        self.begins()
        await asyncio.sleep(max(20.0, seconds / 5))
        waking = asyncio.create_task(_wakes())
        before, cpu, since = self.service.rss(), self.service.cpu(), time.monotonic()
        frames, size = self._told()
        marks = [self._mark()]
        for _ in range(_PARTS):
            await asyncio.sleep(seconds / _PARTS)
            marks.append(self._mark())
        until = time.monotonic()
        more, wider = self._told()
        share = 100 * (self.service.cpu() - cpu) / (until - since)
        rss = self.service.rss()
        await asyncio.sleep(_LATE_S)
        waking.cancel()
        each = seconds * len(self.screens)
        refused = sum((a.refused for a in self.agents), Counter[str]())
        whys = ", ".join(f"{n} {why}" for why, n in refused.most_common(5)) or "nothing"
        print(f"calls    {sum(a.logged for a in self.agents)} logged, refused {whys}")
        print(f"screens  {(more - frames) / each:.1f} frames/s and {(wider - size) / each / 1024:.0f} kB/s each")
        print(f"service  {share:.0f} % of a core, memory {before // 1024} -> {rss // 1024} MB")
        for first, last in pairwise(marks):
            self._tell_part(first, last)
        return {**self._late(since, until), "floor_memory": 100 * (rss - before) / before}

    def _mark(self) -> Mark:
        return Mark(at=time.monotonic(), cpu=self.service.cpu(), rss=self.service.rss())

    def _tell_part(self, first: Mark, last: Mark) -> None:
        took, _ = self._took(first.at, last.at)
        p99 = 1000 * sorted(took)[int(0.99 * len(took))]
        share = 100 * (last.cpu - first.cpu) / (last.at - first.at)
        print(f"part     p99 {p99:.0f} ms, {share:.0f} % of a core, memory {last.rss // 1024} MB")

    def _told(self) -> tuple[int, int]:
        return sum(screen.frames for screen in self.screens), sum(screen.size for screen in self.screens)

    def _late(self, since: float, until: float) -> dict[str, float]:
        took, unseen = self._took(since, until)
        ordered = sorted(took)
        p50, p99 = (1000 * ordered[int(share * len(ordered))] for share in (0.5, 0.99))
        print(f"update   p50 {p50:.0f} ms  p99 {p99:.0f} ms  worst {1000 * ordered[-1]:.0f} ms  of {len(ordered)}")
        return {"floor_p99_ms": p99, "floor_unseen": unseen}

    def _took(self, since: float, until: float) -> tuple[list[float], int]:
        """Of what was said in that time, and what was never seen. What was shown before it was said is an earlier call
        of the same number."""
        took: list[float] = []
        unseen = 0
        for key, at in self.said.at.items():
            if since <= at < until:
                for screen in self.screens:
                    seen = screen.at.get(key)
                    unseen += seen is None
                    took += [seen - at] if seen is not None and seen >= at else []
        return took, unseen


async def _wakes() -> None:
    """How late this machine wakes who sleeps: what is measured here cannot be quicker than that."""
    late: list[float] = []
    try:
        while True:
            due = time.monotonic() + 0.02
            await asyncio.sleep(0.02)
            late.append(time.monotonic() - due)
    finally:
        ordered = sorted(late)
        print(f"machine  wakes a sleeper {1000 * ordered[int(0.99 * len(ordered))]:.0f} ms late at p99")


async def opened(stack: AsyncExitStack, address: str, cookie: str) -> websockets.ClientConnection:
    url, headers = f"ws://{address}/api/v1/ws", {"Cookie": cookie}
    return await stack.enter_async_context(
        websockets.connect(url, additional_headers=headers, compression=None, max_size=None)
    )


async def people(stack: AsyncExitStack, plan: Plan, address: str) -> tuple[list[Screen], list[Agent]]:
    """Everybody's screens are open, and somebody sits before each."""
    http = await stack.enter_async_context(aiohttp.ClientSession())
    tasks: list[asyncio.Task[None]] = []
    stack.callback(lambda: [task.cancel() for task in tasks])
    agents, url = [], f"http://{address}/api/v1"
    async with http.get(f"{url}/outcomes", headers={"Cookie": plan.cookies[0]}) as answer:
        code = next(one["code"] for one in (await answer.json())["items"] if one["active"] and not one["follow_up"])
    for serial, cookie in enumerate(plan.cookies):
        agents.append(Agent(cookie, http, url, random.Random(serial), code))
        tasks.append(asyncio.create_task(agents[-1].work(await opened(stack, address, cookie))))
    screens = []
    for cookie in plan.supervisors:
        socket = await opened(stack, address, cookie)
        await socket.send('{"type":"subscribe","topic":"floor","changes":true}')
        screens.append(Screen())
        tasks.append(asyncio.create_task(screens[-1].watch(socket)))
    return screens, agents


async def run(seconds: float) -> bool:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="callcenter-bench-")))
        plan = await prepare(folder, 10_000, Staff(agents=AGENTS, supervisors=SUPERVISORS))
        command = (sys.executable, "-m", "bench._floor_calls", str(folder / "spool"), str(_RATE))
        pbx = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        stack.callback(pbx.kill)
        assert pbx.stdout
        assert pbx.stdin
        env = {**os.environ, **plan.environment(int(await pbx.stdout.readline()))}
        running = await stack.enter_async_context(process(sys.executable, "-m", "callcenter", "run", env=env))
        assert running.stdout
        async with asyncio.timeout(_STARTED_S):
            address = (await running.stdout.readline()).decode().rpartition("http://")[2].strip()
            screens, agents = await people(stack, plan, address)
        said, doors = Said(), pbx.stdin
        hearing = asyncio.create_task(said.listen(pbx.stdout))
        stack.callback(hearing.cancel)
        shift = Shift(said, screens, agents, Service(running.pid), lambda: doors.write(b"\n"))
        found = await shift.last(seconds)
    for name, bar in BARS.items():
        print(f"{name} {found[name]:.1f} {bar:g} {'pass' if found[name] <= bar else 'fail'}")
    return all(found[name] <= bar for name, bar in BARS.items())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    return 0 if asyncio.run(run(parser.parse_args().seconds)) else 1


if __name__ == "__main__":
    sys.exit(main())
