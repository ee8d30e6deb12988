"""The product as its users meet it: a process, its HTTP interface and its websocket."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import aiohttp
import websockets
from yarl import URL

from callcenter.commands import add_user
from callcenter.config import load
from callcenter.db import Database
from tests.lab.asterisk import AMI_SECRET, AMI_USER, Asterisk
from tests.lab.shape import Shape
from tests.privacy.allowed import allow_recording
from tests.until import until, until_async

PASSWORD = "a long enough password"
AGENTS = {"anna": "101", "boris": "102", "chiara": "103"}
EVERYBODY = AGENTS | {"dario": "104", "elena": "105"}
"""Those too whom only a larger house employs."""
_MAPS: Mapping[str, list[dict[str, str | None]]] = {
    "shipped": [
        {"pattern": "PJSIP/anonymous", "kind": "trunk", "region": "RU"},
        {"pattern": "PJSIP/trunk", "kind": "trunk", "region": "RU"},
    ],
    "freepbx": [
        {"pattern": "PJSIP/mtt-msk", "kind": "trunk", "region": "RU"},
        {"pattern": "PJSIP/voip-it", "kind": "trunk", "region": "IT"},
        {"pattern": "PJSIP/branch-ufa", "kind": "inter_office", "region": None},
        {"pattern": "PJSIP/door-front", "kind": "service", "region": None},
        {"pattern": "PJSIP/99101", "kind": "device", "region": None},
    ],
}


def agents_of(shape: Shape) -> dict[str, str]:
    """Who works where such a PBX stands, and at which extension."""
    return {name: number for name, number in EVERYBODY.items() if number in shape.endpoints}


def map_of(shape: Shape) -> list[dict[str, str | None]]:
    """What an administrator says of this PBX's channels."""
    numbers = agents_of(shape).values()
    phones = ({"pattern": shape.device(number), "kind": "device", "region": None} for number in numbers)
    return [*_MAPS[shape.name], *phones]


def extensions_of(shape: Shape) -> list[dict[str, Any]]:
    """Who rings where."""
    return [
        {"number": number, "devices": [shape.device(number)], "interfaces": [shape.interface(number)]}
        for number in agents_of(shape).values()
    ]


def settings_of(pbx: Asterisk) -> dict[str, str]:
    """How the service reaches a PBX, its recordings and its history."""
    settings = {
        "HOST": pbx.host,
        "PORT": str(pbx.ports.ami),
        "USERNAME": AMI_USER,
        "SECRET": AMI_SECRET,
        "SPOOL": str(pbx.spool / "monitor"),
        "PBX_SPOOL": f"/srv/{pbx.name}/spool/monitor",
    }
    history = {"HISTORY": str(pbx.log / "cel-custom/callcenter.csv")} if pbx.shape.name == "shipped" else {}
    return settings | history


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


_PEOPLED: Final[dict[tuple[str, ...], bytes]] = {}


