"""A PBX asks where calls go, 50 times a second, about a million customers; against a bare loopback echo.

``./run bench route [CUSTOMERS] [--postgres [URL]] [--seconds N]``: the service's own FastAGI port in a process of its
own, all rules of a queue on; the customers are made once and kept in ``/var/tmp``, or in the database of the URL
(without one in a PostgreSQL of its own, made anew). Half of those who call have a card with an owner, one in five
talked with somebody, some are owed a call, some are blocked, some are nobody. What is measured is what a call waits:
from connecting until the port closes. The echo answers the same lines at once and knows nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import multiprocessing
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from callcenter.bus import Bus
from callcenter.clock import SystemClock
from callcenter.config import Fastagi
from callcenter.crm import policy_row
from callcenter.crm.models.calls import CallRow, SegmentRow
from callcenter.crm.models.customers import ContactPoint, Customer, PhoneNumber
from callcenter.crm.models.people import User
from callcenter.crm.models.routing import BlockedNumber
from callcenter.crm.models.tasks import Task
from callcenter.crm.schema import migrate
from callcenter.db import Database
from callcenter.health import Health
from callcenter.ids import new_id
from callcenter.phone import parse
from callcenter.roster import Roster
from callcenter.routing.asking.agi import Asked
from callcenter.routing.asking.policies import RULES, RoutingRule, RoutingRules
from callcenter.routing.asking.router import Router, Staffing
from callcenter.routing.asking.server import Reply, Server
from callcenter.routing.outside import Outside
from callcenter.routing.presence import Mood, Presence
from tests.postgres import started

BAR_MS: Final = 50.0
RATE: Final = 50
KEPT: Final = Path("/var/tmp/callcenter-bench")
_AT_ONCE: Final = 20_000
_AGENTS: Final = 200
_RULE: Final = RoutingRule(
    pbx="main", queue="support", blocked=True, owner=True, last_agent=True, call_back_agent=True, vip=10, call_back=5,
    language=True, name=True,
)  # fmt: skip


def number(n: int) -> str:
    return f"+7916{n:07d}"


async def fill(db: Database, customers: int) -> None:
    """What is there already stays."""
    made = await db.read(lambda s: s.scalar(select(func.count()).select_from(Customer)) or 0)
    if not made:
        await db.write(_people)
    agents = await db.read(lambda s: list(s.scalars(select(User.id).order_by(User.id))))
    for start in range(made, customers, _AT_ONCE):
        await db.write(partial(_cards, range(start, min(start + _AT_ONCE, customers)), agents))
    await db.write(lambda s: s.execute(text("ANALYZE")) if not db.sqlite else None)


def _people(session: Session) -> None:
    now = SystemClock().now()
    named = [{"id": new_id(), "username": f"a{n}", "display_name": f"Agent {n}"} for n in range(_AGENTS)]
    usual = {"password_hash": "", "role": "agent", "created_at": now}
    session.execute(insert(User), [one | usual for one in named])
    policy_row.write(session, RULES, RoutingRules(queues=[_RULE]))


def _cards(some: range, agents: list[Any], session: Session) -> None:
    now = SystemClock().now()
    made: dict[type[Any], list[dict[str, Any]]] = {
        kind: [] for kind in (Customer, PhoneNumber, ContactPoint, CallRow, SegmentRow, Task, BlockedNumber)
    }
    for n in some:
        card, key, call = new_id(), number(n), new_id()
        agent, digits = agents[n % _AGENTS], new_id()
        of_card = {"id": card, "name": f"Customer {n}", "vip": n % 50 == 0, "language": "ru" if n % 3 else ""}
        owned = {"owner_id": agent if n % 2 else None, "created_at": now, "updated_at": now}
        made[Customer].append(of_card | owned)
        made[PhoneNumber].append({"id": digits, "key": key, "e164": key, "tail": key[-9:], "last4": key[-4:]})
        made[ContactPoint].append({"customer_id": card, "number_id": digits, "raw": key, "created_at": now})
        if n % 5 == 0:
            at = now - timedelta(days=n % 300)
            told = {"pbx": "main", "uniqueid": f"{n}.1", "direction": "inbound", "state": "ended", "number_raw": key}
            made[CallRow].append(
                told | {"id": call, "withheld": False, "customer_id": card, "started_at": at, "answered_at": at}
            )
            part = {"call_id": call, "seq": 1, "agent_id": agent, "device": "PJSIP/101", "leg": f"{n}.2"}
            made[SegmentRow].append(part | {"role": "owner", "via": "queue", "answered_at": at})
        if n % 100 == 1:
            owed = {"kind": "callback", "customer_id": card, "assignee_id": agent, "order_at": now}
            made[Task].append(owed | {"created_at": now, "updated_at": now})
        if n % 1000 == 7:
            made[BlockedNumber].append({"number_id": digits, "reason": "spam", "created_at": now})
    for kind, rows in made.items():
        if rows:
            session.execute(insert(kind), rows)


async def _serve(url: str, ready: Connection) -> None:
    """The service's port and the echo, until the other end is closed."""
    db, bus, clock = Database(url), Bus(), SystemClock()
    await db.start()

    async def nothing(*_: object) -> Any:
        return None

    outside = Outside(
        db=db,
        bus=bus,
        clock=clock,
        health=Health(bus, clock),
        take=nothing,
        live=dict,
        send={"main": nothing},
        region=lambda _: "RU",
    )
    free = Presence(state=Mood.AVAILABLE, since=clock.now())
    staffing = Staffing(
        presence=lambda _: free, seats_of=lambda *_: (), number=lambda _pbx, _channel, raw: parse(raw, "RU")
    )
    router = Router(outside, staffing)
    await router.start(Roster())
    commands = [b'SET VARIABLE CC_ROUTED "queue|7|PJSIP/102|102|PJSIP/102|15|ru|||||Olga"\n']

    async def echo(_: object) -> Reply:
        return Reply(commands=commands, taken=lambda _: None)

    async def serve(reply: Callable[[Asked], Awaitable[Reply]]) -> int:
        return await Server(reply, patience_s=Fastagi().patience_s).start("127.0.0.1", 0)

    port, floor = await serve(router.reply), await serve(echo)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(router.run())
        ready.send((port, floor, router.token))
        await asyncio.to_thread(ready.poll, None)
        running.cancel()
    await db.close()


