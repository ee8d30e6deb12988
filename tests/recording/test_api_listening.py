"""A listener's waveform, comments and trail."""

from __future__ import annotations

import io
import wave
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import obstore
import pytest
from aiohttp import ClientResponse
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from callcenter.crm import access
from callcenter.crm.models.calls import RecordingRow
from callcenter.crm.models.listening import CommentRow, OutlineRow
from callcenter.crm.models.office import Audit
from callcenter.crm.privacy import erasure
from callcenter.db import Database
from callcenter.ids import new_id
from tests.recording.test_api import NOW, Archive

RATE = 8000
WORDS = {"at_s": 1.5, "text": "Well explained"}


def two_voices() -> bytes:
    """Two seconds: the customer in the first, the agent in the second."""
    loud, quiet = (20_000).to_bytes(2, "little"), b"\0\0"
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((loud + quiet) * RATE + (quiet + loud) * RATE)
    return out.getvalue()


class Listeners(Archive):
    async def fill(self) -> None:
        await super().fill()
        sound = two_voices()
        await obstore.put_async(self.store, "2026/11/24/1.wav", sound)
        values = {"size": len(sound), "duration_s": 2.0, "channels": 2}
        await self.db.write(lambda s: s.execute(update(RecordingRow).values(**values)))

    async def send(
        self, name: str, what: str, body: Any = None, *, method: str = "POST", key: str = ""
    ) -> ClientResponse:
        headers = {"Cookie": f"{access.COOKIE}={self.tokens[name]}", "X-Requested-With": "callcenter"}
        headers |= {"Idempotency-Key": key} if key else {}
        path = f"/api/v1/recordings/{self.recording}{what}"
        return await self.client.request(method, path, json=body, headers=headers)

    async def trail(self, verb: str) -> list[tuple[str, dict[str, Any]]]:
        rows = await self.db.read(lambda s: s.scalars(select(Audit).where(Audit.verb == verb).order_by(Audit.id)).all())
        return [(row.actor_name, row.details) for row in rows]

    async def count(self, kind: Any) -> int:
        return await self.db.read(lambda s: s.scalar(select(func.count()).select_from(kind)) or 0)


@pytest.fixture
async def house(db: Database, tmp_path: Path) -> AsyncIterator[Listeners]:
    house = Listeners(db, tmp_path / "store")
    await house.fill()
    yield house
    await house.client.close()


async def test_the_waveform_shows_who_spoke_when(house: Listeners) -> None:
    found = await (await house.ask(what="/peaks")).json()
    customer, agent = found["peaks"]
    assert (found["duration_s"], found["bar_s"], len(customer)) == (2.0, 0.05, 40)
    assert set(customer[:20]) == set(agent[20:]) == {156}
    assert set(customer[20:]) == set(agent[:20]) == {0}


async def test_it_is_measured_once(house: Listeners) -> None:
    first = await (await house.ask(what="/peaks")).json()
    await obstore.delete_async(house.store, "2026/11/24/1.wav")
    assert await (await house.ask("olga", what="/peaks")).json() == first


async def test_a_store_that_is_away_costs_the_waveform_only_now(house: Listeners) -> None:
    await obstore.delete_async(house.store, "2026/11/24/1.wav")
    assert (await house.ask(what="/peaks")).status == 503
    assert await house.count(OutlineRow) == 0
    await obstore.put_async(house.store, "2026/11/24/1.wav", two_voices())
    assert (await house.ask(what="/peaks")).status == 200


async def test_comments_stand_at_their_moments(house: Listeners) -> None:
    late = await house.send("olga", "/comments", {"at_s": 99.0, "text": " Long pause "})
    await house.send("anna", "/comments", WORDS)
    assert (late.status, (await late.json())["at_s"]) == (201, 2.0)
    told = (await (await house.ask(what="/comments")).json())["items"]
    assert [(one["text"], one["mine"]) for one in told] == [("Well explained", True), ("Long pause", False)]
    assert [who for who, _ in await house.trail("comment")] == ["olga", "anna"]


async def test_a_comment_sent_twice_is_said_once(house: Listeners) -> None:
    first = await (await house.send("anna", "/comments", WORDS, key="k1")).json()
    again = await (await house.send("anna", "/comments", WORDS, key="k1")).json()
    assert (first["id"], await house.count(CommentRow)) == (again["id"], 1)


async def test_only_who_said_it_takes_it_back(house: Listeners) -> None:
    made = await (await house.send("olga", "/comments", WORDS)).json()
    assert (await house.send("anna", f"/comments/{made['id']}", method="DELETE")).status == 403
    assert (await house.send("olga", f"/comments/{made['id']}", method="DELETE")).status == 204
    assert (await house.send("olga", f"/comments/{made['id']}", method="DELETE")).status == 404
    assert [who for who, _ in await house.trail("uncomment")] == ["olga"]


@pytest.mark.parametrize(
    "body", [{"at_s": -1, "text": "x"}, {"at_s": 1, "text": "  "}, {"at_s": 1, "text": "x" * 2001}]
)
async def test_a_comment_says_something_about_a_moment(house: Listeners, body: dict[str, Any]) -> None:
    assert (await house.send("anna", "/comments", body)).status == 422


async def test_the_trail_says_which_part_was_heard(house: Listeners) -> None:
    told = {"stretches": [{"from_s": 0.2, "to_s": 0.9}, {"from_s": 0.8, "to_s": 1.7}, {"from_s": 1.9, "to_s": 50}]}
    assert (await house.send("olga", "/heard", told)).status == 204
    assert await house.trail("heard") == [("olga", {"parts": ["0:00-0:02"], "seconds": 2})]


async def test_nothing_heard_is_no_line(house: Listeners) -> None:
    assert (await house.send("olga", "/heard", {"stretches": [{"from_s": 5, "to_s": 9}]})).status == 204
    assert (await house.send("boris", "/heard", {"stretches": [{"from_s": 0, "to_s": 1}]})).status == 404
    assert await house.trail("heard") == []


async def test_taking_it_away_is_a_right_and_a_line_of_its_own(house: Listeners) -> None:
    assert (await house.ask("anna", what="/audio?download=1")).status == 403
    taken = await house.ask("olga", what="/audio?download=1")
    assert (await taken.read(), taken.headers["Content-Disposition"][:10]) == (two_voices(), "attachment")
    assert [who for who, _ in await house.trail("download")] == ["olga"]


async def test_what_was_said_about_it_goes_with_it(house: Listeners) -> None:
    await house.ask(what="/peaks")
    await house.send("anna", "/comments", WORDS)

    def bury(session: Session) -> None:
        erasure.bury(session, [session.get_one(RecordingRow, house.recording)], "retention", NOW)

    await house.db.write(bury)
    assert (await house.count(OutlineRow), await house.count(CommentRow)) == (0, 0)
    assert (await house.send("anna", "/comments", WORDS)).status == 409
    house.recording = new_id()
    assert (await house.ask(what="/peaks")).status == 404
