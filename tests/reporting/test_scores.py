"""Averages of evaluations against marks that are counted by hand."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from callcenter.reporting.scores import Marks
from tests.scoring.conftest import both
from tests.scoring.quality import FORM, Quality

__all__ = ["both"]
DAY = "from=2026-11-24T00:00:00Z&to=2026-11-25T00:00:00Z"


async def test_scores_by_hand(both: Quality) -> None:
    await both.published(tone=None)
    form = (await both.admin.post("/score-forms", {**FORM, "name": "Sales"})).body
    asked = [one["id"] for section in form["sections"] for one in section["questions"]]
    begun = (await both.begin(form_id=form["id"])).body
    given = [{"question_id": asked[0], "given": 0}, {"question_id": asked[1], "given": 5}]
    await both.sofia.put(f"/evaluations/{begun['id']}", {"answers": [*given, {"question_id": asked[2], "given": 0}]})
    told = await both.sofia.post(f"/evaluations/{begun['id']}/publish")
    assert told.body["score"] == 0.0
    await both.anna.post(f"/evaluations/{begun['id']}/dispute", {"reason": "No"})
    found = (await both.sofia.get(f"/reports/scores?{DAY}&step=hour")).body
    assert found["total"] == {"count": 2, "average": 0.5, "failed": 1, "disputed": 1}
    assert [(one["name"], one["figures"]) for one in found["agents"]] == [("Anna", found["total"])]
    assert [(one["queue"], one["figures"]["count"]) for one in found["queues"]] == [("support", 2)]
    averages = [(one["form"], one["text"], one["count"], one["average"]) for one in found["questions"]]
    assert averages == [
        ("Sales", "Greeted by name", 1, 0.0),
        ("Sales", "Tone", 1, 1.0),
        ("Sales", "Said that we record", 1, 0.0),
        ("Service", "Greeted by name", 1, 1.0),
        ("Service", "Said that we record", 1, 1.0),
    ]
    assert sum(one["figures"]["count"] for one in found["series"]) == 2
    of_form = (await both.sofia.get(f"/reports/scores?{DAY}&form={both.form['id']}")).body
    assert (of_form["total"]["count"], of_form["total"]["average"]) == (1, 1.0)
    sheet = (await both.sofia.get(f"/reports/export?{DAY}&report=scores")).text.splitlines()
    assert sheet[1] == "Anna;2;50.0;1;1"
    rows = (await both.sofia.get(f"/reports/export?{DAY}&report=questions")).text.splitlines()
    assert rows[1] == "Sales;Greeted by name;1;0.0"


@given(st.lists(st.none() | st.floats(0, 1)))
def test_an_average_is_that_of_what_came_to_a_score(scores: list[float | None]) -> None:
    marks = Marks()
    for one in scores:
        marks.add(one, failed=one == 0, disputed=False)
    counted = [one for one in scores if one is not None]
    assert marks.count == len(scores)
    assert (marks.average is None) == (not counted)
    assert abs((marks.average or 0) - sum(counted) / max(len(counted), 1)) < 1e-9
