"""What goes wrong says so in one line with its remedy, heals by itself, and loses nothing."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab.asterisk import Asterisk
from tests.lab.phones import Floor
from tests.parts import need
from tests.pbx.job.conftest import linked, wire
from tests.pbx.job.product import Desk, Product
from tests.until import until_async

pytestmark = pytest.mark.pbx


@pytest.fixture
def pbx() -> Iterator[Asterisk]:
    """One of the test's own: it is stopped and killed here."""
    need("asterisk")
    with Asterisk() as running:
        yield running


@pytest.fixture
def product(pbx: Asterisk, tmp_path: Path) -> Iterator[Product]:
    made = Product(pbx, tmp_path)
    made.add_people()
    yield made
    made.stop()


async def pbx_part(admin: Desk) -> dict[str, Any]:
    (found,) = (await admin.request("GET", "/pbx"))["items"]
    return dict(found)


def one_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    assert len(lines) == 1, text
    return lines[0]


def test_a_port_in_use_is_one_line(product: Product) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", product.port))
        holder.listen()
        done = product.command("run")
    assert done.returncode != 0
    assert "CALLCENTER_HTTP__PORT" in one_line(done.stderr)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("CALLCENTER_REGOIN", "RU", "CALLCENTER_REGOIN"),
        ("CALLCENTER_HTTP__PORT", "eighty", "CALLCENTER_HTTP__PORT"),
        ("CALLCENTER_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none", "database"),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_it(product: Product, name: str, value: str, told: str) -> None:
    product.environment[name] = value
    done = product.command("run")
    assert done.returncode != 0
    assert told in one_line(done.stderr)


async def test_a_wrong_password_is_told_with_its_remedy(product: Product) -> None:
    product.environment["CALLCENTER_PBX__MAIN__SECRET"] = "wrong"
    product.start()
    admin = Desk(product, "admin")
    await admin.sign_in()

    async def refused() -> bool:
        return str((await pbx_part(admin))["code"]) == "wrong_password"

    await until_async(refused, 20, "the PBX refusing")
    assert "manager.conf" in (await pbx_part(admin))["remedy"]
    assert "wrong" not in product.log.replace("wrong_password", "")
    await admin.close()


async def test_an_asterisk_that_is_down_is_told_and_found_when_it_comes(pbx: Asterisk, product: Product) -> None:
    pbx.stop()
    product.start()
    admin = Desk(product, "admin")
    await admin.sign_in()

    async def refused() -> bool:
        return str((await pbx_part(admin))["code"]) == "refused"

    await until_async(refused, 20, "nobody listening")
    pbx.start()
    await admin.close()
    await wire(product)


async def test_a_killed_asterisk_ends_its_calls_and_leaves_the_debt(
    pbx: Asterisk, product: Product, floor: Floor
) -> None:
    product.start()
    await wire(product)
    anna = Desk(product, "anna")
    await anna.sign_in()
    await anna.listen()
    floor.phone("101")
    caller = floor.caller("79161250001", "7101", talk_ms=60_000)
    await until_async(lambda: [p for p in anna.pops.values() if p["phase"] == "talking"], 15, "Anna talking")
    pbx.kill()
    caller.close()
    pbx.start()
    await until_async(anna.owed, 30, "the call ended and owed for")
    admin = Desk(product, "admin")
    await admin.sign_in()
    await until_async(lambda: linked(admin), 30, "the link")
    await until_async(lambda: "paused:callcenter" in pbx.cli("queue show support") or _paused(pbx), 15, "Anna paused")
    await anna.log_outcome()
    await until_async(lambda: not _paused(pbx), 15, "Anna free")
    for desk in (anna, admin):
        await desk.close()


def _paused(pbx: Asterisk) -> bool:
    return any("PJSIP/101" in line and "paused" in line for line in pbx.cli("queue show support").splitlines())
