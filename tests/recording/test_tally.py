"""Every answered call has its recording or a reason, every file its call; what was mended is forgotten."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter import api
from callcenter.clock import SetClock
from callcenter.config import Recordings, Settings
from callcenter.crm import access, api_session, sessions, tallies, tally_policy, users, zones
from callcenter.crm.absence import Absence, Facts, Fate, explain, fate
from callcenter.crm.models.calls import CallRow, GapRow, PauseRow, QueueVisitRow, RecordingRow, SegmentRow
from callcenter.crm.models.people import User
from callcenter.crm.models.tallies import FindingRow
from callcenter.crm.privacy.rules import Lack
from callcenter.crm.sessions import Visitor
from callcenter.crm.tally_policy import TallyPolicy
from callcenter.db import Database
from callcenter.ids import new_id
from callcenter.jobs import Job
from callcenter.recording import api_tally
from callcenter.recording.strays import Stray
from callcenter.recording.tally import Places, Tally, explained
from tests.house.source import ROOT
from tests.privacy.allowed import allow_recording
from tests.recording.test_files import speech

NOW = datetime(2046, 11, 24, 9, tzinfo=UTC)
"""Behind the moments in which the rows are made, which count as when a recording was known."""
MONITOR = "/var/spool/asterisk/monitor"
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("files", "more", "reason"),
    [
        ((("missing", "not_found"), ("stored", "")), {}, ""),
        ((("missing", "not_found"), ("erased", "")), {}, Absence.ERASED),
        ((("refused", "not_wav"), ("waiting", "spool_unreadable")), {}, "spool_unreadable"),
        ((("waiting", ""),), {"over": timedelta(seconds=60)}, Absence.COMING),
        ((("waiting", ""),), {}, Absence.UNEXPLAINED),
        ((("waiting", ""),), {"backlog": True}, Absence.BACKLOG),
        ((("refused", "forbidden_by_policy"),), {}, Lack.FORBIDDEN),
        ((("empty", "empty"),), {}, "empty"),
        ((("empty", "empty"),), {"paused": True}, Absence.PAUSED),
        ((), {"lack": "forbidden_by_policy", "outage": True}, Lack.FORBIDDEN),
        ((), {"outage": True}, Absence.OUTAGE),
        ((), {"paused": True}, Absence.PAUSED),
        ((), {}, Absence.NOT_RECORDED),
    ],
)
def test_the_reason_is_what_stands_in_the_way_of_the_best_file(
    files: tuple[tuple[str, str], ...], more: dict[str, object], reason: str
) -> None:
    assert explain(Facts(**{"over": 2 * MINUTE, "files": files, **more})) == reason  # type: ignore[arg-type]


def test_a_reason_says_whether_anything_can_be_done() -> None:
    fates = {"": Fate.PRESENT, Lack.FORBIDDEN: Fate.EXCUSED, Absence.LATE: Fate.DELAYED, "not_found": Fate.LOST}
    assert {reason: fate(reason) for reason in fates} == fates


def test_every_reason_has_its_words() -> None:
    words = json.loads((ROOT / "web/src/locales/en.json").read_text())
    assert set(words["absence"]) == {*Absence, *Stray}
    assert set(words["lack"]) == set(Lack)


@dataclass
class Centre:
    """A night in a call center: its calls, its files, and who counts them."""

    db: Database
    spool: Path
    clock: SetClock
    tally: Tally

    async def call(self, uniqueid: str, *, state: str = "", error: str = "", ago: timedelta = 60 * MINUTE) -> UUID:
        """One that was answered and is over; ``state`` of its recording, "" where the PBX told of none."""
        row = CallRow(id=new_id(), pbx="main", uniqueid=uniqueid, direction="inbound", state="ended", number_raw="1")
        row.started_at, row.ended_at, row.withheld, row.result = NOW - ago - MINUTE, NOW - ago, False, "answered"
        row.answered_at = row.started_at
        talk = SegmentRow(call_id=row.id, seq=0, device="PJSIP/101", leg=f"{uniqueid}9", role="owner", via="queue")
        talk.answered_at, talk.ended_at = row.answered_at, row.ended_at
        visit = QueueVisitRow(call_id=row.id, seq=0, queue="support", joined_at=row.started_at)
        file = RecordingRow(call_id=row.id, pbx="main", path=f"{MONITOR}/{uniqueid}.wav", state=state, error=error)
        file.started_at = row.started_at

        def write(session: Session) -> None:
            session.add(row)
            session.flush()
            session.add_all([talk, visit, *([file] if state else [])])

        await self.db.write(write)
        return row.id

    def lay(self, name: str, *, ago: timedelta = 30 * MINUTE, content: bytes = b"") -> Path:
        """A file that was last written to then: of two seconds, or of what it is told to hold."""
        file = speech(self.spool / name, seconds=2.0)
        if content:
            file.write_bytes(content)
        os.utime(file, ((NOW - ago).timestamp(),) * 2)
        return file

    async def found(self) -> dict[str, str]:
        """The reason by the call's uniqueid, or the file's name."""
        rows = await self.db.read(
            lambda s: s.execute(
                select(FindingRow, CallRow.uniqueid).outerjoin(CallRow, CallRow.id == FindingRow.call_id)
            ).all()
        )
        return {uniqueid or row.thing.rpartition("/")[2]: row.reason for row, uniqueid in rows}


async def opened(db: Database, folder: Path) -> Centre:
    await db.write(lambda s: allow_recording(s, NOW, queues=("support",)))
    spool, clock = folder / "monitor", SetClock(at=NOW)
    spool.mkdir()
    places = Places(names=("main",), of=lambda _: Recordings(spool=spool))
    return Centre(db, spool, clock, Tally(db, clock, places))


@pytest.fixture
async def centre(sqlite_db: Database, tmp_path: Path) -> Centre:
    return await opened(sqlite_db, tmp_path)


async def test_a_count_tells_what_has_sound_what_has_a_reason_and_what_is_lost(db: Database, tmp_path: Path) -> None:
    centre = await opened(db, tmp_path)
    await centre.call("1.1", state="stored")
    await centre.call("1.2", state="missing", error="not_found")
    await centre.call("1.3", state="waiting", error="store_unavailable")
    await centre.call("1.4", state="waiting")
    await centre.call("1.5", state="refused", error="forbidden_by_policy")
    await centre.call("1.6")
    gap = GapRow(call_id=await centre.call("1.7"), seq=0, from_at=NOW, to_at=NOW, cause="link", filled_from="cel")
    await centre.db.write(lambda s: s.add(gap))
    await centre.call("1.8", state="missing", error="not_found", ago=26 * 60 * MINUTE)
    done = await centre.tally.count()
    figures = (done.answered, done.present, done.excused, done.delayed, done.lost, done.unexplained)
    assert figures == (7, 1, 1, 1, 3, 1)
    assert explained(done) == pytest.approx(6 / 7)
    assert await centre.found() == {
        "1.2": "not_found",
        "1.3": "store_unavailable",
        "1.4": "unexplained",
        "1.5": "forbidden_by_policy",
        "1.6": "pbx_did_not_record",
        "1.7": "outage",
    }
    assert await centre.db.read(lambda s: tallies.lost_by_reason(s, "main")) == {
        "not_found": 1,
        "unexplained": 1,
        "pbx_did_not_record": 1,
        "outage": 1,
    }


async def test_a_talk_that_was_paused_from_end_to_end_says_so(centre: Centre) -> None:
    call = await centre.call("1.1")

    def pause(session: Session) -> None:
        anna = User(
            username="anna", display_name="Anna", role="agent", password_hash="x", language="en", created_at=NOW
        )
        session.add(anna)
        session.flush()
        begun, over = NOW - 61 * MINUTE, NOW - 60 * MINUTE
        session.add(PauseRow(call_id=call, seq=0, from_at=begun, until=over, to_at=over, by_id=anna.id, ended="agent"))

    await centre.db.write(pause)
    await centre.tally.count()
    assert await centre.found() == {"1.1": "paused_whole"}


async def test_what_was_mended_is_no_longer_told(centre: Centre) -> None:
    await centre.call("1.1", state="waiting", error="store_unavailable")
    stray = centre.lay("other.wav")
    await centre.tally.count()
    assert set(await centre.found()) == {"1.1", "other.wav"}
    stray.unlink()
    await centre.db.write(lambda s: setattr(s.scalars(select(RecordingRow)).one(), "state", "stored"))
    centre.clock.move(3600)
    await centre.tally.count()
    assert await centre.found() == {}


async def test_a_file_without_a_call_is_told_and_one_whose_call_has_none_is_given_to_it(centre: Centre) -> None:
    call = await centre.call("1700000000.1")
    await centre.call("1700000000.2", state="stored")
    centre.lay("q-600-1700000000.1.wav")
    for side in ("-in", "-out"):
        centre.lay(f"q-600-1700000000.1{side}.wav")
    centre.lay("again-1700000000.2.wav")
    centre.lay("meeting.wav")
    centre.lay("noise.wav", content=b"no sound")
    centre.lay("fresh.wav", ago=MINUTE)
    done = await centre.tally.count()
    assert (done.linked, done.strays, done.delayed) == (1, 3, 1)
    found = await centre.found()
    assert found.pop("1700000000.1") == "recording_late"
    assert found == {"again-1700000000.2.wav": "second_file", "meeting.wav": "no_call", "noise.wav": "not_wav"}
    given = await centre.db.read(lambda s: s.scalars(select(RecordingRow).where(RecordingRow.call_id == call)).one())
    assert (given.path, given.state) == (f"{MONITOR}/q-600-1700000000.1.wav", "waiting")
    assert await centre.db.read(lambda s: s.query(Job).filter(Job.kind == "store_recording").count()) == 1


async def test_it_is_made_once_a_night_at_the_hour_of_the_call_center(centre: Centre) -> None:
    def settle(session: Session) -> None:
        tally_policy.write(session, TallyPolicy(hour=4))
        zones.write(session, "Asia/Baku")

    await centre.db.write(settle)
    assert not await centre.tally.look()
    centre.clock.at = datetime(2046, 11, 25, 1, tzinfo=UTC)
    assert [await centre.tally.look(), await centre.tally.look()] == [True, False]
    centre.clock.at = datetime(2046, 11, 25, 23, 59, tzinfo=UTC)
    assert not await centre.tally.look()
    centre.clock.move(60)
    assert [await centre.tally.look(), await centre.tally.look()] == [True, False]
    night = await centre.db.read(lambda s: tallies.last(s, night=True))
    assert night is not None
    assert (night.from_at, night.to_at) == (datetime(2046, 11, 25, 0, tzinfo=UTC), centre.clock.at)


@pytest.fixture
async def office(centre: Centre) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    """The count's own door, for a supervisor."""
    app = web.Application(middlewares=[api.problems, api.own_pages_only, access.authenticate])
    app[api.SETTINGS], app[api.CLOCK], app[api.DB] = Settings(), centre.clock, centre.db
    api_session.add_routes(app)
    api_tally.add_routes(app)
    api_tally.provide(app, centre.tally)

    def hire(session: Session) -> str:
        olga = users.create(session, {"username": "olga", "role": "supervisor"}, "no password", NOW)
        return sessions.begin(session, olga, Visitor(address="", software=""), NOW)

    told = {"X-Requested-With": "callcenter", "Cookie": f"{access.COOKIE}={await centre.db.write(hire)}"}
    async with TestClient(TestServer(app), headers=told) as client:
        yield client