class Product:
    """`callcenter run` against one laboratory PBX or two, with a database and a state folder of its own."""

    def __init__(self, pbx: Asterisk, folder: Path, database_url: str = "", *, branch: Asterisk | None = None) -> None:
        self.pbx = pbx
        self.pbxs = {"main": pbx, **({"branch": branch} if branch else {})}
        self.port = free_port()
        self.folder = folder
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("CALLCENTER_", "PYTHONASYNCIODEBUG"))},
            "CALLCENTER_STATE": str(folder / "state"),
            "CALLCENTER_HTTP__PORT": str(self.port),
            "CALLCENTER_REGION": "RU",
        }
        for name, one in self.pbxs.items():
            self.environment |= {
                f"CALLCENTER_PBX__{name.upper()}__{key}": said for key, said in settings_of(one).items()
            }
        if database_url:
            self.environment["CALLCENTER_DATABASE_URL"] = database_url
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Of the running service."""
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        return (self.folder / "product.log").read_text(errors="replace")

    def command(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Runs one `callcenter` command beside the service."""
        return subprocess.run(
            [sys.executable, "-m", "callcenter", *arguments],
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def add_people(self) -> None:
        """An administrator, a supervisor and the agents; once a worker for PBXs of a kind, the others get a copy."""
        kind = tuple(f"{name} {pbx.shape.name}" for name, pbx in self.pbxs.items())
        ours = self.folder / "state" / "callcenter.sqlite3"
        if "CALLCENTER_DATABASE_URL" in self.environment:
            self._add_people()
        elif kind in _PEOPLED:
            ours.parent.mkdir(exist_ok=True)
            ours.write_bytes(_PEOPLED[kind])
        else:
            self._add_people()
            _PEOPLED[kind] = ours.read_bytes()

    def _add_people(self) -> None:
        """As `callcenter user add` adds them."""
        settings = load(self.environment)
        people = [("admin", "admin"), ("sofia", "supervisor"), *((name, "agent") for name in agents_of(self.pbx.shape))]

        async def add() -> None:
            for username, role in people:
                await add_user(
                    settings, {"username": username, "display_name": username.title(), "role": role}, PASSWORD
                )
            db = Database(settings.database)
            await db.start()
            for name, pbx in self.pbxs.items():
                await db.write(
                    partial(allow_recording, now=datetime.now(UTC), pbx=name, queues=pbx.shape.queues.values())
                )
            await db.close()

        with ThreadPoolExecutor(1) as thread:
            thread.submit(lambda: asyncio.run(add())).result()

    def start(self) -> None:
        """Starts the service and waits until it answers. It dies with us: one that outlived a killed test would find
        the PBX of another at the same port, and be a second gate there."""
        with (self.folder / "product.log").open("ab") as out:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", sys.executable, "-m", "callcenter", "run"],
                env=self.environment,
                stdout=out,
                stderr=out,
            )
        until(self._listens, 60, "the product listening")

    def _listens(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self) -> None:
        """kill -9."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process and process.poll() is None:
            process.send_signal(how)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class Desk:
    """A signed-in person: requests, and what his tab was told."""

    def __init__(self, product: Product, username: str) -> None:
        self.product = product
        self.username = username
        self.http = aiohttp.ClientSession(
            product.url, headers={"X-Requested-With": "callcenter"}, cookie_jar=aiohttp.CookieJar(unsafe=True)
        )
        self.pops: dict[str, dict[str, Any]] = {}
        self.told: list[dict[str, Any]] = []
        self.board: dict[str, Any] = {}
        self._tab: websockets.ClientConnection | None = None
        self._listening: asyncio.Task[None] | None = None

    async def sign_in(self, **desk: str) -> None:
        """At his own extension, or at this one."""
        body = {"username": self.username, "password": PASSWORD, "extension": EVERYBODY.get(self.username), **desk}
        await self.request("POST", "/session", body)

    async def request(
        self, method: str, path: str, body: Any = None, status: int = 0, *, headers: Mapping[str, str] | None = None
    ) -> Any:
        async with self.http.request(method, f"/api/v1{path}", json=body, headers=headers) as answer:
            text = await answer.text()
            assert answer.status == status or (not status and answer.status < 300), f"{method} {path}: {text}"
            return json.loads(text) if text else None

    async def listen(self) -> None:
        """Opens a tab and keeps folding what it is told."""
        cookies = self.http.cookie_jar.filter_cookies(URL(self.product.url))
        header = "; ".join(f"{name}={morsel.value}" for name, morsel in cookies.items())
        self._tab = tab = await websockets.connect(
            f"ws://127.0.0.1:{self.product.port}/api/v1/ws", additional_headers={"Cookie": header}
        )
        self._listening = asyncio.create_task(self._fold(tab))
        await until_async(lambda: bool(self.board), 10, "a snapshot")

    async def reopen(self) -> None:
        """Opens the tab again after the service was away; the session is still good."""
        await self._hang_up()
        self.board, self.pops = {}, {}
        await self.listen()

    @property
    def deaf(self) -> bool:
        """His tab hears nothing any more."""
        return self._listening is None or self._listening.done()

    async def lose(self) -> None:
        """The browser dies with its tab."""
        if self._tab:
            self._tab.transport.abort()

    async def _hang_up(self) -> None:
        tab, listening, self._tab, self._listening = self._tab, self._listening, None, None
        if tab and listening:
            await tab.close()
            await listening

    async def _fold(self, tab: websockets.ClientConnection) -> None:
        try:
            async for text in tab:
                self._take(json.loads(text))
        except websockets.ConnectionClosed:
            return  # the service is gone; ``reopen`` comes back

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "snapshot":
            self.board = message["board"]
            self.pops = {pop["id"]: pop for pop in self.board["pops"]}
        elif message["type"] == "change":
            self.told.append({**message, "heard_at": time.time()})
            self._change(message)

    def _change(self, message: Mapping[str, Any]) -> None:
        if "pop" in message:
            self.pops[message["pop"]["id"]] = message["pop"]
        elif "pop_id" in message:
            self.pops.pop(message["pop_id"], None)
        for name in ("presence", "queues", "health", "unowned"):
            if name in message:
                self.board[name] = message[name]

    def kinds(self) -> list[str]:
        """The changes of pops this tab was told, in order."""
        return [m["change"] for m in self.told if m["change"].startswith(("pop", "outcome"))]

    def quiet(self) -> bool:
        """Nothing rings and nobody talks."""
        return all(pop["phase"] == "wrapup" for pop in self.pops.values())

    def idle(self) -> bool:
        return not self.pops

    def owed(self) -> list[dict[str, Any]]:
        return [pop for pop in self.pops.values() if pop["phase"] == "wrapup"]

    async def log_outcome(self, code: str = "solved", comment: str = "") -> None:
        """Logs the one outcome that is owed."""
        pop = await until_async(lambda: self.owed()[0] if self.owed() else None, 15, f"{self.username} owing")
        assert pop is not None
        await self.request("PUT", f"/segments/{pop['id']}/outcome", {"outcome": code, "comment": comment})

    def heard(self, kind: str) -> list[dict[str, Any]]:
        """The changes of one kind, in order, with ``heard_at`` in epoch seconds."""
        return [m for m in self.told if m["change"] == kind]

    async def close(self) -> None:
        await self._hang_up()
        await self.http.close()
