"""The status of the whole house while its link to a real PBX is cut and comes back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lab.asterisk import Asterisk
from tests.pbx.job.conftest import wire
from tests.pbx.job.product import Desk, Product
from tests.until import until_async

pytestmark = pytest.mark.pbx


async def parts(desk: Desk) -> dict[str, dict[str, Any]]:
    return {part["name"]: part for part in (await desk.request("GET", "/status"))["parts"]}


async def test_a_cut_link_is_told_first_with_its_remedy_and_heals(pbx: Asterisk, product: Product) -> None:
    await wire(product)
    sofia = Desk(product, "sofia")
    await sofia.sign_in()

    async def well() -> bool:
        found = await parts(sofia)
        return {"pbx:main", "events:main", "database", "disk:state", "recording_backlog"} <= found.keys()

    await until_async(well, 20, "every part looked at")
    assert {name for name, part in (await parts(sofia)).items() if part["state"] == "off"} == {
        "backups",
        "speech_backlog",
    }
    pbx.stop()

    async def ill() -> list[dict[str, Any]]:
        """The ill parts, which stand first."""
        found = await sofia.request("GET", "/status")
        return [part for part in found["parts"][: found["ill"]] if part["name"] == "pbx:main"]

    told = (await until_async(ill, 30, "the cut link told first"))[0]
    assert (told["state"], told["code"] in {"lost", "refused"}, bool(told["remedy"])) == ("ill", True, True)
    pbx.start()

    async def healed() -> bool:
        return bool((await sofia.request("GET", "/status"))["ill"] == 0)

    await until_async(healed, 40, "the link healed")
    await sofia.close()
