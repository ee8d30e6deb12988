"""How long from the PBX's bytes to the agent's screen: AMI bytes in, websocket bytes out.

The product runs as it is delivered (``python -m callcenter run``, SQLite, 10,000 customers) against a PBX that replays
recorded traffic: 8,000 background events a second, and every 20 ms a call that starts to ring; half of the callers are
unknown. The floor is measured in the same run: a process that forwards the same bytes and does nothing else. A bar is
met by ratio and by the clock: half of the pops within 3 ms and 15 times the floor, 99 of 100 within 15 ms and 20 times.

Background events come from tests/captures, all AMI classes on, on channels that the map calls a service: they are
read and tracked, but are nobody's calls.
"""

from __future__ import annotations

import argparse
import asyncio
import bisect
import json
import os
import random
import re
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

import aiohttp
import websockets
from aiohttp import WSMsgType, web

from bench._floor_plan import AGENTS, Plan, prepare
from bench._replay import RATE, SLICE_S, Pbx, Ring, Stopwatch, background

EVERY_S = 0.02
RINGS_S = (0.5, 1.3)
STARTED_S = 30.0
BARS: Final = {"pop_p50": (0.5, 15.0, 3.0), "pop_p99": (0.99, 20.0, 15.0)}
"""The percentile, at most how many times the floor's, and at most how many milliseconds."""


async def play(pbx: Pbx, watch: Stopwatch, seconds: float, first: int) -> None:
    """Background without a pause, a call every 20 ms, and each call's end when it has rung long enough."""
    noise = background(seconds)
    ring = Ring.recorded()
    calls = int(seconds / EVERY_S)
    ends: list[tuple[float, bytes]] = []
    chance = random.Random(first)
    start = time.perf_counter()
    begun = said = 0
    while begun < calls or ends:
        now = time.perf_counter() - start
        while said < len(noise) and said * SLICE_S <= now:
            pbx.say(noise[said])
            said += 1
        while ends and ends[0][0] <= now:
            pbx.say(ends.pop(0)[1])
        if begun < calls and begun * EVERY_S + EVERY_S / 2 <= now:
            serial = first + begun
            number = f"7495{2_000_000 + serial // 2 if serial % 2 else 3_000_000 + serial:07d}"
            begins, end = ring.call(serial, number, AGENTS[serial % len(AGENTS)])
            bisect.insort(ends, (now + chance.uniform(*RINGS_S), end))
            watch.began[number] = time.perf_counter()
            pbx.say(begins)
            begun += 1
        await asyncio.sleep(0.001)
    await asyncio.sleep(1)


