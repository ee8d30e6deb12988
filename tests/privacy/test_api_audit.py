"""The trail as administrators read it."""

from __future__ import annotations

import csv
import io

from sqlalchemy.orm import Session

from callcenter.crm import audit
from callcenter.crm.privacy import chain
from tests.privacy.archive import Archive


async def lines(archive: Archive, count: int, verb: str = "listen", thing_id: str = "r") -> None:
    def write(session: Session) -> None:
        for n in range(count):
            audit.record(session, None, verb, ("recording", f"{thing_id}{n}"), archive.office.clock.now())

    await archive.db.write(write)


async def test_filters_and_pages(both: Archive) -> None:
    admin = await both.signed_in("admin", "admin")
    await lines(both, 5)
    both.office.clock.move(60)
    await lines(both, 2, "export")
    first = (await admin.get("/audit?verb=listen&limit=3")).body
    rest = (await admin.get(f"/audit?verb=listen&limit=3&cursor={first['next_cursor']}")).body
    ids = [line["thing_id"] for line in (*first["items"], *rest["items"])]
    assert (len(first["items"]), sorted(ids), rest["next_cursor"]) == (3, ["r0", "r1", "r2", "r3", "r4"], None)
    assert len((await admin.get("/audit?thing=recording&thing_id=r1")).body["items"]) == 2
    mine = (await admin.get(f"/audit?actor_id={admin.id}")).body["items"]
    assert {line["actor_name"] for line in mine} <= {"admin"}
    since = both.office.clock.now().isoformat().replace("+", "%2B")
    assert len((await admin.get(f"/audit?since={since}")).body["items"]) == 2


async def test_a_table_of_it_cannot_start_a_formula(archive: Archive) -> None:
    admin = await archive.signed_in("admin", "admin")
    await lines(archive, 1, "listen", "=HYPERLINK")
    answer = await admin.get("/audit/export?verb=listen")
    rows = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert (rows[0][:3], rows[1][4]) == (["at", "actor", "verb"], "'=HYPERLINK0")
    assert len(await archive.office.trail("export")) == 1


async def test_the_chain_is_checked_by_whoever_asks(archive: Archive) -> None:
    admin = await archive.signed_in("admin", "admin")
    await archive.db.write(chain.seal)
    found = (await admin.get("/audit/chain")).body
    assert (found["whole"], found["broken_at"]) == (True, None)
    assert found["links"] >= 1
    assert (await admin.get(f"/audit/chain?head={'e' * 64}")).body["why"] == "head_not_found"


async def test_reading_a_card_is_on_the_trail_unless_the_policy_says_no(archive: Archive) -> None:
    admin = await archive.signed_in("admin", "admin")
    card = (await admin.post("/customers", {"name": "Ada"})).body["id"]
    await admin.get(f"/customers/{card}")
    assert len(await archive.office.trail("read")) == 1
    kept = (await admin.get("/privacy/keeping")).body["keeping"]
    await admin.put("/privacy/keeping", {**kept, "audit_card_views": False})
    await admin.get(f"/customers/{card}")
    assert len(await archive.office.trail("read")) == 1