def _served(url: str, ready: Connection) -> None:
    asyncio.run(_serve(url, ready))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    port: int
    token: str
    customers: int

    async def __call__(self, rng: random.Random) -> bool:
        """Asks once, as Asterisk does; whether it was answered."""
        who = number(rng.randrange(self.customers)) if rng.random() < 0.9 else f"+7495{rng.randrange(10**7):07d}"
        told = {
            "network": "yes",
            "network_script": f"main/{self.token}",
            "channel": "PJSIP/trunk-00000001",
            "uniqueid": f"{time.time():.3f}.1",
            "callerid": who,
            "arg_1": "support",
            "arg_2": who.replace("+", "%2B"),
            "arg_3": "1",
        }
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write("".join(f"agi_{name}: {value}\n" for name, value in told.items()).encode() + b"\n")
            answered = False
            while line := await reader.readline():
                answered |= line.startswith(b'SET VARIABLE CC_ROUTED "queue|')
                writer.write(b"200 result=1\n")
            return answered
        finally:
            writer.close()


async def load(ask: Callable[[random.Random], Awaitable[bool]], seconds: float) -> list[float]:
    """What each question took, in milliseconds from the moment it was due; for ever where it was not answered."""
    rng, times = random.Random(11), list[float]()
    loop = asyncio.get_running_loop()
    began = loop.time() + 0.1

    async def one(due: float) -> None:
        await asyncio.sleep(max(0.0, due - loop.time()))
        answered = False
        with suppress(ConnectionError):
            answered = await ask(rng)
        times.append((loop.time() - due) * 1000 if answered else math.inf)

    async with asyncio.TaskGroup() as group:
        for n in range(int(seconds * RATE)):
            group.create_task(one(began + n / RATE))
    return sorted(times)


def said(name: str, times: list[float]) -> float:
    p50, p99 = times[len(times) // 2], times[int(len(times) * 0.99) - 1]
    silent = sum(math.isinf(one) for one in times)
    print(
        f"{name:22} {len(times)} questions, {silent} not answered"
        f"  p50 {p50:6.2f} ms  p99 {p99:6.2f} ms  worst {times[-1]:6.2f} ms"
    )
    return p99


async def run(url: str, customers: int, seconds: float) -> bool:
    db = Database(url)
    await db.start()
    began = time.monotonic()
    await fill(db, customers)
    await db.close()
    print(
        f"{customers} customers on {'SQLite' if db.sqlite else 'PostgreSQL'}, made in {time.monotonic() - began:.0f} s"
    )
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_served, args=(url, theirs))
    process.start()
    try:
        port, floor, token = await asyncio.to_thread(ours.recv)
        bare = said("bare echo", await load(Asking(port=floor, token=token, customers=customers), seconds / 3))
        await load(Asking(port=port, token=token, customers=customers), 1.0)  # what is made at its first use
        asked = said("where does it go", await load(Asking(port=port, token=token, customers=customers), seconds))
    finally:
        ours.send(None)
        process.join(20)
        process.kill()
    passed = asked <= BAR_MS
    print(f"route {asked / bare:.1f} x the echo's p99; p99 {asked:.1f} ms {BAR_MS:.0f} {'pass' if passed else 'fail'}")
    return passed


def _kept() -> Path:
    KEPT.mkdir(mode=0o700, exist_ok=True)
    return KEPT


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("customers", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--postgres", nargs="?", const="own", help="PostgreSQL; by URL one that is there")
    parser.add_argument("--seconds", type=float, default=60.0)
    asked = parser.parse_args()
    with ExitStack() as ends:
        url = asked.postgres or f"sqlite:///{_kept() / f'route-{asked.customers}.sqlite3'}"
        if url == "own":
            cluster = ends.enter_context(started(durable=True))
            url = cluster.url(cluster.new_database())
        migrate(url)
        return 0 if asyncio.run(run(url, asked.customers, asked.seconds)) else 1


if __name__ == "__main__":
    raise SystemExit(main())
