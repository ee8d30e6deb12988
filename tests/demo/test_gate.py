"""The simulated gate: an agent who owes is never rung, however many wait and whenever the talk ends."""

from __future__ import annotations

from pathlib import Path

from callcenter.demo.pace import Pace
from callcenter.demo.pbx import Account, Pbx
from callcenter.demo.queue_call import Plan
from callcenter.demo.switch import DEBTS
from tests.until import until_async

CALLS = 60
ACCOUNT = Account(username="callcenter", secret="demo")


async def settle(pbx: Pbx) -> None:
    """What the service does once an outcome is logged: only where the talk is over."""
    talking = {c.name.rpartition("-")[0] for c in pbx.switch.board.channels.values() if c.bridge}
    for family, interface in list(pbx.switch.database):
        if interface not in talking:
            pbx.switch.database.pop((family, interface))
            pbx.switch.pause(interface, paused=False, reason="")


def plan(at: int) -> Plan:
    """Every other talk ends on a retry tick of those who wait, where an offer would slip through."""
    return Plan(number=f"7916123{at:04}", did=("7001", "7002")[at % 2], patience=10_000, talk=2.0 + (at % 4) / 2)


async def test_an_owing_agent_is_never_offered_a_call(tmp_path: Path) -> None:
    async with Pbx(ACCOUNT, tmp_path, lambda _interface: 0.5, Pace(0.01)) as pbx:
        for at in range(CALLS):
            pbx.call(plan(at))

        async def done() -> bool:
            await settle(pbx)
            return not pbx.calls

        await until_async(done, timeout=60.0)
        assert sum(queue.completed for queue in pbx.switch.floor.queues.values()) == CALLS
        assert [ring for ring in pbx.switch.rings if ring.owing] == []


async def test_with_everybody_owing_callers_wait_and_nobody_is_rung(tmp_path: Path) -> None:
    async with Pbx(ACCOUNT, tmp_path, lambda _interface: 0.5, Pace(0.01)) as pbx:
        for at in range(8):
            pbx.call(plan(at))
        queues = pbx.switch.floor.queues
        await until_async(lambda: sum(queue.completed for queue in queues.values()) == 3)
        rung = len(pbx.switch.rings)
        gone_by = pbx.switch.pace.now() + 30
        await until_async(lambda: pbx.switch.pace.now() > gone_by)
        assert len(pbx.switch.rings) == rung
        assert sum(len(queue.waiting) for queue in queues.values()) == 5
        assert len([family for family, _ in pbx.switch.database if family == DEBTS]) == 3
