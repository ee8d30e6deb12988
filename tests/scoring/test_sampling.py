"""What is proposed to be listened to, on both databases."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.clock import SetClock
from callcenter.crm.models.calls import CallRow, RecordingRow, SegmentRow
from callcenter.crm.models.scores import Sample
from callcenter.crm.models.transcripts import Utterance
from callcenter.ids import new_id
from callcenter.scoring.sampling import Sampler
from tests.crm.office import Caller
from tests.scoring.quality import Quality
from tests.spine.story import START

MONDAY = datetime(2026, 11, 30, 9, tzinfo=UTC)
TUESDAY = START
"""24 November 2026; the week that begins on the 23rd."""


def talks(session: Session, agent: UUID, count: int, **more: Any) -> list[str]:
    """So many talks of two minutes with their recordings, an hour apart. ``recorded`` False: without."""
    found = []
    for n in range(count):
        at = TUESDAY + timedelta(hours=n + 1)
        call = CallRow(pbx="main", uniqueid=str(new_id()), direction=more.get("direction", "inbound"), state="ended")
        call.number_raw, call.withheld, call.started_at, call.ended_at = "1", False, at, at + timedelta(minutes=3)
        session.add(call)
        session.flush()
        part = SegmentRow(call_id=call.id, seq=0, device="PJSIP/101", leg="1", role="owner", via="queue")
        part.agent_id, part.queue, part.talk_s = agent, more.get("queue", "support"), more.get("talk_s", 120.0)
        part.answered_at, part.ended_at = at + timedelta(minutes=1), at + timedelta(minutes=3)
        session.add(part)
        session.flush()
        heard_at = {True: at + timedelta(minutes=1), False: None}[more.get("recorded", True)]
        session.add_all(sound(call.id, when) for when in (heard_at,) if when)
        found.append(str(part.id))
    return found


def sound(call: UUID, at: datetime) -> RecordingRow:
    row = RecordingRow(call_id=call, pbx="main", path=str(new_id()), state="stored", started_at=at, duration_s=120.0)
    row.store_key = "x.wav"
    return row


async def rule(quality: Quality, **more: Any) -> dict[str, Any]:
    body = {"name": str(new_id()), "form_id": quality.form["id"], "per_agent": 2, **more}
    made = await quality.admin.post("/sampling-rules", body)
    assert made.status == 201, made.text
    return dict(made.body)


async def drawn(quality: Quality) -> None:
    """The Monday after, in the morning."""
    await Sampler(quality.office.db, SetClock(MONDAY)).look()


async def waiting(who: Caller, query: str = "") -> list[dict[str, Any]]:
    answer = await who.get(f"/samples{query}")
    assert answer.status == 200, answer.text
    return list(answer.body["items"])


def agents(items: Iterable[dict[str, Any]]) -> list[str]:
    return sorted(one["agent"]["name"] for one in items)


async def test_every_agent_gets_his_share_and_nobody_none(both: Quality) -> None:
    office = both.office
    boris, lone = [await office.person(name) for name in ("boris", "lone")]
    await office.db.write(lambda s: (talks(s, boris, 5), talks(s, lone, 1), talks(s, boris, 3, recorded=False)))
    made = await rule(both)
    await drawn(both)
    found = await waiting(both.sofia)
    assert agents(found) == ["Anna", "Boris", "Boris", "Lone"]
    assert {one["due_at"] for one in found} == {"2026-12-07T09:00:00Z"}
    assert all(one["recording_id"] for one in found)
    (told,) = (await both.sofia.get("/sampling-rules")).body["items"]
    assert (told["week"], told["agents"], told["drawn"], told["seed"]) == ("2026-11-23", 3, 4, made["seed"])
    await drawn(both)
    assert await waiting(both.sofia) == found


async def test_what_is_scored_is_not_proposed_and_what_is_proposed_is_done_when_scored(quality: Quality) -> None:
    (more,) = await quality.office.db.write(lambda s: talks(s, UUID(str(quality.anna.id)), 1))
    await quality.published()
    await rule(quality)
    await drawn(quality)
    (left,) = await waiting(quality.sofia)
    assert left["segment_id"] == more
    begun = (await quality.begin(segment_id=more)).body
    assert (await waiting(quality.sofia))[0]["draft_id"] == begun["id"]
    await quality.sofia.put(f"/evaluations/{begun['id']}", quality.filled())
    assert (await quality.sofia.post(f"/evaluations/{begun['id']}/publish")).status == 200
    assert await waiting(quality.sofia) == []
    late = await quality.sofia.post(f"/samples/{left['id']}/dismiss", {"reason": "silent"})
    assert (late.status, late.code) == (409, "sample_done")


async def test_a_rule_asks_for_queue_direction_length_words_and_doubt(both: Quality) -> None:
    boris = await both.office.person("boris")

    def write(session: Session) -> dict[str, str]:
        (sales,) = talks(session, boris, 1, queue="sales")
        (out,) = talks(session, boris, 1, direction="outbound", queue="")
        (long,) = talks(session, boris, 1, talk_s=900.0)
        spoken, badly = talks(session, boris, 2)
        say(session, spoken, "Ich bin ÄRGERLICH", 0.95)
        say(session, badly, "was sagten sie", 0.4)
        return {"sales": sales, "out": out, "long": long, "spoken": spoken, "badly": badly}

    made = await both.office.db.write(write)
    asked: dict[str, dict[str, Any]] = {
        "sales": {"queue": "sales"},
        "out": {"direction": "outbound"},
        "long": {"min_talk_s": 600, "max_talk_s": 1000},
        "spoken": {"words": "ärgerlich"},
        "badly": {"unsure": True},
    }
    rules = {(await rule(both, conditions=one))["name"]: name for name, one in asked.items()}
    await drawn(both)
    assert {rules[one["rule"]]: one["segment_id"] for one in await waiting(both.sofia)} == made


def say(session: Session, segment: str, text: str, confidence: float) -> None:
    call = session.get_one(SegmentRow, UUID(segment)).call_id
    recording = session.scalars(select(RecordingRow.id).where(RecordingRow.call_id == call)).one()
    line = Utterance(recording_id=recording, seq=0, speaker="customer", text=text, words=[], start_s=0.0, end_s=1.0)
    line.confidence = confidence
    session.add(line)


async def test_what_is_put_aside_makes_room_for_the_next(quality: Quality) -> None:
    boris = await quality.office.person("boris")
    await quality.office.db.write(lambda s: talks(s, boris, 3))
    await rule(quality, per_agent=1, evaluator_id=str(quality.sofia.id))
    await drawn(quality)
    first = next(one for one in await waiting(quality.sofia, "?mine=true") if one["agent"]["name"] == "Boris")
    assert first["evaluator"]["name"] == "Sofia"
    aside = await quality.sofia.post(f"/samples/{first['id']}/dismiss", {"reason": "private"})
    assert (aside.status, aside.body["state"]) == (200, "dismissed")
    after = await waiting(quality.sofia, f"?agent={boris}")
    assert len(after) == 1
    assert after[0]["segment_id"] != first["segment_id"]
    given = await quality.sofia.put(f"/samples/{after[0]['id']}/evaluator", {"evaluator_id": str(quality.admin.id)})
    assert given.body["evaluator"]["name"] == "Admin"
    assert await waiting(quality.sofia, f"?mine=true&agent={boris}") == []
    wrong = await quality.sofia.put(f"/samples/{after[0]['id']}/evaluator", {"evaluator_id": str(boris)})
    assert (wrong.status, wrong.fields) == (422, {"evaluator_id": "not_allowed"})


async def test_a_talk_whose_sound_is_gone_waits_no_more(quality: Quality) -> None:
    await rule(quality)
    await drawn(quality)
    assert len(await waiting(quality.sofia)) == 1

    def erase(session: Session) -> None:
        session.scalars(select(RecordingRow)).one().state = "erased"

    await quality.office.db.write(erase)
    assert await waiting(quality.sofia) == []
    await drawn(quality)
    told = await quality.office.db.read(lambda s: s.scalars(select(Sample.reason)).all())
    assert list(told) == ["gone"]
