"""Streams recorded and replayed."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

from callcenter.ami.capture import line, record, replay
from callcenter.ami.wire import Link
from callcenter.log import Secret
from tests.ami.says import Pbx
from tests.ami.tale import MAP
from tests.fake_asterisk import FakeAsterisk
from tests.until import until_async


async def test_a_recorded_stream_replays_as_its_events(tmp_path: Path) -> None:
    file = tmp_path / "call.ami"
    pbx = Pbx()
    pbx.hangup(pbx.rings(pbx.customer(caller="Олена")), 17)
    async with FakeAsterisk() as asterisk:
        link = Link(pbx="main", host="127.0.0.1", port=asterisk.port, username="crm", secret=Secret("s3cret"))
        recording = asyncio.create_task(record(link, file))
        await until_async(lambda: file.exists() and b"FullyBooted" in file.read_bytes())
        asterisk.tell(pbx.stream)
        await until_async(lambda: file.read_bytes().endswith(pbx.blocks[-1]))
        recording.cancel()
        with suppress(asyncio.CancelledError):
            await recording
    assert [type(event).__name__ for event in replay(file, MAP)] == ["Arrived", "Offered", "OfferEnded"]


def test_lines_for_people_hide_who_called(tmp_path: Path) -> None:
    file = tmp_path / "call.ami"
    pbx = Pbx()
    pbx.customer(caller="Олена Гончаренко")
    file.write_bytes(pbx.stream)
    (arrived,) = replay(file, MAP)
    assert "9161234" not in line(arrived)
    assert "Гончаренко" not in line(arrived)
    assert "+79161234567" in line(arrived, masked=False)
