"""A talk with several codes counts by the first; the report tells of the others."""

from __future__ import annotations

from tests.crm.office import Office
from tests.crm.test_api_codes import add
from tests.crm.test_api_outcomes import owing

DAY = "from=2026-11-23T00:00:00Z&to=2026-11-26T00:00:00Z"


async def test_a_talk_counts_by_its_primary_code(office: Office) -> None:
    admin = await office.signed_in("root", "admin")
    group = await add(admin, "sales", group=True)
    await add(admin, "sold", parent_id=group["id"])
    rule = {"pbx": "main", "queue": "support", "extras": 2}
    assert (await admin.put("/outcome-rules", {"queues": [rule]})).status == 200
    anna, segment = await owing(office)
    said = {"outcome": "sold", "extras": ["order", "solved"]}
    assert (await anna.put(f"/segments/{segment}/outcome", said)).status == 200
    report = (await admin.get(f"/reports/outcomes?{DAY}")).body
    told = [(one["code"], one["count"], one["also"]) for one in report["outcomes"]]
    assert (report["total"], told) == (1, [("sold", 1, 0), ("order", 0, 1), ("solved", 0, 1)])
    assert report["outcomes"][0]["path"] == [{"en": "Sales"}]
    sheet = (await admin.get(f"/reports/export?report=outcomes&format=csv&{DAY}")).text
    assert "Sales › Sold" in sheet
