"""A PBX that shares no folder sends its recordings: none is lost while nobody takes them, and none comes twice."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab.asterisk import Asterisk
from tests.lab.phones import Floor
from tests.lab.render import CONF
from tests.lab.root import add_curl
from tests.pbx.job.conftest import wire
from tests.pbx.job.product import Desk, Product, free_port
from tests.until import until_async

pytestmark = pytest.mark.pbx
NUMBER = "79161290001"


@pytest.fixture
async def anna(pbx: Asterisk, tmp_path: Path) -> AsyncIterator[Desk]:
    """Anna at 101, in a product that sees no folder of the PBX."""
    add_curl(pbx.root)
    product = Product(pbx, tmp_path)
    del product.environment["CALLCENTER_PBX__MAIN__SPOOL"]
    product.add_people()
    product.start()
    await wire(product)
    desk = Desk(product, "anna")
    await desk.sign_in()
    await desk.listen()
    yield desk
    await desk.close()
    product.stop()


def sends(pbx: Asterisk, url: str, token: str) -> Path:
    """What include/install --upload puts beside the dialplan; the outbox of the script."""
    folder, outbox = pbx.etc / "callcenter", pbx.home / "outbox"
    outbox.mkdir(exist_ok=True)
    folder.mkdir(exist_ok=True)
    shutil.copy(CONF / "include/upload", folder / "upload")
    text = (CONF / "include/upload.curl").read_text().replace("@URL@", url).replace("@TOKEN@", token)
    text = text.replace("/var/spool/asterisk/callcenter-outbox", f"/srv/{pbx.name}/outbox")
    (folder / "upload.curl").write_text(text)
    owner = pbx.spool.stat()
    for path in (outbox, folder, *folder.iterdir()):
        os.chown(path, owner.st_uid, owner.st_gid)
    return outbox


def notes(outbox: Path) -> list[Path]:
    return [path for path in outbox.iterdir() if path.name != ".lock"]


async def test_a_recording_waits_on_the_pbx_until_it_is_taken(anna: Desk, floor: Floor, pbx: Asterisk) -> None:
    admin = Desk(anna.product, "admin")
    await admin.sign_in()
    made = await admin.request("POST", "/pbx/main/upload-tokens")
    outbox = sends(pbx, f"http://127.0.0.1:{free_port()}", made["token"])
    floor.phone("101")
    floor.caller(NUMBER, "7101", talk_ms=1500)
    await anna.log_outcome()
    await until_async(lambda: notes(outbox), 10, "the recording noted")
    sends(pbx, anna.product.url, made["token"])

    async def stored() -> list[dict[str, Any]]:
        (call,) = (await anna.request("GET", f"/calls?number={NUMBER}"))["items"]
        return [one for one in call["recordings"] if one["state"] == "stored"]

    (recording,) = await until_async(stored, 40, "the recording stored") or []
    assert (await anna.request("GET", f"/recordings/{recording['id']}"))["channels"] == 2
    await until_async(lambda: not notes(outbox), 10, "nothing waiting on the PBX")
    assert len(list((pbx.spool / "monitor").glob("*.wav"))) == 3
    assert list((anna.product.folder / "state/uploads/main").rglob("*")) == []
    (token,) = (await admin.request("GET", "/pbx/main/upload-tokens"))["items"]
    assert (token["token"], bool(token["used_at"])) == ("", True)
    await admin.close()
