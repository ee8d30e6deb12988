"""Administrators decide, the PBX and the capture follow, and what is missing is said in words."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.bus import Bus
from callcenter.config import Recordings
from callcenter.crm.models.calls import QueueVisitRow, RecordingRow, WishRow
from callcenter.crm.models.privacy import CallNotice, RecordingNotice
from callcenter.crm.privacy.rules import FAMILY, NOTICES
from callcenter.errors import Unavailable
from callcenter.health import Health
from callcenter.ids import new_id
from callcenter.recording.capture import Capture, open_store
from callcenter.recording.files import inspect
from callcenter.recording.switch import recording_switch
from tests.privacy.archive import SPOOL, Archive
from tests.recording.test_files import speech
from tests.spine.story import START

SUPPORT = {"pbx": "main", "scope": "queue", "queue": "support"}
WHOLE: dict[str, Any] = {
    **SUPPORT,
    "mode": "forced",
    "notice_text": "This call is recorded.",
    "notice_how": "sound",
    "notice_sound": "custom/recorded",
    "notice_key": "9",
    "keep_days": 30,
    "contact": "privacy@example.com",
}


class Astdb:
    """The database of a PBX, as its AMI lets it be written."""

    def __init__(self) -> None:
        self.rows: dict[str, str] = {}

    async def send(self, action: Any, _timeout: float) -> list[dict[str, str]]:
        assert action["Family"] in (FAMILY, NOTICES)
        if action["Action"] == "DBPut":
            self.rows[action["Key"]] = action["Val"]
        elif self.rows.pop(action["Key"], None) is None:
            raise Unavailable("Database entry not found", code="pbx_refused")
        return []


async def recorded(archive: Archive, tmp_path: Path, wish: WishRow | None = None) -> RecordingRow:
    """A call of the queue, recorded by the PBX, its file handed over; ``wish``: what somebody decided about it."""
    call = await archive.call(START)
    name = f"{call}.wav"
    if wish:
        wish.call_id, wish.file = call, name if wish.wish == "start" else ""
    path = f"{SPOOL}/{name}"
    row = RecordingRow(id=new_id(), call_id=call, pbx="main", path=path, state="waiting", started_at=START)

    def write(session: Session) -> None:
        session.add(QueueVisitRow(call_id=call, seq=0, queue="support", joined_at=START))
        session.add(row)
        session.add_all([wish] if wish else [])

    await archive.db.write(write)
    speech(archive.spool / f"{call}.wav")
    clock, spool = archive.office.clock, Recordings(spool=archive.spool)
    capture = Capture(archive.db, clock, Health(Bus(), clock), lambda _pbx: spool, open_store(archive.kept.as_uri()))
    await capture.store({"recording": str(row.id)})
    return await archive.db.read(lambda s: s.get_one(RecordingRow, row.id))


async def test_a_queue_nobody_decided_about_is_not_kept_and_its_file_stays_on_the_pbx(
    archive: Archive, tmp_path: Path
) -> None:
    row = await recorded(archive, tmp_path)
    assert (row.state, row.error, row.policy_id) == ("refused", "policy_missing", None)
    assert list(archive.kept.iterdir()) == []
    assert len(list(archive.spool.iterdir())) == 1


async def test_by_policy_it_is_deleted_on_the_pbx_too(archive: Archive, tmp_path: Path) -> None:
    admin = await archive.signed_in("admin", "admin")
    kept = await admin.get("/privacy/keeping")
    wanted = {**kept.body["keeping"], "pbx_files": "delete"}
    assert (await admin.put("/privacy/keeping", wanted, If_Match=kept.headers["ETag"])).status == 200
    assert (await recorded(archive, tmp_path)).state == "refused"
    assert list(archive.spool.iterdir()) == []


async def test_one_gap_after_another_until_it_records(archive: Archive, tmp_path: Path) -> None:
    admin = await archive.signed_in("admin", "admin")
    steps: list[tuple[dict[str, Any], list[str]]] = [
        ({"mode": "forced"}, ["notice_missing", "keep_missing", "contact_missing", "staff_notice_missing"]),
        ({**WHOLE, "notice_sound": ""}, ["sound_missing", "staff_notice_missing"]),
        (WHOLE, ["staff_notice_missing"]),
    ]
    for step, lacks in steps:
        answer = await admin.put("/privacy/recording", {**SUPPORT, **step})
        assert (answer.status, answer.body["lacks"]) == (200, lacks)
    assert (await recorded(archive, tmp_path)).error == "staff_notice_missing"
    assert (await admin.put("/privacy/staff-notice", {"texts": {"en": "We record."}})).status == 200
    (item,) = [i for i in (await admin.get("/privacy/recording")).body["items"] if i["queue"] == "support"]
    assert (item["lacks"], item["notice_version"], item["version"]) == ([], 2, 3)
    assert (await recorded(archive, tmp_path)).state == "stored"


async def test_the_notice_s_version_stands_on_the_call(archive: Archive, tmp_path: Path) -> None:
    admin = await archive.signed_in("admin", "admin")
    await admin.put("/privacy/staff-notice", {"texts": {"en": "We record."}})
    for text in ("First.", "Second.", "Second."):
        await admin.put("/privacy/recording", {**WHOLE, "notice_text": text})
    archive.office.clock.move(60)
    await admin.put("/privacy/recording", {**WHOLE, "notice_text": "Third, after the call began."})
    row = await recorded(archive, tmp_path)
    notice = await archive.db.read(
        lambda s: s.scalars(
            select(RecordingNotice)
            .join(CallNotice, CallNotice.notice_id == RecordingNotice.id)
            .where(CallNotice.call_id == row.call_id)
        ).one()
    )
    assert (notice.text, notice.version) == ("Second.", 2)
    shown = (await admin.get(f"/calls/{row.call_id}")).body["notices"]
    assert [(one["scope"], one["queue"], one["version"], one["text"], one["result"]) for one in shown] == [
        ("queue", "support", 2, "Second.", None)
    ]


async def test_the_pbx_is_told_and_told_again_what_it_lost(archive: Archive) -> None:
    astdb, admin = Astdb(), await archive.signed_in("admin", "admin")
    switch = recording_switch(archive.db, {"main": astdb.send})
    await admin.put("/privacy/recording", WHOLE)
    await admin.put("/privacy/recording", {**WHOLE, "scope": "direct", "queue": "", "notice_how": "agent"})
    await switch.write("main")
    assert astdb.rows == {}
    await admin.put("/privacy/staff-notice", {"texts": {"en": "We record."}})
    await switch.write("main")
    told = f"custom/recorded||{await newest_notice(archive)}|9"
    assert astdb.rows == {"support": f"on|{told}", "*direct": "on"}
    astdb.rows = {"support": "off"}
    await switch.write("main")
    assert astdb.rows == {"support": f"on|{told}", "*direct": "on"}
    await admin.put("/privacy/recording", {**WHOLE, "mode": "on_demand"})
    await switch.write("main")
    assert astdb.rows == {"support": f"demand|{told}", "*direct": "on"}
    await admin.put("/privacy/recording", {**WHOLE, "mode": "forbidden"})
    await switch.write("main")
    assert astdb.rows == {"*direct": "on"}


async def newest_notice(archive: Archive) -> str:
    """The id of the last that is played."""
    played = select(RecordingNotice.id).where(RecordingNotice.how == "sound").order_by(RecordingNotice.since.desc())
    return str((await archive.db.read(lambda s: s.scalars(played).all()))[0])


async def test_a_number_has_an_announcement_of_its_own(archive: Archive) -> None:
    astdb, admin = Astdb(), await archive.signed_in("admin", "admin")
    switch = recording_switch(archive.db, {"main": astdb.send})
    of_number = {**WHOLE, "scope": "did", "queue": "+390212345", "keep_days": None, "contact": ""}
    answer = await admin.put("/privacy/recording", of_number)
    assert (answer.status, answer.body["lacks"], answer.body["notice_key"]) == (200, [], "9")
    await switch.write("main")
    assert astdb.rows == {"%2B390212345": f"custom/recorded||{await newest_notice(archive)}|9"}
    await admin.put("/privacy/recording", {**of_number, "mode": "forbidden"})
    await switch.write("main")
    assert astdb.rows == {}


async def test_on_demand_only_what_the_agent_began_is_kept(archive: Archive, tmp_path: Path) -> None:
    admin = await archive.signed_in("admin", "admin")
    await admin.put("/privacy/staff-notice", {"texts": {"en": "We record."}})
    await admin.put("/privacy/recording", {**WHOLE, "mode": "on_demand"})
    not_asked = await recorded(archive, tmp_path)
    assert (not_asked.state, not_asked.error) == ("refused", "not_asked_for")
    asked = await recorded(archive, tmp_path, WishRow(seq=0, wish="start", at=START))
    assert (asked.state, asked.error) == ("stored", "")


async def test_who_declines_is_not_kept_or_up_to_that_moment_and_not_transcribed(
    archive: Archive, tmp_path: Path
) -> None:
    admin = await archive.signed_in("admin", "admin")
    await admin.put("/privacy/staff-notice", {"texts": {"en": "We record."}})
    await admin.put("/privacy/recording", WHOLE)
    later = START + timedelta(seconds=0.5)
    dropped = await recorded(archive, tmp_path, WishRow(seq=0, wish="decline", at=later))
    assert (dropped.state, dropped.error) == ("refused", "caller_declined")
    policy = await admin.get("/privacy/recording-opt-out")
    keep = {"agents": True, "recorded": "keep"}
    await admin.put("/privacy/recording-opt-out", keep, If_Match=policy.headers["ETag"])
    kept = await recorded(archive, tmp_path, WishRow(seq=0, wish="decline", at=later))
    assert (kept.state, kept.duration_s) == ("stored", 0.5)
    (file,) = archive.kept.rglob("*.wav")
    assert inspect(file).duration_s == 0.5


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"notice_sound": "../../etc/passwd"}, {"notice_sound": "not_allowed"}),
        ({"notice_sound": "a\r\nAction: Command"}, {"notice_sound": "invalid"}),
        ({"queue": ""}, {"queue": "required"}),
        ({"keep_days": 0}, {"keep_days": "out_of_range"}),
        ({"keep_days": None}, {"keep_days": "required"}),
    ],
)
async def test_what_makes_no_sense_is_refused(archive: Archive, change: dict[str, Any], fields: dict[str, str]) -> None:
    admin = await archive.signed_in("admin", "admin")
    await admin.put("/privacy/recording", WHOLE)
    answer = await admin.put("/privacy/recording", {**WHOLE, **change})
    assert (answer.status, answer.fields) == (422, fields)


async def test_two_administrators_do_not_overwrite_each_other(archive: Archive) -> None:
    admin = await archive.signed_in("admin", "admin")
    assert (await admin.put("/privacy/recording", WHOLE, If_Match='"0"')).body["version"] == 1
    assert (await admin.put("/privacy/recording", WHOLE, If_Match='"0"')).code == "conflict"
    changes = [line.details for line in await archive.office.trail("edit")]
    assert changes == [{"mode": "forced", "keep_days": 30, "version": 1}]
