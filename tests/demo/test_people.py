"""The demo's people, their past and their voices."""

from __future__ import annotations

import random
import wave
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter import phone
from callcenter.crm.identify import identify
from callcenter.crm.models.calls import CallRow, RecordingRow, SegmentRow
from callcenter.crm.models.customers import Customer
from callcenter.crm.models.outcomes import OutcomeRow
from callcenter.crm.models.people import User
from callcenter.db import Database
from callcenter.demo import cast, people
from callcenter.demo.spool import Spool, dialogues

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LARGEST = 1_200_000


@pytest.fixture
async def settled(db: Database, tmp_path: Path) -> Database:
    """A database with the demo's people in it."""
    names = [agent[0] for agent in cast.AGENTS] + [person[0] for person in cast.OFFICE]
    passwords = dict.fromkeys(names, "no such hash")
    assert await db.write(lambda session: people.settle_in(session, NOW, passwords, tmp_path / "spool"))
    return db


def count(session: Session, table: type) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


async def test_a_hundred_customers_have_two_weeks_behind_them_that_left_nothing_open(
    settled: Database, tmp_path: Path
) -> None:
    assert await settled.read(lambda s: count(s, Customer)) == people.CUSTOMERS
    first, last = await settled.read(
        lambda s: s.execute(select(func.min(CallRow.started_at), func.max(CallRow.started_at))).one()
    )
    assert 12 < (NOW - first).days <= 14
    assert last < NOW
    answered = select(func.count()).select_from(SegmentRow).where(SegmentRow.answered_at.is_not(None))
    assert await settled.read(lambda s: s.scalar(answered)) == await settled.read(lambda s: count(s, OutcomeRow))
    going_on = select(func.count()).select_from(CallRow).where(CallRow.ended_at.is_(None))
    owed = select(func.count()).select_from(SegmentRow).where(SegmentRow.outcome_state == "owed")
    assert await settled.read(lambda s: (s.scalar(going_on), s.scalar(owed))) == (0, 0)
    paths = await settled.read(lambda s: list(s.scalars(select(RecordingRow.path))))
    assert paths
    assert {Path(path).name for path in paths} == set(files(tmp_path / "spool"))


async def test_a_customer_is_known_by_his_number_and_a_database_in_use_is_left_alone(
    settled: Database, tmp_path: Path
) -> None:
    numbers = await settled.read(people.numbers)
    whose = await settled.write(lambda s: [identify(s, n.removeprefix("+"), people.REGION, NOW) for n in numbers])
    assert all(found.candidates[0].reason == "same_number" for found in whose)
    assert any(found.card is None and len(found.candidates) == 2 for found in whose)
    assert not await settled.write(lambda session: people.settle_in(session, NOW, {}, tmp_path))
    assert await settled.read(lambda s: count(s, User)) == len(cast.AGENTS) + len(cast.OFFICE)


def files(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]


def test_it_is_the_same_cast_every_time_with_numbers_of_real_plans() -> None:
    first, again = (cast.customers(100, random.Random(1)) for _ in range(2))
    assert first == again
    parsed = [phone.parse(number, "ZZ") for person in first for number in person.numbers]
    assert all(number.e164 for number in parsed)
    assert {number.region for number in parsed} >= {"RU", "AZ", "IT", "US"}


def test_speech_is_small_and_long_enough_to_listen_to() -> None:
    folder = Path(cast.__file__).parent / "speech"
    assert sum(file.stat().st_size for file in folder.iterdir() if file.is_file()) < LARGEST
    assert len(dialogues()) >= 6
    assert all(15 <= dialogue.seconds <= 25 for dialogue in dialogues())


def test_each_speaker_has_a_side_of_his_own(tmp_path: Path) -> None:
    dialogue = dialogues()[0]
    spool = Spool(tmp_path, "/pbx")
    spool.begin("1.0")
    spool.finish("1.0", dialogue, dialogue.seconds)
    with wave.open(str(tmp_path / "1.0.wav")) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, 8000)
        sound = memoryview(file.readframes(file.getnframes())).cast("h")
    for turn in dialogue.turns:
        left, right = loud(sound[2 * turn.start : 2 * turn.end : 2]), loud(sound[2 * turn.start + 1 : 2 * turn.end : 2])
        assert (left > 1000, right > 1000) == (turn.caller, not turn.caller)


def loud(side: memoryview[int]) -> int:
    return max(abs(sample) for sample in side)
