"""THE GATE: an owing agent is offered nothing, with calls always waiting and the service killed twice; and a second
Callcenter on the same PBX lets nobody go."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.lab.amitap import AmiTap
from tests.lab.asterisk import Asterisk
from tests.lab.phonelog import PhoneLog
from tests.lab.phones import Caller, Floor
from tests.pbx.job.product import AGENTS, Desk, Product
from tests.pbx.job.test_hand_overs import customer_of_anna
from tests.pbx.job.test_law import row, rule
from tests.pbx.job.test_owing import free
from tests.until import pace, until_async

pytestmark = pytest.mark.pbx
CALLS = 60
WAITING = 3


@dataclass
class Shift:
    """Two agents at work: when each logged his outcomes (epoch seconds), and who is done when."""

    floor: Floor
    product: Product
    desks: dict[str, Desk]
    logged: dict[str, list[float]] = field(default_factory=lambda: {"anna": [], "boris": []})
    begun: int = 0
    callers: list[Caller] = field(default_factory=list)

    @property
    def settled(self) -> int:
        return sum(len(times) for times in self.logged.values())

    async def keep_waiting(self) -> None:
        """Always enough callers in the queue, with talks of different lengths so that ends meet retry ticks."""
        while self.begun < CALLS:
            living = [c for c in self.callers if not c.ended()]
            if len(living) < WAITING + 2:
                talk = 400 + 150 * (self.begun % 7)
                number = f"7916124{self.begun:04d}"
                self.callers.append(self.floor.caller(number, "7001", talk_ms=talk, patience_ms=120_000))
                self.begun += 1
            await pace(0.05)

    async def work(self, name: str) -> None:
        """Logs each outcome some time after the talk; the tab comes back by itself after a kill."""
        while self.settled < CALLS:
            desk = self.desks[name]
            if not desk.owed():
                await pace(0.02)
                continue
            pop = desk.owed()[0]
            await pace(0.15 + 0.1 * (self.settled % 4))
            try:
                sent = time.time()
                await desk.request(
                    "PUT", f"/segments/{pop['id']}/outcome", {"outcome": "solved", "comment": f"call {self.settled}"}
                )
            except (TimeoutError, OSError, AssertionError):
                await pace(0.2)
                continue
            self.logged[name].append(sent)
            desk.pops.pop(pop["id"], None)

    async def kill_when(self, moment: str) -> None:
        await until_async(lambda: getattr(self, moment)(), 60, moment)
        self.product.kill()
        await pace(1.5)
        self.product.start()
        for desk in self.desks.values():
            await desk.reopen()

    def ringing(self) -> bool:
        return any(o.result == "ringing" for o in self.floor.log().offers)

    def wrapping_up(self) -> bool:
        return any(desk.owed() for desk in self.desks.values())


def intrusions(log: PhoneLog, logged: dict[str, list[float]]) -> list[str]:
    """Offers that a phone got between an answer and the logging of its outcome."""
    found = []
    for name, times in logged.items():
        offers = log.of(AGENTS[name])
        answered = [o for o in offers if o.answered_at is not None]
        for answer, settled in zip(answered, times, strict=False):
            assert answer.answered_at is not None
            found += [
                f"{name} was offered {o.customer} while owing for {answer.customer}"
                for o in offers
                if answer.answered_at < o.offered_at < settled
            ]
    return found


async def test_sixty_calls_two_agents_two_kills(
    pbx: Asterisk, floor: Floor, product: Product, desks: dict[str, Desk]
) -> None:
    for name in ("anna", "boris"):
        floor.phone(AGENTS[name], answer_ms=150)
    floor.phone(AGENTS["chiara"], busy=True)
    shift = Shift(floor, product, {name: desks[name] for name in ("anna", "boris")})
    async with asyncio.timeout(240), asyncio.TaskGroup() as group:
        group.create_task(shift.keep_waiting())
        for name in shift.desks:
            group.create_task(shift.work(name))
        await until_async(lambda: shift.settled >= 15, 120, "fifteen calls")
        await shift.kill_when("ringing")
        await until_async(lambda: shift.settled >= 35, 120, "thirty-five calls")
        await shift.kill_when("wrapping_up")
    log = floor.log()
    assert intrusions(log, shift.logged) == []
    assert len(log.answered()) == CALLS
    assert [a.number for a in log.attempts if a.answered_at is None] == []
    assert {name: len(times) for name, times in shift.logged.items()} == {
        name: len([o for o in log.of(AGENTS[name]) if o.answered_at]) for name in shift.logged
    }
    await until_async(lambda: pbx.database("callcenter-owes") == {}, 15, "no debt left in the PBX")
    listed = await desks["sofia"].request("GET", "/calls?limit=200")
    known = {c["number"] for c in listed["items"]}
    assert {f"+{o.customer}" for o in log.answered()} <= known


@pytest.fixture
async def second(pbx: Asterisk, desks: dict[str, Desk], tmp_path: Path) -> AsyncIterator[Product]:
    """Another installation on this PBX, at which nobody sits, and which may record nothing of the queue."""
    other = Product(pbx, tmp_path)
    other.add_people()
    other.start()
    try:
        await until_async(lambda: "code=gate_elsewhere" in other.log, 15, "the second knows that it is the second")
        admin = Desk(other, "admin")
        await admin.sign_in()
        assert (await rule(admin, mode="forbidden"))["lacks"] == ["forbidden_by_policy"]
        await admin.close()
        yield other
    finally:
        other.stop()


def told_of_her_seat(tap: AmiTap) -> list[str]:
    """What Anna's seat in the first of her queues was told, in order: paused or not."""
    told = [event for event in tap.events("QueueMemberPause") if event["Interface"] == "PJSIP/101"]
    return [event["Paused"] for event in told if event["Queue"] == told[0]["Queue"]]


async def test_a_second_callcenter_leaves_members_debts_and_recordings_to_the_first(
    pbx: Asterisk, floor: Floor, desks: dict[str, Desk], second: Product
) -> None:
    await until_async(lambda: free(pbx, "101"), 10, "Anna free")
    with closing(AmiTap(pbx)) as tap:
        await customer_of_anna(floor, desks, "79161270001")
        pbx.cli("channel request hangup all")
        await until_async(desks["anna"].owed, 15, "Anna owing")
        assert list(pbx.database("callcenter-owes")) == ["PJSIP/101"]
        await desks["anna"].log_outcome()
        await until_async(lambda: told_of_her_seat(tap)[-1:] == ["0"], 10, "Anna let go")
        *before, _ = told_of_her_seat(tap)
        assert set(before) == {"1"}, "from the answer to the outcome nobody lets her go"
        assert row(pbx) == "on"
        assert second.log.count("code=gate_elsewhere") == 1
