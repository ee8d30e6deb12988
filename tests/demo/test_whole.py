"""The whole demo as a newcomer gets it: sign in as anna, get a pop, log what came of it, get the next one."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

import aiohttp
import pytest
from websockets.asyncio.client import ClientConnection, connect

from callcenter.demo import cast

FASTER = 0.1
PLAY = f"from callcenter.demo import start; raise SystemExit(start.main(port=0, scale={FASTER}))"
ENDS_WITHIN_S = 15


@dataclass
class Demo:
    """A demo in a process of its own."""

    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)

    def address(self) -> str:
        """Reads on until the demo says where it is."""
        for line in self._lines():
            self.said.append(line)
            if found := re.search(r"Open +(http://\S+)", line):
                return found[1]
        raise AssertionError(f"the demo ended: {''.join(self.said)}")

    def _lines(self) -> IO[str]:
        assert self.process.stdout
        return self.process.stdout

    def end(self) -> int:
        """Ctrl-C; the exit code. A demo that does not end by itself fails the test."""
        self.process.send_signal(signal.SIGINT)
        rest, _ = self.process.communicate(timeout=ENDS_WITHIN_S)
        self.said.append(rest)
        return self.process.returncode


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """What it said is kept as a log, which is searched for numbers at the end of all tests."""
    process = subprocess.Popen(
        [sys.executable, "-c", PLAY],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    playing = Demo(process)
    yield playing
    if process.poll() is None:
        process.kill()
    rest, _ = process.communicate()
    (tmp_path / "demo.log").write_text("".join([*playing.said, rest or ""]))


@dataclass
class Tab:
    """A browser's tab: what the service sent, and what it knows to do."""

    http: aiohttp.ClientSession
    socket: ClientConnection
    address: str

    async def wait_for(self, *kinds: str) -> dict[str, Any]:
        """The next change of one of the kinds."""
        async with asyncio.timeout(120):
            while True:
                told: dict[str, Any] = json.loads(await self.socket.recv())
                if told.get("change") in kinds:
                    return told

    async def log(self, pop: str, outcome: str) -> int:
        body = {"outcome": outcome, "comment": ""}
        async with self.http.put(f"{self.address}/api/v1/segments/{pop}/outcome", json=body) as answer:
            return answer.status

    async def get(self, path: str) -> Any:
        async with self.http.get(f"{self.address}/api/v1{path}") as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()


@pytest.fixture
async def anna(demo: Demo) -> AsyncIterator[Tab]:
    """Signed in at the desk of anna, what she owed from before settled."""
    address = await asyncio.to_thread(demo.address)
    jar = aiohttp.CookieJar(unsafe=True)
    headers = {"X-Requested-With": "callcenter"}
    async with aiohttp.ClientSession(cookie_jar=jar, headers=headers) as http:
        credentials = {"username": "anna", "password": cast.PASSWORD}
        async with http.post(f"{address}/api/v1/session", json=credentials) as answer:
            assert answer.status == 200, await answer.text()
            assert (await answer.json())["extension"] == "101"
        cookie = "; ".join(f"{c.key}={c.value}" for c in jar)
        where = f"{address.replace('http', 'ws')}/api/v1/ws"
        async with connect(where, additional_headers={"Cookie": cookie}) as socket:
            yield Tab(http, socket, address)


async def next_owed(tab: Tab) -> str:
    """The pop whose talk is over."""
    told = await tab.wait_for("outcome_owed")
    return str(told["pop"]["id"])


async def test_an_agent_works_through_two_calls(anna: Tab, demo: Demo) -> None:
    first = await next_owed(anna)
    assert await anna.log(first, "solved") == 200
    offered = await anna.wait_for("pop_offered")
    assert offered["pop"]["id"] != first
    assert offered["pop"]["phase"] == "ringing"
    assert await asyncio.to_thread(demo.end) == 0
    assert demo.process.returncode == 0
    assert "Traceback" not in "".join(demo.said)


async def test_callers_wait_while_an_outcome_is_owed_and_none_is_offered(anna: Tab, demo: Demo) -> None:
    owed = await next_owed(anna)
    lines: list[dict[str, Any]] = []
    while sum(line["waiting"] for line in lines) < 3:
        told = await anna.wait_for("queues", "pop_offered")
        assert told["change"] == "queues"
        lines = told["queues"]
    board = await anna.get("/me/board")
    assert [pop["id"] for pop in board["pops"]] == [owed]
    assert not any(line["offered_to_you"] for line in board["queues"])
    assert await asyncio.to_thread(demo.end) == 0


async def test_colleagues_log_for_themselves_and_never_for_a_visitor(anna: Tab, demo: Demo) -> None:
    owed = await next_owed(anna)
    async with asyncio.timeout(60):
        while not await by_colleagues(anna.address):
            await anna.wait_for("queues")
    assert [pop["id"] for pop in (await anna.get("/me/board"))["pops"]] == [owed]
    await asyncio.to_thread(demo.end)


async def by_colleagues(address: str) -> list[str]:
    """Who but anna logged an outcome since the demo began, as the supervisor sees it."""
    today = (datetime.now(UTC) - timedelta(minutes=10)).isoformat()
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar, headers={"X-Requested-With": "callcenter"}) as http:
        credentials = {"username": "sofia", "password": cast.PASSWORD}
        async with http.post(f"{address}/api/v1/session", json=credentials) as answer:
            assert answer.status == 200
        async with http.get(f"{address}/api/v1/calls", params={"from": today, "limit": "50"}) as answer:
            calls = (await answer.json())["items"]
    parts = [part for call in calls for part in call["segments"] if part["outcome_state"] == "logged"]
    return [part["agent"]["username"] for part in parts if part["agent"]["username"] != "anna"]
