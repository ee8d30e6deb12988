"""Asked over the door: what is answered, who may ask, what is written down about it, what an export lets through."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.crm.models.calls import CallRow, SegmentRow
from callcenter.crm.models.desks import Extension, MapRule, RosterRow
from callcenter.crm.models.office import Audit
from callcenter.crm.models.pops import PopDelivery
from callcenter.ids import new_id
from callcenter.screenpop.deliveries import Deliveries
from tests.ami.tale import recorded
from tests.ami.tale import told as tale
from tests.explaining.told import journal
from tests.rights.floor import Floor, open_floor

CAPTURE = "queue_ringall_answered"
CALL = tale(recorded(CAPTURE)).call


@dataclass
class Asked:
    floor: Floor
    call: UUID
    segment: UUID

    async def get(self, path: str, who: str = "admin") -> tuple[int, str]:
        said = await self.floor.ask(who, f"GET {path}", {})
        return said.status, said.text

    async def answer(self, path: str, who: str = "admin") -> Any:
        status, text = await self.get(path, who)
        assert status == 200, text
        return json.loads(text)

    async def trail(self) -> list[tuple[str, str]]:
        return await self.floor.parts.db.read(
            lambda s: [
                (a.verb, a.thing) for a in s.scalars(select(Audit).order_by(Audit.id)) if a.verb.endswith("_events")
            ]
        )


@pytest.fixture
async def asked(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Asked]:
    """A call of real phones that the service kept, Anna (the agent) at phone 102."""
    async with open_floor(sqlite_url, tmp_path) as floor:
        journal(floor.parts.links.journals, recorded(CAPTURE))
        call, segment = await floor.parts.db.write(lambda s: lay(s, floor))
        yield Asked(floor, call, segment)


def lay(session: Session, floor: Floor) -> tuple[UUID, UUID]:
    agent = floor.people["agent"]
    for position, (pattern, kind) in enumerate(
        [("PJSIP/trunk*", "trunk"), ("PJSIP/anonymous", "trunk"), ("*", "device")]
    ):
        session.add(MapRule(pbx="main", pattern=pattern, kind=kind, position=position, arriving=[], dialling=[]))
    phone = Extension(pbx="main", number="9102", devices=["PJSIP/102"], interfaces=[])
    row = CallRow(
        pbx="main", uniqueid=CALL.key.uniqueid, direction="inbound", state="ended", number_raw=CALL.number_raw
    )
    row.withheld, row.started_at, row.ended_at = False, CALL.started_at, CALL.ended_at
    session.add_all([phone, row])
    session.flush()
    session.add(RosterRow(agent_id=agent, extension_id=phone.id, since=CALL.started_at - timedelta(hours=1)))
    (place,) = [s.seq for s in CALL.segments if s.device.name == "PJSIP/102"]
    part = SegmentRow(call_id=row.id, seq=place, agent_id=agent, device="PJSIP/102", leg="x", role="owner", via="queue")
    session.add(part)
    session.flush()
    session.add(PopDelivery(segment_id=part.id, agent_id=agent, at=CALL.started_at, tabs=2, sent_ms=1.5, paint_ms=20.0))
    return row.id, part.id


async def test_a_supervisor_reads_who_saw_it_and_who_was_not_signed_in(asked: Asked) -> None:
    told = await asked.answer(f"/calls/{asked.call}/events", "supervisor")
    assert told["kept"] == "kept"
    verdicts = {(v["code"], v["device"]) for v in told["verdicts"]}
    assert verdicts == {
        ("painted", "PJSIP/102"),
        ("nobody_signed_in", "PJSIP/101"),
        ("nobody_signed_in", "PJSIP/103"),
    }
    assert [v["ms"] for v in told["verdicts"] if v["code"] == "painted"] == [21.5]
    assert all(bool(line["said"]) != bool(line["why"]) for line in told["lines"])
    assert {s["step"] for line in told["lines"] for s in line["shown"]} >= {"offered", "owed"}


async def test_agents_may_not_and_every_look_is_on_the_trail(asked: Asked) -> None:
    assert (await asked.get(f"/calls/{asked.call}/events", "agent"))[0] == 403
    assert await asked.trail() == []
    await asked.answer(f"/calls/{asked.call}/events")
    await asked.get(f"/calls/{asked.call}/events/export?format=json")
    await asked.answer("/pbx/main/events?number=1")
    assert sorted(await asked.trail()) == [("export_events", "call"), ("read_events", "call"), ("search_events", "pbx")]


@pytest.mark.parametrize("format", ["ami", "json"])
async def test_no_number_and_no_phone_survives_an_export(asked: Asked, format: str) -> None:
    status, text = await asked.get(f"/calls/{asked.call}/events/export?format={format}")
    assert status == 200
    assert CALL.number_raw.lstrip("+")[-7:] not in text
    assert not re.search(r"PJSIP/\d", text)
    assert "Anna" not in text


async def test_older_than_what_is_kept_is_said_plainly(asked: Asked) -> None:
    for file in asked.floor.parts.links.journals.iterdir():
        file.unlink()
    told = await asked.answer(f"/calls/{asked.call}/events")
    assert (told["kept"], told["kept_since"], told["lines"]) == ("gone", None, [])


async def test_a_search_leads_to_the_call(asked: Asked) -> None:
    at = CALL.started_at.isoformat().replace("+", "%2B")
    told = await asked.answer(f"/pbx/main/events?at={at}&number={CALL.number_raw[-10:]}")
    assert [group["call_id"] for group in told["groups"]] == [str(asked.call)]
    nothing = await asked.answer(f"/pbx/main/events?at={at}&number=0255501999")
    assert nothing["groups"] == []
    assert (await asked.get("/pbx/nowhere/events"))[0] == 404


async def test_what_screens_were_told_is_written_after_the_pop(asked: Asked) -> None:
    parts, agent = asked.floor.parts, asked.floor.people["agent"]
    told = Deliveries(parts.db, parts.clock)
    actor = type("Who", (), {"id": agent})()
    told.offered(agent, asked.segment, 1, parts.clock.monotonic())
    told.offered(agent, new_id(), 1, None)  # a call that was never committed
    await told.write()
    told.painted(actor, asked.segment, 12.0)
    told.painted(actor, asked.segment, 99.0)
    await told.write()
    rows = await parts.db.read(lambda s: [(r.tabs, r.paint_ms) for r in s.scalars(select(PopDelivery))])
    assert sorted(rows) == [(1, 12.0), (2, 20.0)]
