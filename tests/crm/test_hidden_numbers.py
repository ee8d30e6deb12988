"""Callers who hide the number that their phone company tells: no number and no card, unless decided otherwise."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.crm.models.calls import CallRow
from callcenter.crm.models.customers import Customer, PhoneNumber
from callcenter.events import Arrived
from tests.crm.office import Caller, Office
from tests.spine.story import Story

NUMBER = "+79161234567"


async def rings(office: Office, uniqueid: str) -> None:
    """A call whose caller hides his number comes to Anna's phone."""
    story = Story(number=NUMBER, uniqueid=uniqueid).arrives().rings("101")
    (arrived,) = [event for event in story.events if isinstance(event, Arrived)]
    story.events[0] = replace(arrived, hidden=True)
    await office.happens(story)


async def cards(office: Office) -> tuple[int, int]:
    """How many customers and numbers there are."""

    def count(session: Session) -> tuple[int, int]:
        return len(session.scalars(select(Customer)).all()), len(session.scalars(select(PhoneNumber)).all())

    return await office.db.read(count)


async def decide(admin: Caller, *, keep: bool) -> None:
    found = await admin.get("/privacy/keeping")
    wanted = {**found.body["keeping"], "hidden_numbers": keep}
    assert (await admin.put("/privacy/keeping", wanted, If_Match=found.headers["ETag"])).status == 200


async def test_a_hidden_number_makes_no_card_until_somebody_decides_to_keep_them(both: Office) -> None:
    admin = await both.signed_in("root", "admin")
    await both.signed_in("anna", extension="101")
    await rings(both, "1.1")
    assert await cards(both) == (0, 0)
    rows = await both.db.read(lambda s: [(r.number_raw, r.withheld) for r in s.scalars(select(CallRow))])
    assert rows == [("anonymous", True)]
    await decide(admin, keep=True)
    await rings(both, "1.2")
    assert await cards(both) == (1, 1)
    await decide(admin, keep=False)
    await rings(both, "1.3")
    assert await cards(both) == (1, 1)
    shown = (await admin.get("/calls")).body["items"]
    assert sorted((call["withheld"], call["customer"] is None) for call in shown) == [
        (False, False),
        (True, True),
        (True, True),
    ]
