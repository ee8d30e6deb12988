"""What is too old goes at night, nothing else does, and a night cut short is taken up where it was."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter.bus import Bus
from callcenter.clock import SetClock
from callcenter.crm import agent_messages, audit
from callcenter.crm.models.calls import RecordingRow, SegmentRow
from callcenter.crm.models.customers import Customer
from callcenter.crm.models.floor import AgentMessage, AgentMessageReader
from callcenter.crm.models.office import Idempotency
from callcenter.crm.models.people import SignInAttempt, User
from callcenter.crm.models.privacy import RetentionRun
from callcenter.crm.models.scores import Evaluation, EvaluationAnswer, ScoreForm, ScoreFormVersion
from callcenter.crm.privacy import chain, keeping
from callcenter.crm.privacy.keeping import Keeping
from callcenter.crm.privacy.nights import Nights
from callcenter.jobs import Job
from callcenter.news import CustomerChanged
from tests.crm.office import Caller
from tests.privacy.archive import Archive
from tests.spine.story import START
from tests.until import until_async

DAY = 86_400.0
LONG_AGO = START - timedelta(days=900)
POLICY = Keeping(hour=3, timezone="Asia/Baku", cards_months=12, audit_months=12)


def clock(archive: Archive) -> SetClock:
    return archive.office.clock


async def begun(archive: Archive) -> Caller:
    """An office that has lived through its first night."""
    await archive.db.write(lambda s: keeping.save(s, POLICY))
    await archive.db.write(lambda s: audit.record(s, None, "old", ("thing", ""), LONG_AGO))
    await archive.db.write(chain.seal)
    assert await archive.law.nights.look() is False
    clock(archive).move(DAY)
    admin = await archive.signed_in("admin", "admin")
    await archive.allow()
    return admin


async def fill(archive: Archive, admin: Caller) -> dict[str, UUID]:
    """One old and one new of everything."""
    made: dict[str, UUID] = {}
    for name, at in (("old", START - timedelta(days=31)), ("new", START - timedelta(days=20))):
        made[name] = await archive.record(await archive.call(at), at)
    user = admin.id
    assert user is not None

    def write(session: Session) -> None:
        old = Customer(name="Old", created_at=LONG_AGO, updated_at=LONG_AGO, last_contact_at=LONG_AGO)
        new = Customer(name="New", created_at=LONG_AGO, updated_at=LONG_AGO, last_contact_at=START)
        attempts = [SignInAttempt(username="x", address="y", at=at) for at in (LONG_AGO, START)]
        posts = [Idempotency(user_id=user, key=str(at), thing_id=user, at=at) for at in (LONG_AGO, START)]
        done = [Job(kind="x", args={}, run_at=at, done_at=at) for at in (LONG_AGO, START)]
        session.add_all([old, new, *attempts, *posts, *done])
        for at in (LONG_AGO, START):
            agent_messages.send(session, AgentMessage(by_id=user, text="Call Ann back", at=at), [user])

    await archive.db.write(write)
    for name, age in (("main-1.ami", 15), ("main-2.ami", 3)):
        file = archive.journals / name
        file.write_bytes(b"Event: x\r\n")
        then = (clock(archive).now() - timedelta(days=age)).timestamp()
        os.utime(file, (then, then))
    return made


async def rows(archive: Archive, table: Any) -> int:
    return await archive.db.read(lambda s: s.scalar(select(func.count()).select_from(table)) or 0)


async def test_a_night_removes_what_is_old_and_nothing_else(both: Archive) -> None:
    admin = await begun(both)
    made = await fill(both, admin)
    shown = (await admin.get("/privacy/keeping/tonight")).body
    assert await both.law.nights.look()
    assert await both.law.nights.look() is False
    assert len(both.office.told(CustomerChanged)) == 1
    assert (await both.state(made["old"]), await both.state(made["new"])) == (("erased", "retention"), ("stored", ""))
    assert [file.name for file in both.kept.iterdir()] == [f"{made['new']}.wav"]
    assert [file.name for file in both.journals.iterdir()] == ["main-2.ami"]
    tables = (Customer, SignInAttempt, Idempotency, AgentMessage, AgentMessageReader)
    assert [await rows(both, table) for table in tables] == [1, 1, 1, 1, 1]
    last = (await admin.get("/privacy/keeping")).body["last"]
    every = {"recordings", "cards", "sign_in_attempts", "posts", "jobs", "journals", "audit", "agent_messages"}
    assert last["removed"] == dict.fromkeys(every, 1)
    assert {kind: due for kind, due in shown["due"].items() if due} == last["removed"]
    assert await both.office.trail("old") == []
    await both.db.write(chain.seal)
    assert (await both.db.read(lambda s: chain.check(s, clock(both).now()))).whole


async def test_the_hour_is_the_office_s_own(archive: Archive) -> None:
    await begun(archive)
    await archive.law.nights.look()
    clock(archive).at = datetime(2026, 11, 25, 22, 59, tzinfo=UTC)
    assert await archive.law.nights.look() is False
    clock(archive).move(120)
    assert await archive.law.nights.look() is True
    night = await archive.db.read(lambda s: s.scalars(select(func.max(RetentionRun.night))).one())
    assert str(night) == "2026-11-26"


async def test_what_is_on_hold_stays_until_it_is_let_go(archive: Archive) -> None:
    admin = await begun(archive)
    made = await fill(archive, admin)
    recording = await archive.db.read(lambda s: s.get_one(RecordingRow, made["old"]))
    card = await archive.db.read(lambda s: s.scalars(select(Customer.id).where(Customer.name == "Old")).one())
    holds = [{"call_id": str(recording.call_id)}, {"customer_id": str(card)}]
    put = [await admin.post("/legal-holds", {**held, "reference": "case 12"}) for held in holds]
    assert (await admin.get("/privacy/keeping/tonight")).body["held"] == 1
    await archive.law.nights.look()
    assert ((await archive.state(made["old"]))[0], await rows(archive, Customer)) == ("stored", 2)
    assert [(await admin.delete(f"/legal-holds/{hold.body['id']}")).status for hold in put] == [204, 204]
    assert (await admin.post("/privacy/keeping/run")).status == 200
    assert ((await archive.state(made["old"]))[0], await rows(archive, Customer)) == ("erased", 1)


async def test_old_evaluations_go_except_of_a_call_on_hold(archive: Archive) -> None:
    admin = await begun(archive)
    held, free = [await archive.call(LONG_AGO) for _ in range(2)]
    by = await archive.db.read(lambda s: s.scalars(select(User.id)).first())
    assert by is not None

    def write(session: Session) -> None:
        form = ScoreForm(name="Service")
        session.add(form)
        session.flush()
        version = ScoreFormVersion(form_id=form.id, number=1, name="Service", content=[], by_id=by, at=LONG_AGO)
        parts = [
            SegmentRow(call_id=call, seq=0, device="PJSIP/101", leg="1", role="owner", via="queue")
            for call in (held, free)
        ]
        session.add_all([version, *parts])
        session.flush()
        for part in parts:
            told = Evaluation(form_id=form.id, form_version_id=version.id, call_id=part.call_id, segment_id=part.id)
            told.agent_id, told.evaluator_id, told.created_at, told.at = by, by, LONG_AGO, LONG_AGO
            session.add(told)
            session.flush()
            session.add(EvaluationAnswer(evaluation_id=told.id, question_id=form.id))

    await archive.db.write(write)
    assert (await admin.post("/legal-holds", {"call_id": str(held), "reference": "case 12"})).status == 201
    assert (await admin.get("/privacy/keeping/tonight")).body["due"]["evaluations"] == 1
    await archive.law.nights.look()
    assert await archive.db.read(lambda s: s.scalars(select(Evaluation.call_id)).all()) == [held]
    assert await rows(archive, EvaluationAnswer) == 1


async def test_a_night_that_is_killed_goes_on_where_it_was(archive: Archive) -> None:
    """Many recordings, killed when the first batch is through; a new process finishes and counts each once."""
    await begun(archive)
    call = await archive.call(LONG_AGO)
    first = await archive.record(call, LONG_AGO)
    policy = await archive.db.read(lambda s: s.get_one(RecordingRow, first).policy_id)

    def many(session: Session) -> None:
        for n in range(450):
            row = RecordingRow(call_id=call, pbx="main", path=f"{n}.wav", state="stored", started_at=LONG_AGO)
            row.store_key, row.policy_id = f"{n}.wav", policy
            session.add(row)

    await archive.db.write(many)

    async def erased() -> int:
        gone = select(func.count()).select_from(RecordingRow).where(RecordingRow.state == "erased")
        return await archive.db.read(lambda s: s.scalar(gone) or 0)

    night = asyncio.create_task(archive.law.nights.look())
    assert 0 < await until_async(erased, 20, "the first batch") < 451
    night.cancel()
    await asyncio.gather(night, return_exceptions=True)
    again = Nights(archive.db, clock(archive), archive.law.files, archive.law.eraser, Bus())
    assert await again.look()
    assert await erased() == 451
    run = await archive.db.read(lambda s: s.scalars(select(RetentionRun).order_by(RetentionRun.night.desc())).first())
    assert run is not None
    assert run.finished_at is not None


async def test_drafts_of_settled_talks_go_and_those_that_are_owed_stay(archive: Archive) -> None:
    await begun(archive)
    call = await archive.call(LONG_AGO)

    def write(session: Session) -> None:
        for seq, state in enumerate(("logged", "draft")):
            part = SegmentRow(call_id=call, seq=seq, device="PJSIP/101", leg=str(seq), role="owner", via="queue")
            part.ended_at, part.outcome_state, part.draft_more = LONG_AGO, state, {"extras": ["order"]}
            session.add(part)

    await archive.db.write(write)
    await archive.law.nights.look()
    left = await archive.db.read(lambda s: {row.outcome_state: row.draft_more for row in s.scalars(select(SegmentRow))})
    assert left == {"logged": None, "draft": {"extras": ["order"]}}
