"""What is counted of the work that waits, on both databases."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from callcenter.clock import SystemClock
from callcenter.crm.models.calls import CallRow, RecordingRow
from callcenter.db import Database
from callcenter.ids import minted_at, new_id
from callcenter.vitals.measure import recordings_waiting
from tests.spine.story import START


async def test_a_recording_waits_since_we_know_of_it_not_since_its_call_of_long_ago(db: Database) -> None:
    known = minted_at(new_id())

    def of_long_ago(session: Session) -> None:
        call = CallRow(
            pbx="main",
            uniqueid="1.1",
            direction="inbound",
            state="ended",
            number_raw="",
            withheld=True,
            started_at=START - timedelta(days=900),
            ended_at=START - timedelta(days=900),
        )
        session.add(call)
        session.flush()
        session.add(
            RecordingRow(call_id=call.id, pbx="main", path="1.wav", state="waiting", started_at=call.started_at)
        )

    await db.write(of_long_ago)
    now = SystemClock().now()
    found = await db.read(lambda session: recordings_waiting(session, now))
    assert found.waiting == 1
    assert found.oldest is not None
    assert known <= found.oldest <= now


async def test_nothing_waits_where_nothing_was_recorded(db: Database) -> None:
    found = await db.read(lambda session: recordings_waiting(session, START))
    assert (found.waiting, found.oldest) == (0, None)
