"""A real PBX records what the rules allow, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from callcenter.crm.privacy.rules import FAMILY
from tests.lab.asterisk import Asterisk
from tests.lab.phones import Floor
from tests.pbx.job.product import Desk, Product
from tests.until import until_async

pytestmark = pytest.mark.pbx


async def rule(desk: Desk, **changes: Any) -> dict[str, Any]:
    """The rule of the queue, after these changes."""
    rules = (await desk.request("GET", "/privacy/recording"))["items"]
    (found,) = [one for one in rules if one["queue"] == "support"]
    kept = {name: value for name, value in found.items() if name not in {"lacks", "version", "notice_version"}}
    return dict(await desk.request("PUT", "/privacy/recording", {**kept, **changes}))


def row(pbx: Asterisk) -> str:
    """What the PBX's own database says of the queue."""
    return pbx.database(FAMILY).get("support", "")


async def test_the_pbx_records_only_while_the_rule_says_so(
    pbx: Asterisk, floor: Floor, desks: dict[str, Desk], product: Product
) -> None:
    admin = Desk(product, "admin")
    await admin.sign_in()
    assert (await rule(admin, record=False))["lacks"] == ["policy_off"]
    await until_async(lambda: not row(pbx), 10, "the PBX's row gone")
    floor.phone("101", answer_ms=300)
    caller = floor.caller("79161270001", "7001", talk_ms=1500)
    await until_async(caller.ended, 20, "the call's end")
    await desks["anna"].log_outcome()
    (call, *_) = (await admin.request("GET", "/calls?number=79161270001"))["items"]
    assert (call["result"], call["recordings"]) == ("answered", [])
    assert (await rule(admin, record=True))["lacks"] == []
    await until_async(lambda: row(pbx) == "on", 10, "the PBX's row back")
    await admin.close()