async def floor_process() -> None:
    """Forwards what rings to the one websocket there is: TCP in, websocket out, nothing between."""
    tabs: list[web.WebSocketResponse] = []

    async def websocket(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        tabs.append(socket)
        async for _ in socket:
            pass
        return socket

    app = web.Application()
    app.router.add_get("/ws", websocket)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    reader, writer = await asyncio.open_connection("127.0.0.1", int(sys.argv[2]))
    writer.write(b"Action: Login\r\n\r\n")
    while data := await reader.read(65536):
        for number in re.findall(rb"Event: DialBegin.*?CallerIDNum: (\d+)", data, re.DOTALL):
            frame = json.dumps({"change": "pop_offered", "pop": {"number": number.decode()}, "pad": "x" * 1100})
            for socket in tabs:
                await socket.send_frame(frame.encode(), WSMsgType.TEXT)


async def listen(socket: websockets.ClientConnection, watch: Stopwatch, up: asyncio.Event) -> None:
    """What one agent's browser gets."""
    with suppress(websockets.ConnectionClosed):
        while True:
            text = await socket.recv(decode=False)
            if b'"up":true' in text:
                up.set()
            if b'"pop_offered"' in text:
                pop: dict[str, Any] = json.loads(text)["pop"]
                watch.seen(pop["number"])


@asynccontextmanager
async def process(*command: str, env: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    running = await asyncio.create_subprocess_exec(*command, env=env, stdout=asyncio.subprocess.PIPE)
    try:
        yield running
    finally:
        with suppress(ProcessLookupError):
            running.terminate()
        await running.wait()


async def measure_floor(seconds: float, watch: Stopwatch) -> None:
    pbx = Pbx()
    await pbx.start()
    command = (sys.executable, "-m", "bench.pop", "--floor", str(pbx.port))
    async with process(*command, env=dict(os.environ)) as running:
        assert running.stdout is not None
        port = int(await running.stdout.readline())
        async with websockets.connect(f"ws://127.0.0.1:{port}/ws", compression=None) as socket:
            hearing = asyncio.create_task(listen(socket, watch, asyncio.Event()))
            async with asyncio.timeout(STARTED_S):
                await pbx.joined.wait()
            await play(pbx, watch, seconds, 1)
            hearing.cancel()


async def inside(url: str) -> str:
    """Where the time goes, by the product's own measure."""
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        told = dict(line.rsplit(" ", 1) for line in (await answer.text()).splitlines() if not line.startswith("#"))
    means = []
    for name in ("persist", "pop"):
        count = float(told[f"callcenter_{name}_seconds_count"]) or 1.0
        means.append(f"{name} {1000 * float(told[f'callcenter_{name}_seconds_sum']) / count:.2f} ms")
    return f"inside   mean of {', mean of '.join(means)} (the pop's holds the persist's)"


async def measure_product(seconds: float, watch: Stopwatch, plan: Plan) -> None:
    pbx = Pbx()
    await pbx.start()
    env = {**os.environ, **plan.environment(pbx.port)}
    async with process(sys.executable, "-m", "callcenter", "run", env=env) as running:
        assert running.stdout is not None
        async with asyncio.timeout(STARTED_S):
            address = (await running.stdout.readline()).decode().rpartition("http://")[2].strip()
        up = asyncio.Event()
        sockets = [
            await websockets.connect(
                f"ws://{address}/api/v1/ws", additional_headers={"Cookie": cookie}, compression=None
            )
            for cookie in plan.cookies
        ]
        hearing = [asyncio.create_task(listen(socket, watch, up)) for socket in sockets]
        async with asyncio.timeout(STARTED_S):
            await up.wait()
        await play(pbx, Stopwatch(began=watch.began), 2.0, 1)
        watch.took.clear()
        await play(pbx, watch, seconds, 1001)
        print(await inside(f"http://{address}/metrics"))
        for task in hearing:
            task.cancel()
        for socket in sockets:
            await socket.close()


async def run(seconds: float, customers: int) -> bool:
    floor, product = Stopwatch(), Stopwatch()
    with tempfile.TemporaryDirectory(prefix="callcenter-bench-") as folder:
        plan = await prepare(Path(folder), customers)
        await measure_floor(seconds / 3, floor)
        await measure_product(seconds, product, plan)
        await measure_floor(seconds / 3, floor)
    print(f"customers {customers}, background {RATE} events/s, a ringing call each {EVERY_S * 1000:.0f} ms")
    for name, watch in (("floor", floor), ("product", product)):
        worst = 1000 * max(watch.took, default=0)
        print(
            f"{name:8} p50 {watch.at(0.5):.2f} ms  p99 {watch.at(0.99):.2f} ms  worst {worst:.2f} ms  "
            f"pops {len(watch.took)}  lost {len(watch.began)}"
        )
    return judged(floor, product)


def judged(floor: Stopwatch, product: Stopwatch) -> bool:
    """By what it is to the floor and by the clock; the last line by the worst of all, as a share of its bar."""
    lost, worst = bool(product.began), 0.0
    for name, (share, times, most_ms) in BARS.items():
        took = product.at(share)
        for told, figure, bar in ((name, took / floor.at(share), times), (f"{name}_ms", took, most_ms)):
            worst = max(worst, figure / bar)
            print(f"{told} {figure:.2f} {bar:.0f} {'pass' if figure <= bar and not lost else 'fail'}")
    good = worst <= 1 and not lost
    print(f"pop {worst:.2f} 1 {'pass' if good else 'fail'}")
    return good


def main() -> int:
    if sys.argv[1:2] == ["--floor"]:
        asyncio.run(floor_process())
        return 0
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--customers", type=int, default=10_000)
    options = parser.parse_args()
    return 0 if asyncio.run(run(options.seconds, options.customers)) else 1


if __name__ == "__main__":
    sys.exit(main())
