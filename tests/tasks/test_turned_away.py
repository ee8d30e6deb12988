"""Whom routing turned away is not called back, unless he was told so."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from callcenter.crm.models.routing import RouteAnswer
from callcenter.crm.models.tasks import Task
from callcenter.events import QueueResult
from tests.crm.office import Office
from tests.spine.story import START, Story

CLOSED = {"ground": "outside_hours", "agent": None, "word": ""}


def then(what: str) -> list[dict[str, Any]]:
    return [CLOSED, {"ground": "then", "agent": None, "word": what}]


@pytest.mark.parametrize(
    ("verdict", "grounds", "queues"),
    [
        ("refused", [{"ground": "blocked", "agent": None, "word": ""}], []),
        ("closed", then("announce"), []),
        ("closed", then("call_back"), ["support"]),
        ("closed", then("voicemail"), ["support"]),
        ("queue", [], [""]),
    ],
)
async def test_who_was_turned_away(
    office: Office, verdict: str, grounds: list[dict[str, Any]], queues: list[str]
) -> None:
    story = Story(uniqueid="1700000000.9").arrives()
    given = RouteAnswer(pbx="main", uniqueid=story.uniqueid, queue="support", at=START, verdict=verdict, source="read")
    given.grounds = grounds
    await office.db.write(lambda s: s.add(given))
    await office.happens(story.ends())
    assert await office.db.read(lambda s: list(s.scalars(select(Task.queue)))) == queues


async def test_who_waited_in_vain_is_called_back_whatever_a_closed_place_told_him(office: Office) -> None:
    """One place is closed, and the dialplan lets its callers wait in another; or he came from there."""
    story = Story(uniqueid="1700000000.9").arrives().joins("emergency")
    given = RouteAnswer(pbx="main", uniqueid=story.uniqueid, queue="support", at=START, verdict="closed", source="read")
    given.grounds = then("announce")
    await office.db.write(lambda s: s.add(given))
    await office.happens(story.leaves(QueueResult.ABANDONED, "emergency").ends())
    assert await office.db.read(lambda s: list(s.scalars(select(Task.queue)))) == ["emergency"]
