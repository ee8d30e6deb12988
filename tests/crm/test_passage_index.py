"""The newest passages with the words, whichever way they are looked for: each once, in order, to the last."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import true
from sqlalchemy.orm import Session

from callcenter.crm import passage_index, passages, phrases
from callcenter.crm.passage_index import Costs, Span
from callcenter.db import Database
from callcenter.ids import new_id

NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)
DAYS = (0.001, 0.01, 0.4, 3, 20, 300, 900)
"""How long before the newest one: within a minute, within each longer span, and years."""


def told(session: Session, asked: str, span: Span, costs: Costs) -> list[int]:
    """All of them, three at a time."""
    search = passage_index.begin(session, phrases.asked(asked), span, lambda _: true(), costs)
    found: list[int] = []
    while not search.over:
        found += [one.moment for one in search.more(3)]
    return found


@pytest.mark.parametrize("costs", [Costs(), Costs(few=0), Costs(few=0, row=1e-9)])
async def test_the_newest_come_first_and_each_once_however_far_apart_they_are(db: Database, costs: Costs) -> None:
    rng = random.Random(7)
    when = [NOW - timedelta(days=rng.random() * days) for days in DAYS for _ in range(6)]
    said = [(at, rng.choice(["blue parcel late", "parcel blue", "nothing"])) for at in when]
    words = [passages.Found(kind="note", source=new_id(), call=None, at=at, text=text) for at, text in said]
    await db.write(lambda s: passages.put(s, words))
    moments = {text: [passages.moment(at) for at, said in said if said == text] for _, text in said}
    either = sorted(moments["blue parcel late"] + moments["parcel blue"], reverse=True)
    phrase = sorted(moments["blue parcel late"], reverse=True)
    ever, since = Span(since=0, before=2**62), Span(since=either[-3], before=either[2])
    assert await db.read(lambda s: told(s, "parcel", ever, costs)) == either
    assert await db.read(lambda s: told(s, '"blue parcel"', ever, costs)) == phrase
    assert await db.read(lambda s: told(s, "parcel", since, costs)) == either[3:-2]
    assert await db.read(lambda s: told(s, "absent", ever, costs)) == []
    assert await db.read(lambda s: told(s, "par*", ever, costs)) == either
    assert await db.read(lambda s: told(s, "blue par*", since, costs)) == either[3:-2]
    assert await db.read(lambda s: told(s, '"blue par*"', ever, costs)) == phrase
