"""A day that is looked through: what is found, who is shown it, and what becomes of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from callcenter.crm import zones
from callcenter.events import QueueResult
from callcenter.reviewing.watch import Reviewer
from tests.crm.office import Caller, Office
from tests.spine.story import START, Story


def hung_up_on(number: int, desk: str = "101", *, by_customer: bool = False, note: str = "") -> Story:
    """A talk of a second, ended by the agent."""
    story = (
        Story(uniqueid=f"{number}.1").arrives().joins().rings(desk, leg=f"leg{number}").answers(desk, f"leg{number}")
    )
    story.leaves(QueueResult.ANSWERED).parts(desk, f"leg{number}").hangs_up(desk, f"leg{number}")
    return story.ends(by_customer=by_customer, note=note)


async def looked(office: Office) -> None:
    office.clock.at = START + timedelta(minutes=30)
    await Reviewer(office.db, office.clock).look()


async def three_early(office: Office) -> tuple[Caller, Caller]:
    """Anna hangs up on three customers within a second; two more hang up themselves, and of one nobody knows."""
    anna = await office.signed_in("anna", extension="101")
    chief = await office.signed_in("chief", "supervisor")
    for number in range(1, 4):
        await office.happens(hung_up_on(number))
    for number in (4, 5):
        await office.happens(hung_up_on(number, by_customer=True))
    await looked(office)
    return anna, chief


async def only(chief: Caller, **query: str) -> dict[str, Any]:
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    (one,) = (await chief.get(f"/suspicions?{asked}")).body["items"]
    return dict(one)


async def test_what_stands_out_is_listed_with_its_figures_and_its_calls(both: Office) -> None:
    anna, chief = await three_early(both)
    found = await only(chief, state="new")
    assert (found["kind"], found["agent"]["id"], found["state"]) == ("hung_up", str(anna.id), "new")
    figures = found["figures"]
    assert (figures["count"], figures["of"], figures["limit_s"], figures["unknown"]) == (3, 5, 10.0, 0)
    whole = (await chief.get(f"/suspicions/{found['id']}")).body
    assert [call["recording_id"] for call in whole["calls"]] == [None, None, None]
    assert {call["seconds"] for call in whole["calls"]} == {figures["shortest_s"]}
    assert (await chief.get("/suspicions/count")).body == {"count": 1}


async def test_looking_again_finds_the_same_once_and_more_when_there_is_more(both: Office) -> None:
    _, chief = await three_early(both)
    first = await only(chief)
    await looked(both)
    assert await only(chief) == first
    await both.happens(hung_up_on(6))
    await looked(both)
    more = await only(chief)
    assert (more["id"], more["figures"]["count"], more["version"]) == (first["id"], 4, first["version"] + 1)


async def test_what_is_judged_is_kept_and_its_calls_count_no_more(both: Office) -> None:
    _, chief = await three_early(both)
    found = await only(chief)
    path = f"/suspicions/{found['id']}"
    tag = {"If_Match": f'"{found["version"]}"'}
    done = await chief.put(path, {"state": "justified", "comment": " a bad line "}, **tag)
    assert (done.status, done.body["comment"], done.body["by"]["username"]) == (200, "a bad line", "chief")
    assert (await chief.put(path, {"state": "reviewed"}, **tag)).status == 412
    assert (await chief.get("/suspicions/count")).body == {"count": 0}
    (entry,) = await both.trail("review")
    assert (entry.thing_id, entry.details["state"], "comment" in entry.details) == (found["id"], "justified", False)
    for number in (6, 7):
        await both.happens(hung_up_on(number))
    await looked(both)
    assert (await only(chief))["state"] == "justified"
    await both.happens(hung_up_on(8))
    await looked(both)
    again = await only(chief, state="new")
    assert (again["id"] != found["id"], again["figures"]["count"]) == (True, 3)


async def test_what_no_longer_stands_out_is_gone_unless_somebody_judged_it(both: Office) -> None:
    _, chief = await three_early(both)
    boss = await both.signed_in("boss", "admin")
    rules = await boss.get("/review-rules")
    milder = rules.body | {"hung_up_times": 4}
    assert (await chief.put("/review-rules", milder)).status == 403
    assert (await boss.put("/review-rules", milder, If_Match=rules.headers["ETag"])).status == 200
    await looked(both)
    assert (await chief.get("/suspicions")).body["items"] == []
    assert (await boss.put("/review-rules", milder | {"codes": [{"code": "x", "seconds": 0}]})).status == 422
    assert (await boss.put("/review-rules", rules.body)).status == 200
    await looked(both)
    await chief.put(f"/suspicions/{(await only(chief))['id']}", {"state": "reviewed"})
    assert (await boss.put("/review-rules", milder)).status == 200
    await looked(both)
    assert (await only(chief))["state"] == "reviewed"


async def test_an_end_that_nobody_heard_counts_against_nobody(office: Office) -> None:
    await office.signed_in("anna", extension="101")
    chief = await office.signed_in("chief", "supervisor")
    for number in range(1, 5):
        await office.happens(hung_up_on(number, note="disconnected"))
    await looked(office)
    assert (await chief.get("/suspicions")).body["items"] == []


async def test_agents_see_nothing_of_it_and_nobody_sees_what_is_about_himself(office: Office) -> None:
    anna, chief = await three_early(office)
    found = await only(chief)
    for path in ("/suspicions", "/suspicions/count", f"/suspicions/{found['id']}", "/review-rules"):
        assert (await anna.get(path)).status == 403
    boss = await office.signed_in("boss", "admin")
    promoted = await boss.patch(f"/users/{anna.id}", {"role": "supervisor"})
    assert promoted.status == 200, promoted.text
    await office.sign_in(anna, "anna")
    assert (await anna.get("/suspicions")).body["items"] == []
    assert (await anna.put(f"/suspicions/{found['id']}", {"state": "reviewed"})).status == 404
    team = (await boss.post("/teams", {"name": "Sales"})).body
    await boss.patch(f"/users/{anna.id}", {"team_id": team["id"]})
    assert (await chief.get("/suspicions")).body["items"] == []
    assert UUID((await only(boss))["id"]) == UUID(found["id"])


async def test_the_list_is_narrowed_paged_and_taken_away(office: Office) -> None:
    anna, chief = await three_early(office)
    boris = await office.signed_in("boris", extension="102")
    for number in range(11, 14):
        await office.happens(hung_up_on(number, "102"))
    await looked(office)
    page = (await chief.get("/suspicions?limit=1")).body
    rest = (await chief.get(f"/suspicions?limit=1&cursor={page['next_cursor']}")).body
    assert {one["agent"]["id"] for one in (*page["items"], *rest["items"])} == {str(anna.id), str(boris.id)}
    assert rest["next_cursor"] is None
    assert (await only(chief, agent=str(boris.id), kind="hung_up", to="2026-11-25T00:00:00Z"))["queue"] == ""
    for nothing in ("kind=one_code", "state=reviewed", "from=2026-11-25T00:00:00Z"):
        assert (await chief.get(f"/suspicions?{nothing}")).body["items"] == []
    sheet = await chief.get("/suspicions/export?state=new")
    assert sheet.text.splitlines()[1].startswith("2026-11-24 09:00;")
    assert "Hung up early;;;3;3;10;;For review" in sheet.text
    assert len(await office.trail("export")) == 1


async def test_what_was_found_is_forgotten_after_the_days_it_is_kept(office: Office) -> None:
    _, chief = await three_early(office)
    assert await only(chief)
    office.clock.at = START + timedelta(days=182)
    await Reviewer(office.db, office.clock).look()
    await office.sign_in(chief, "chief")
    assert (await chief.get("/suspicions")).body["items"] == []


async def test_one_outcome_for_everything_in_a_week(both: Office) -> None:
    """Anna logs everything as solved, Boris does not; six talks each."""
    boss = await both.signed_in("boss", "admin")
    await both.db.write(lambda s: zones.write(s, "UTC"))
    anna, boris = await both.signed_in("anna", extension="101"), await both.signed_in("boris", extension="102")
    number = 20
    for agent, desk, codes in ((anna, "101", ("solved",) * 6), (boris, "102", ("solved", "order") * 3)):
        for code in codes:
            number += 1
            await both.happens(hung_up_on(number, desk, by_customer=True))
            owed = (await agent.get("/me/debts")).body["items"]
            both.clock.at += timedelta(seconds=1)
            logged = await agent.put(f"/segments/{owed[-1]['segment_id']}/outcome", {"outcome": code, "comment": "ok"})
            assert logged.status == 200, logged.text
    rules = {"one_code_least": 5, "wrapup_times": 100, "hung_up_times": 100}
    assert (await boss.put("/review-rules", rules)).status == 200
    await looked(both)
    found = await only(boss)
    assert (found["kind"], found["code"], found["code_labels"]["en"]) == ("one_code", "solved", "Solved")
    assert (found["figures"]["share"], found["figures"]["usual"], found["queue"]) == (1.0, 0.5, "support")
    assert (found["since"], found["until"]) == ("2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z")
    assert len((await boss.get(f"/suspicions/{found['id']}")).body["calls"]) == 6
