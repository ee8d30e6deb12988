"""Who is on the telephone during a siege: customers of every patience, and agents who hand on, park and call out."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any, Final

from tests.lab.amitap import AmiTap
from tests.lab.refer import refer
from tests.pbx.job.product import EVERYBODY, Desk
from tests.siege.siege import Fault, Siege
from tests.until import pace, until_async

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
            did = siege.dice.choice(siege.dids)
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
    """Customers are sent on: by the phone's button, after advice, to the shelf; back to the queue where it is mixed."""
    await pace(siege.dice.uniform(0.5, 2))
    hands = siege.working if siege.mixed else siege.working[:1]
    talking = [name for name in hands if _talk(siege.desks[name])]
    if siege.ending or not talking:
        return
    who = siege.dice.choice(talking)
    to = siege.dice.choice([name for name in siege.working if name != who])
    deed = siege.dice.choice((_blind, _blind, _asks, _parks, *((_requeues,) if siege.mixed else ())))
    await deed(siege, who, to)
    siege.deeds.append(deed.__name__.strip("_"))


def _talk(desk: Desk) -> dict[str, Any] | None:
    return next((p for p in desk.pops.values() if p["phase"] == "talking" and p["via"] != "originate"), None)


async def _blind(siege: Siege, who: str, to: str) -> None:
    await asyncio.to_thread(refer, siege.phone(who), EVERYBODY[to])


async def _parks(siege: Siege, who: str, _to: str) -> None:
    await asyncio.to_thread(refer, siege.phone(who), "700")


async def _requeues(siege: Siege, who: str, _to: str) -> None:
    await asyncio.to_thread(refer, siege.phone(who), QUEUE_DID)


async def _asks(siege: Siege, who: str, to: str) -> None:
    """A colleague is asked; then either of the two hangs up: the customer stays with the other."""
    extension, asked = EVERYBODY[to], siege.phone(to)
    leg, taken = await _leg(siege, EVERYBODY[who]), len(asked.taken())
    await asyncio.to_thread(_act, siege, "Atxfer", {"Channel": leg, "Context": "agents", "Exten": f"{extension}#"})
    await until_async(lambda: len(asked.taken()) > taken, 4, "advice")
    await pace(siege.dice.uniform(0.1, 0.6))
    goes = leg if siege.dice.random() < 0.6 else await _leg(siege, extension)
    await asyncio.to_thread(_act, siege, "Hangup", {"Channel": goes})


async def picks_up(siege: Siege) -> None:
    """What rings at a colleague's is taken by somebody who is on no telephone, be it that he owes."""
    await pace(siege.dice.uniform(0.5, 1.5))
    phases = {name: {pop["phase"] for pop in siege.desks[name].pops.values()} for name in siege.working}
    rung = [name for name, seen in phases.items() if "ringing" in seen]
    idle = [name for name, seen in phases.items() if not seen & {"ringing", "talking"}]
    if siege.ending or siege.dead or not rung or not idle:
        return
    at, by = siege.dice.choice(rung), siege.dice.choice(idle)
    keys = siege.dice.choice(("*8", f"*8{EVERYBODY[at]}"))
    siege.callers.append(siege.floor.agent_dials(EVERYBODY[by], keys, talk_ms=2500))
    siege.deeds.append("tries_to_pick_up")


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
    """The first agent clicks, another one dials: each number once."""
    await pace(siege.dice.uniform(2, 6))
    if siege.ending or siege.dead:
        return
    number = f"7917{siege.seed % 1000:03d}{len(siege.dialled):04d}"
    first, *others = siege.working
    if siege.dice.random() < 0.5:
        extension = EVERYBODY[siege.dice.choice(others)]
        siege.dialled[number] = extension
        siege.callers.append(siege.floor.agent_dials(extension, number, talk_ms=2500))
        return
    siege.dialled[number] = EVERYBODY[first]
    key = {"Idempotency-Key": str(uuid.uuid4())}
    for _ in range(2):
        await siege.desks[first].request("POST", "/calls", {"number": f"+{number}"}, headers=key)


PEOPLE: Final[tuple[Fault, ...]] = (customers, anna, boris, hands_on, calls_out)
