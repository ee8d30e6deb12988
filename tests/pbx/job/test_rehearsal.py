"""The test call on a real PBX: a healthy way is seen whole, a broken one is named, and nothing is left behind."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from callcenter.rehearsal import NUMBER
from tests.lab.asterisk import Asterisk
from tests.lab.phones import Floor
from tests.pbx.job.product import Desk, Product
from tests.until import until_async

pytestmark = pytest.mark.pbx


async def test_call(admin: Desk, **wish: Any) -> dict[str, dict[str, Any]]:
    """The steps of a whole test call of the queue, by name; under ``""`` the report itself."""
    await admin.request("POST", "/pbx/main/test-call", {"queue": "support", **wish})
    report: dict[str, Any] = {}

    async def over() -> bool:
        report.update((await admin.request("GET", "/pbx/main/test-call"))["test_call"])
        return report["ended_at"] is not None

    await until_async(over, 60, "the test call's end")
    return {"": report, **{step["name"]: step for step in report["steps"]}}


test_call.__test__ = False  # type: ignore[attr-defined]


def states(steps: dict[str, dict[str, Any]], *but: str) -> dict[str, tuple[str, str]]:
    """What did not go well, and is not among ``but``."""
    return {n: (s["state"], s["code"]) for n, s in steps.items() if n and n not in but and s["state"] != "ok"}


def left_over(pbx: Asterisk) -> tuple[dict[str, str], bool, str]:
    """Debts, whether a test's member is in a queue, channels."""
    member = "callcenter-test" in pbx.cli("queue show")
    return pbx.database("callcenter-owes"), member, pbx.cli("core show channels concise").strip()


NOTHING: tuple[dict[str, str], bool, str] = ({}, False, "")


async def test_a_healthy_way_is_seen_whole_and_disturbs_nobody(pbx: Asterisk, floor: Floor, admin: Desk) -> None:
    await admin.listen()
    bystander = floor.phone("101", answer_ms=100)
    steps = asyncio.create_task(test_call(admin, watching=True))
    pop = await until_async(lambda: next(iter(admin.pops.values()), None), 20, "the pop of the test")
    assert pop is not None
    assert admin._tab is not None
    await admin._tab.send(json.dumps({"type": "painted", "pop": pop["id"], "paint_ms": 7.5}))
    seen = await steps
    assert states(seen) == {}
    assert (pop["test"], pop["number"], seen["painted"]["ms"]) == (True, NUMBER, 7.5)
    assert (seen[""]["did"], seen[""]["context"], seen[""]["ok"]) == ("7001", "from-trunk", True)
    call = await admin.request("GET", f"/calls/{seen['']['call_id']}")
    assert (call["test"], call["customer"], call["result"]) == (True, None, "answered")
    assert [r["transcript_state"] is not None for r in call["recordings"]] == [True]
    queue = next(q for q in (await admin.request("GET", "/queues"))["items"] if q["queue"] == "support")
    assert queue["today"]["answered"] == 0
    assert bystander.offers() == []
    assert left_over(pbx) == NOTHING


async def test_an_agents_own_phone_rings_when_the_administrator_asks_for_it(
    pbx: Asterisk, floor: Floor, admin: Desk, desks: dict[str, Desk]
) -> None:
    floor.phone("101", answer_ms=300)
    steps = asyncio.create_task(test_call(admin, agent="anna"))
    await desks["anna"].log_outcome()
    seen = await steps
    assert states(seen, "painted") == {}
    assert pbx.database("callcenter-owes") == {}


async def test_a_queue_without_its_gate_fails_at_the_gate(pbx: Asterisk, admin: Desk, product: Product) -> None:
    queues = pbx.etc / "queues.conf"
    whole = queues.read_text()
    queues.write_text(whole.replace("membergosub=callcenter-member", ""))
    pbx.cli("queue reload all")
    told = product.command("doctor", "--call", "support")
    queues.write_text(whole)
    pbx.cli("queue reload all")
    assert (told.returncode, told.stderr) == (1, "")
    failed = [line.split() for line in told.stdout.splitlines() if "FAILED" in line]
    assert failed == [["owed", "FAILED", "gate_silent"]], told.stdout
    assert "membergosub=callcenter-member" in told.stdout
    assert left_over(pbx) == NOTHING


async def test_a_missing_recording_folder_fails_at_the_recording(pbx: Asterisk, admin: Desk) -> None:
    monitor, away = pbx.spool / "monitor", pbx.spool / "away"
    monitor.rename(away)
    (pbx.spool / "monitor").symlink_to("/dev/null/nowhere")
    seen = await test_call(admin)
    monitor.unlink()
    away.rename(monitor)
    assert list(states(seen, "sent", "painted")) == ["stored"]
    assert seen["stored"]["remedy"]
    assert left_over(pbx) == NOTHING


async def test_what_a_killed_service_left_of_a_test_is_taken_away(pbx: Asterisk, admin: Desk, product: Product) -> None:
    await admin.request("POST", "/pbx/main/test-call", {"queue": "support"})
    await until_async(lambda: pbx.database("callcenter-owes"), 20, "the test's debt")
    product.kill()
    product.start()
    await until_async(lambda: left_over(pbx) == NOTHING, 20, "nothing left of it")
    (call, *_) = (await admin.request("GET", "/calls"))["items"]
    assert (call["test"], call["segments"][0]["outcome_state"]) == (True, "waived")
