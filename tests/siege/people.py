"""Who is on the telephone during a siege: customers of every patience, and agents who hand on, park and call out."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any, Final

from tests.lab.amitap import AmiTap
from tests.lab.refer import refer
from tests.pbx.job.product import AGENTS, Desk
from tests.siege.siege import Fault, Siege
from tests.until import pace, until_async

DIDS: Final = ("7001", "7001", "7001", "7101", "7102")
QUEUE_DID: Final = "7001"
LONG_MS: Final = 5000
"""A talk in which there is time to hand the customer on."""


async def customers(siege: Siege) -> None:
    """They ring for ever, so many at a time: most talk a moment, some for longer, some give up soon."""
    while not siege.ending:
        if not siege.dead and len(siege.on_the_line()) < siege.living:
            number = f"7916{siege.seed % 1000:03d}{len(siege.callers):04d}"
            talk = LONG_MS if siege.dice.random() < 0.3 else int(siege.dice.uniform(300, 2500))
            patience = int(siege.dice.uniform(300, 3000)) if siege.dice.random() < 0.2 else 25_000
            did = siege.dice.choice(DIDS)
            siege.callers.append(siege.floor.caller(number, did, talk_ms=talk, patience_ms=patience))
        await pace(0.1)


async def logs_outcomes(siege: Siege, name: str) -> None:
    """An agent at his tab: whatever he is told to owe he logs."""
    desk = siege.desks[name]
    if desk.deaf:
        await desk.reopen()
    for pop in desk.owed():
        await desk.request("PUT", f"/segments/{pop['id']}/outcome", {"outcome": "other", "comment": "done"})
        desk.pops.pop(pop["id"], None)


async def anna(siege: Siege) -> None:
    await logs_outcomes(siege, "anna")


async def boris(siege: Siege) -> None:
    """At a real browser where there is one."""
    if siege.screen:
        await siege.screen.work()
    else:
        await logs_outcomes(siege, "boris")


async def hands_on(siege: Siege) -> None:
    """Anna sends customers on: by her phone's button, after advice, to the shelf."""
    await pace(siege.dice.uniform(0.5, 2))
    if siege.ending or _talk(siege.desks["anna"]) is None:
        return
    deed = siege.dice.choice((_blind, _blind, _asks, _parks))
    await deed(siege)
    siege.deeds.append(deed.__name__.strip("_"))


def _talk(desk: Desk) -> dict[str, Any] | None:
    return next((p for p in desk.pops.values() if p["phase"] == "talking" and p["via"] != "originate"), None)


async def _blind(siege: Siege) -> None:
    await asyncio.to_thread(refer, siege.floor.phones[0], "102")


async def _parks(siege: Siege) -> None:
    await asyncio.to_thread(refer, siege.floor.phones[0], "700")


async def _asks(siege: Siege) -> None:
    """Boris is asked; then either he or Anna hangs up: the customer stays with the other."""
    leg, taken = await _leg(siege, "101"), len(siege.floor.phones[1].taken())
    await asyncio.to_thread(_act, siege, "Atxfer", {"Channel": leg, "Context": "agents", "Exten": "102#"})
    await until_async(lambda: len(siege.floor.phones[1].taken()) > taken, 4, "advice")
    await pace(siege.dice.uniform(0.1, 0.6))
    goes = leg if siege.dice.random() < 0.6 else await _leg(siege, "102")
    await asyncio.to_thread(_act, siege, "Hangup", {"Channel": goes})


async def _leg(siege: Siege, extension: str) -> str:
    """The newest channel of a phone."""
    lines = (await asyncio.to_thread(siege.pbx.cli, "core show channels concise")).splitlines()
    found = [line.partition("!")[0] for line in lines if line.startswith(f"PJSIP/{extension}-")]
    assert found, f"{extension} is in no talk"
    return max(found)


def _act(siege: Siege, action: str, headers: dict[str, str]) -> None:
    tap = AmiTap(siege.pbx)
    try:
        tap.action(action, **headers)
    finally:
        tap.close()


async def calls_out(siege: Siege) -> None:
    """Boris dials, or Anna clicks: each number once."""
    await pace(siege.dice.uniform(2, 6))
    if siege.ending or siege.dead:
        return
    number = f"7917{siege.seed % 1000:03d}{len(siege.dialled):04d}"
    if siege.dice.random() < 0.5:
        siege.dialled[number] = AGENTS["boris"]
        siege.callers.append(siege.floor.agent_dials(AGENTS["boris"], number, talk_ms=2500))
        return
    siege.dialled[number] = AGENTS["anna"]
    key = {"Idempotency-Key": str(uuid.uuid4())}
    for _ in range(2):
        await siege.desks["anna"].request("POST", "/calls", {"number": f"+{number}"}, headers=key)


PEOPLE: Final[tuple[Fault, ...]] = (customers, anna, boris, hands_on, calls_out)
