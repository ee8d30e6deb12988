"""A talk is scored, shown to its agent, disputed and settled."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from callcenter.crm.models.calls import SegmentRow
from callcenter.crm.models.scores import Evaluation
from callcenter.news import Scored
from tests.scoring.quality import FORM, Quality


async def test_a_supervisor_scores_and_the_agent_acknowledges(quality: Quality) -> None:
    told = await quality.published()
    assert told["score"] == (1 + 2 * 0.8 + 1) / 4
    assert [one["score"] for one in told["section_scores"]] == [(1 + 1.6) / 3, 1.0]
    hers = await quality.anna.get(f"/evaluations/{told['id']}")
    assert (hers.body["agent"]["name"], hers.body["evaluator"]["name"]) == ("Anna", "Sofia")
    assert (hers.body["steps"], hers.body["summary"], hers.headers["ETag"]) == (["answer"], "Well done", '"3"')
    (moment,) = [one for one in hers.body["answers"] if one["at_s"]]
    assert (moment["at_s"], moment["comment"]) == (3.5, "Said Mario")
    assert [one["offset_s"] for one in hers.body["recordings"]] == [2.0]
    done = await quality.anna.post(f"/evaluations/{told['id']}/acknowledge")
    assert (done.body["state"], done.body["steps"]) == ("acknowledged", [])
    again = await quality.anna.post(f"/evaluations/{told['id']}/dispute", {"reason": "No"})
    assert (again.status, again.code) == (409, "not_to_answer")


async def test_a_dispute_is_settled_with_a_reason_and_another_score(both: Quality) -> None:
    told = await both.published(told=0)
    assert (told["score"], told["failed"]) == (0.0, True)
    path = f"/evaluations/{told['id']}"
    disputed = await both.anna.post(f"{path}/dispute", {"reason": "I did say it, at 0:02"})
    assert (disputed.body["state"], disputed.body["dispute"]) == ("disputed", "I did say it, at 0:02")
    assert (await both.anna.post(f"{path}/settle", {"verdict": "changed", "reason": "x"})).status == 409
    body = {"verdict": "changed", "reason": "Right: heard it", "answers": both.filled()["answers"]}
    settled = (await both.sofia.post(f"{path}/settle", body)).body
    assert (settled["state"], settled["verdict"], settled["settled_by"]) == ("settled", "changed", "Sofia")
    assert (settled["score"], settled["published_score"], settled["failed"]) == (0.9, 0.0, False)
    assert (await both.anna.get(path)).body["settlement"] == "Right: heard it"
    lines = {verb: await both.office.trail(verb) for verb in ("publish", "dispute", "settle", "read")}
    assert {verb: [line.actor_name for line in found] for verb, found in lines.items()} == {
        "publish": ["sofia"],
        "dispute": ["anna"],
        "settle": ["sofia"],
        "read": ["anna"],
    }


async def test_a_dispute_that_is_not_followed_keeps_the_score(quality: Quality) -> None:
    told = await quality.published()
    await quality.anna.post(f"/evaluations/{told['id']}/dispute", {"reason": "Too low"})
    settled = await quality.sofia.post(f"/evaluations/{told['id']}/settle", {"verdict": "upheld", "reason": "It stays"})
    assert (settled.body["verdict"], settled.body["score"]) == ("upheld", told["score"])


async def test_nobody_sees_a_draft_but_who_writes_it(quality: Quality) -> None:
    begun = (await quality.begin()).body
    path = f"/evaluations/{begun['id']}"
    assert [(await who.get(path)).status for who in (quality.anna, quality.admin, quality.sofia)] == [404, 404, 200]
    assert (await quality.anna.get("/evaluations")).body["items"] == []
    assert (await quality.begin()).body["id"] == begun["id"]
    incomplete = await quality.sofia.post(f"{path}/publish")
    assert (incomplete.status, set(incomplete.fields)) == (422, set(quality.questions[:3]))
    assert (await quality.sofia.delete(path)).status == 204
    assert (await quality.sofia.get(path)).status == 404


async def test_a_changed_form_rewrites_no_score(quality: Quality) -> None:
    told = await quality.published()
    path = f"/score-forms/{quality.form['id']}"
    renamed = [{"title": "Only one", "questions": [{"kind": "yes_no", "text": "Solved"}]}]
    changed = await quality.admin.put(path, {**FORM, "sections": renamed}, If_Match=f'"{quality.form["version"]}"')
    assert (changed.status, changed.body["number"], changed.body["used"]) == (200, 2, 1)
    kept = (await quality.anna.get(f"/evaluations/{told['id']}")).body
    assert (kept["number"], kept["score"], len(kept["sections"])) == (1, told["score"], 2)
    late = await quality.admin.put(path, FORM, If_Match='"1"')
    assert (late.status, late.code) == (412, "conflict")
    (seen,) = (await quality.sofia.get("/score-forms")).body["items"]
    same = {key: seen[key] for key in ("name", "sections")}
    retired = await quality.admin.put(path, {**same, "active": False})
    assert (retired.body["number"], retired.body["active"]) == (2, False)
    again = await quality.begin(await quality.office.signed_in("olga", "supervisor"))
    assert (again.status, again.code) == (409, "form_retired")


async def test_one_is_published_for_a_form_and_a_talk(both: Quality) -> None:
    olga = await both.office.signed_in("olga", "supervisor")
    other = (await both.begin(olga)).body
    await olga.put(f"/evaluations/{other['id']}", both.filled())
    await both.published()
    late = await olga.post(f"/evaluations/{other['id']}/publish")
    assert (late.status, late.code) == (409, "scored_already")
    third = await both.begin(await both.office.signed_in("nina", "supervisor"))
    assert (third.status, third.code) == (409, "scored_already")


async def test_it_is_the_agent_s_who_talked_not_of_who_sits_there_now(quality: Quality) -> None:
    await quality.anna.put("/me/extension", {"extension": None})
    boris = await quality.office.signed_in("boris", extension="101")
    told = await quality.published()
    assert told["agent"]["name"] == "Anna"
    assert (await boris.get(f"/evaluations/{told['id']}")).status == 404
    assert [one["id"] for one in (await quality.anna.get("/evaluations")).body["items"]] == [told["id"]]


async def test_nobody_evaluates_himself_and_only_a_talk_is_evaluated(quality: Quality) -> None:
    promoted = await quality.admin.patch(f"/users/{quality.anna.id}", {"role": "supervisor"})
    assert promoted.status == 200
    await quality.office.sign_in(quality.anna, "anna")
    own = await quality.begin(quality.anna)
    assert (own.status, own.code) == (409, "own_talk")

    def unanswered(session: Any) -> None:
        session.get_one(SegmentRow, UUID(quality.segment)).role = "consult"

    await quality.office.db.write(unanswered)
    assert (await quality.begin()).code == "no_talk"


async def test_two_windows_do_not_overwrite_each_other(quality: Quality) -> None:
    begun = (await quality.begin()).body
    path, seen = f"/evaluations/{begun['id']}", {"If_Match": f'"{begun["version"]}"'}
    assert (await quality.sofia.put(path, quality.filled(), **seen)).status == 200
    late = await quality.sofia.put(path, quality.filled(greeted=0), **seen)
    assert (late.status, late.code) == (412, "conflict")


async def test_what_makes_no_sense_is_refused(quality: Quality) -> None:
    begun = (await quality.begin()).body
    wrong: list[dict[str, Any]] = [{"given": 2}, {"given": -1}, {"does_not_apply": True}, {"given": 1, "at_s": -2}]
    asked = [{"answers": [one | {"question_id": quality.questions[0]}]} for one in wrong]
    said = [await quality.sofia.put(f"/evaluations/{begun['id']}", body) for body in asked]
    assert [one.status for one in said] == [422] * 4
    questions: list[dict[str, Any]] = [
        {"kind": "choice", "text": "x", "choices": [{"label": "only", "points": 1}]},
        {"kind": "scale", "text": "x", "most": 0},
        {"kind": "stars", "text": "x"},
        {"kind": "yes_no", "text": " "},
    ]
    forms = [{"name": "Other", "sections": [{"title": "One", "questions": [one]}]} for one in questions]
    assert [(await quality.admin.post("/score-forms", body)).status for body in forms] == [422] * 4
    assert (await quality.admin.post("/score-forms", FORM)).fields == {"name": "taken"}


async def test_card_numbers_stand_in_no_evaluation(quality: Quality) -> None:
    begun = (await quality.begin()).body
    body = {**quality.filled(), "summary": "Read out 4111 1111 1111 1111"}
    kept = (await quality.sofia.put(f"/evaluations/{begun['id']}", body)).body
    assert "4111" not in kept["summary"]


async def test_the_list_is_filtered_and_paged(both: Quality) -> None:
    told = await both.published()
    more = {**FORM, "name": "Sales"}
    form = (await both.admin.post("/score-forms", more)).body
    draft = (await both.begin(form_id=form["id"])).body
    first = (await both.sofia.get("/evaluations?limit=1")).body
    rest = (await both.sofia.get(f"/evaluations?limit=1&cursor={first['next_cursor']}")).body
    assert {one["id"] for page in (first, rest) for one in page["items"]} == {told["id"], draft["id"]}
    asked = [
        "state=draft",
        f"form={form['id']}",
        "failed=true",
        "queue=support&state=published",
        f"agent={both.sofia.id}",
    ]
    found = [[one["id"] for one in (await both.sofia.get(f"/evaluations?{q}")).body["items"]] for q in asked]
    assert found == [[draft["id"]], [draft["id"]], [], [told["id"]], []]


async def test_both_are_told_and_nobody_else(quality: Quality) -> None:
    heard: list[Scored] = []

    async def hear(event: Scored) -> None:
        heard.append(event)

    quality.office.ledger._bus.on(Scored, hear)
    told = await quality.published()
    assert [(str(one.evaluation), one.state) for one in heard] == [(told["id"], "published")]
    assert heard[0].people == {quality.anna.id, quality.sofia.id}
    row = await quality.office.db.read(lambda s: s.get_one(Evaluation, UUID(told["id"])))
    assert row.published_score == row.score