async def test_a_supervisor_has_it_counted_and_goes_through_what_was_found(
    centre: Centre, office: TestClient[web.Request, web.Application]
) -> None:
    lost = await centre.call("1.1", state="missing", error="not_found")
    await centre.call("1.2", state="refused", error="forbidden_by_policy", ago=90 * MINUTE)
    centre.lay("meeting.wav")
    before = await (await office.get("/api/v1/tally")).json()

    assert (before["last"], before["hour"]) == (None, 2)
    assert (await office.post("/api/v1/tally/run")).status == 202
    assert (await (await office.get("/api/v1/tally")).json())["counting"]
    await centre.tally.look()
    house = await (await office.get("/api/v1/tally")).json()
    assert not house["counting"]
    last = house["last"]
    assert {name: last[name] for name in ("answered", "excused", "lost", "strays", "explained", "night")} == {
        "answered": 2,
        "excused": 1,
        "lost": 1,
        "strays": 1,
        "explained": 1.0,
        "night": False,
    }
    first = await (await office.get("/api/v1/tally/findings?limit=2")).json()
    second = await (await office.get(f"/api/v1/tally/findings?limit=2&cursor={first['next_cursor']}")).json()
    told = [(one["reason"], one["call_id"], one["path"]) for one in (*first["items"], *second["items"])]
    assert [reason for reason, *_ in told] == ["no_call", "not_found", "forbidden_by_policy"]
    assert told[0][1:] == (None, f"{MONITOR}/meeting.wav")
    assert told[1][1:] == (str(lost), "")
    narrowed = await (await office.get("/api/v1/tally/findings?queue=support&fate=excused")).json()
    assert [one["reason"] for one in narrowed["items"]] == ["forbidden_by_policy"]
    assert (await office.put("/api/v1/tally", json={"hour": 4})).status == 403
