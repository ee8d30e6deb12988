"""Tasks over HTTP: written down, found, taken by one, finished, and kept from who may not see them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from callcenter.bus import Bus
from callcenter.crm.models.people import Team, User
from callcenter.crm.models.queues import Queue, QueueAgent
from callcenter.crm.models.tasks import DialRow, Task
from callcenter.crm.privacy import person
from callcenter.decision_events import CustomerChosen
from callcenter.events import CallKey, Direction, OfferResult, QueueResult
from callcenter.news import Reminded, TasksChanged
from callcenter.taskwatch import TaskWatch
from tests.crm.office import Caller, Office, talked
from tests.spine.story import START, Story

NUMBER = "+79161234567"


def gives_up(uniqueid: str = "1.1", queue: str = "support", number: str = NUMBER) -> Story:
    """A caller who waits in vain."""
    return Story(uniqueid, number).arrives().joins(queue).leaves(QueueResult.ABANDONED, queue).ends()


async def listed(who: Caller, query: str = "") -> list[dict[str, Any]]:
    answer = await who.get(f"/tasks?{query}")
    assert answer.status == 200, answer.text
    return list(answer.body["items"])


async def only(who: Caller, query: str = "") -> dict[str, Any]:
    (task,) = await listed(who, query)
    return task


async def test_a_missed_caller_is_one_task_with_a_clock_from_his_first_attempt(both: Office) -> None:
    anna = await both.signed_in("anna", extension="101")
    for uniqueid in ("1.1", "1.2", "1.3"):
        await both.happens(gives_up(uniqueid))
    task = await only(anna, "unclaimed=true")
    assert (task["kind"], task["state"], task["queue"], task["missed"]) == ("callback", "open", "support", 3)
    assert (task["number"], task["customer"]["numbers"]) == (NUMBER, ["+7 916 123-45-67"])
    assert task["first_missed_at"] < task["last_missed_at"] or task["missed"] == 3
    assert task["due_at"] == (START + timedelta(seconds=4, minutes=30)).isoformat().replace("+00:00", "Z")
    assert both.told(TasksChanged)


async def test_each_queue_he_waited_in_has_its_own(office: Office) -> None:
    anna = await office.signed_in("anna")
    await office.happens(gives_up("1.1", "support"))
    await office.happens(gives_up("1.2", "sales"))
    assert {t["queue"] for t in await listed(anna)} == {"support", "sales"}


async def test_who_hides_his_number_is_counted_and_makes_no_task(office: Office) -> None:
    anna = await office.signed_in("anna")
    await office.happens(gives_up(number="anonymous"))
    assert await listed(anna) == []
    counts = (await anna.get("/tasks/counts?since=2026-11-24T00:00:00Z")).body
    assert (counts["withheld"], counts["unclaimed"]) == (1, 0)


async def test_of_all_who_take_it_at_once_one_has_it_and_the_others_are_told_who(both: Office) -> None:
    agents = [await both.signed_in(f"agent{n}") for n in range(4)]
    await both.happens(gives_up())
    task = await only(agents[0])
    answers = await asyncio.gather(*(a.post(f"/tasks/{task['id']}/claim") for a in agents))
    (winner,) = (a.body["claimed_by"] for a in answers if a.status == 200)
    lost = [a for a in answers if a.status == 409]
    assert len(lost) == 3
    assert {a.code for a in lost} == {"task_claimed"}
    assert all(winner["display_name"] in a.body["detail"] for a in lost)
    assert len(await both.trail("claim")) == 1


async def test_a_talk_with_whoever_closes_it_and_the_next_miss_is_a_new_task(both: Office) -> None:
    """Boris never saw the task; he happened to take the customer's next call."""
    anna = await both.signed_in("anna", extension="101")
    await both.signed_in("boris", extension="102")
    await both.happens(gives_up("1.1"))
    first = await only(anna)
    await anna.post(f"/tasks/{first['id']}/claim")
    await both.happens(talked("102", uniqueid="1.2"))
    assert await listed(anna) == []
    closed = (await anna.get(f"/tasks/{first['id']}")).body
    assert (closed["state"], closed["closed_how"], closed["closed_by"]["username"]) == ("done", "talk", "boris")
    assert closed["result_call"] is not None
    assert (await anna.post(f"/tasks/{first['id']}/claim")).code == "task_closed"
    again = gives_up("1.3")
    again.seconds = 60
    again.events.clear()
    await both.happens(again.arrives().joins().leaves(QueueResult.ABANDONED).ends())
    assert (await only(anna))["id"] != first["id"]


async def test_a_call_to_the_customer_closes_it_too(office: Office) -> None:
    anna = await office.signed_in("anna", extension="101")
    await office.happens(gives_up("1.1"))
    out = Story("1.2", "89161234567")
    out.seconds = 30
    await office.happens(out.arrives(Direction.OUTBOUND).talks("101").parts("101").hangs_up("101").ends())
    assert await listed(anna) == []


async def test_a_direct_call_is_whoevers_phone_rang_and_everybodys_once_it_is_overdue(office: Office) -> None:
    anna = await office.signed_in("anna", extension="101")
    boris = await office.signed_in("boris", extension="102")
    story = Story().arrives().rings("101", queue="").stops_ringing("101", OfferResult.NO_ANSWER).ends()
    await office.happens(story)
    task = await only(anna, "mine=true")
    assert (task["assignee"]["username"], task["extension"]) == ("anna", "101")
    assert await listed(boris) == []
    office.clock.move(31 * 60)
    assert (await only(boris, "unclaimed=true"))["overdue"] is True


async def test_an_undecided_callers_task_becomes_the_chosen_customers(office: Office) -> None:
    anna = await office.signed_in("anna", extension="101")
    cards = [(await anna.post("/customers", {"name": n, "numbers": [{"raw": NUMBER}]})).body for n in ("Ivan", "Maria")]
    await office.happens(gives_up("1.1"))
    task = await only(anna)
    assert task["customer"] is None
    key = CallKey(pbx="main", uniqueid="1.1")
    chosen = CustomerChosen(call=key, at=START, mono=0.0, customer=UUID(cards[1]["id"]), by=_id(anna))
    await office.ledger.take(chosen)
    assert (await only(anna))["customer"]["name"] == "Maria"
    await office.happens(gives_up("1.2"))
    again = CustomerChosen(
        call=CallKey(pbx="main", uniqueid="1.2"), at=START, mono=0.0, customer=chosen.customer, by=chosen.by
    )
    await office.ledger.take(again)
    assert (await only(anna))["missed"] == 2


def _id(who: Caller) -> UUID:
    assert who.id is not None
    return who.id


async def test_a_claim_with_which_nothing_is_done_runs_out(office: Office) -> None:
    anna = await office.signed_in("anna")
    boris = await office.signed_in("boris")
    watch = TaskWatch(office.db, Bus(), office.clock)
    await office.happens(gives_up())
    task = await only(anna)
    await anna.post(f"/tasks/{task['id']}/claim")
    office.clock.move(9 * 60)
    await watch.look()
    assert (await boris.post(f"/tasks/{task['id']}/claim")).code == "task_claimed"
    office.clock.move(2 * 60)
    await watch.look()
    assert (await only(boris, "unclaimed=true"))["state"] == "open"
    assert (await boris.post(f"/tasks/{task['id']}/claim")).status == 200


async def test_the_rules_are_a_supervisors_and_hold_at_once(office: Office) -> None:
    anna, sofia = await office.signed_in("anna"), await office.signed_in("sofia", "supervisor")
    clocks = [{"pbx": "branch", "queue": "sales", "minutes": 50}, {"pbx": "main", "queue": "sales", "minutes": 5}]
    rules = (await sofia.get("/tasks/policy")).body | {"queues": clocks, "claim_minutes": 1}
    assert (await anna.put("/tasks/policy", rules)).status == 403
    assert (await sofia.put("/tasks/policy", rules)).status == 200
    await office.happens(gives_up(queue="sales"))
    task = await only(anna)
    assert task["due_at"] == (START + timedelta(seconds=4, minutes=5)).isoformat().replace("+00:00", "Z")
    claimed = (await anna.post(f"/tasks/{task['id']}/claim")).body
    assert claimed["claim_until"] == (office.clock.now() + timedelta(minutes=1)).isoformat().replace("+00:00", "Z")
    assert (await sofia.put("/tasks/policy", rules, If_Match='"0"')).status == 412
    assert len(await office.trail("change")) == 1


async def test_a_task_is_written_down_once_however_often_it_is_sent(both: Office) -> None:
    anna = await both.signed_in("anna")
    body = {"kind": "todo", "subject": "Send the offer", "due_at": "2026-11-25T09:00:00Z"}
    answers = await asyncio.gather(*(anna.post("/tasks", body, Idempotency_Key="one") for _ in range(3)))
    assert {a.status for a in answers} == {201}
    assert len({a.body["id"] for a in answers}) == 1
    task = await only(anna, "mine=true")
    assert (task["assignee"]["username"], task["subject"]) == ("anna", "Send the offer")


async def test_who_writes_on_an_older_version_is_refused(office: Office) -> None:
    anna = await office.signed_in("anna")
    made = await anna.post("/tasks", {"kind": "call", "subject": "x", "due_at": "2026-11-25T09:00:00Z"})
    path = f"/tasks/{made.body['id']}"
    assert (await anna.patch(path, {"note": "tomorrow"}, If_Match=made.headers["ETag"])).status == 200
    assert (await anna.patch(path, {"note": "no"}, If_Match=made.headers["ETag"])).status == 412
    assert (await anna.get(path)).body["note"] == "tomorrow"


async def test_what_makes_no_sense_is_refused_with_the_field(office: Office) -> None:
    anna = await office.signed_in("anna")
    wrong: dict[str, dict[str, Any]] = {
        "due_until": {"due_at": "2026-11-25T09:00:00Z", "due_until": "2026-11-25T08:00:00Z"},
        "zone": {"zone": "Europe/Atlantis"},
        "assignee_id": {"assignee_id": str(UUID(int=7))},
        "number": {"number": "anonymous"},
        "kind": {"kind": "holiday"},
        "boss": {"boss": True},
    }
    for field, body in wrong.items():
        answer = await anna.post("/tasks", body)
        assert (answer.status, list(answer.fields)) == (422, [field])
    assert (await anna.post("/tasks", {"customer_id": str(UUID(int=7))})).status == 404


async def test_others_tasks_are_not_seen_supervisors_see_all(office: Office) -> None:
    anna, boris = await office.signed_in("anna"), await office.signed_in("boris")
    sofia = await office.signed_in("sofia", "supervisor")
    made = await anna.post("/tasks", {"kind": "todo", "subject": "mine"})
    path = f"/tasks/{made.body['id']}"
    assert [len(await listed(who)) for who in (anna, boris, sofia)] == [1, 0, 1]
    assert (await boris.get(path)).status == 404
    assert (await boris.post(f"{path}/done")).status == 404
    assert (await sofia.post(f"{path}/done")).status == 200
    assert [len(await listed(anna, q)) for q in ("", "closed=true")] == [0, 1]


async def test_a_teams_task_and_a_queues_misses_are_for_those_who_work_there(office: Office) -> None:
    anna, boris = await office.signed_in("anna"), await office.signed_in("boris")

    def arrange(session: Any) -> UUID:
        team = Team(name="north")
        queue = Queue(pbx="main", name="sales")
        session.add_all([team, queue])
        session.flush()
        session.add(QueueAgent(queue_id=queue.id, agent_id=anna.id))
        session.execute(update(User).where(User.id == boris.id).values(team_id=team.id))
        return UUID(str(team.id))

    team = await office.db.write(arrange)
    sofia = await office.signed_in("sofia", "supervisor")
    await sofia.post("/tasks", {"kind": "todo", "subject": "t", "team_id": str(team), "assignee_id": None})
    await office.happens(gives_up(queue="sales"))
    await office.happens(gives_up("1.2", queue="support", number="+79165550000"))
    assert {t["queue"] for t in await listed(anna)} == {"sales", "support"}
    assert {t["queue"] or t["team"]["name"] for t in await listed(boris)} == {"north", "support"}
    assert (await only(sofia, f"team={team}"))["subject"] == "t"


async def test_finishing_is_for_who_has_it(office: Office) -> None:
    anna, boris = await office.signed_in("anna"), await office.signed_in("boris")
    await office.happens(gives_up())
    path = f"/tasks/{(await only(anna))['id']}"
    assert (await boris.post(f"{path}/done")).status == 403
    assert (await anna.post(f"{path}/claim")).status == 200
    assert (await boris.post(f"{path}/release")).status == 403
    assert (await boris.patch(path, {"note": "x"})).code == "task_claimed"
    assert (await anna.post(f"{path}/cancel")).status == 403
    assert (await anna.post(f"{path}/release")).body["state"] == "open"
    assert (await anna.post(f"{path}/claim")).status == 200
    assert (await anna.post(f"{path}/done")).body["closed_by"]["username"] == "anna"


async def test_a_promise_is_made_with_the_outcome_and_corrected_with_it(both: Office) -> None:
    anna = await both.signed_in("anna", extension="101")
    await both.happens(talked("101"))
    segment = (await anna.get("/calls")).body["items"][0]["segments"][0]["id"]
    step = {"due_at": "2026-11-27T12:00:00Z", "due_until": "2026-11-27T13:00:00Z", "zone": "Europe/Moscow", "note": "n"}
    body = {"outcome": "callback", "comment": "", "next_step": step}
    wrong = {**body, "next_step": {**step, "due_until": "2026-11-27T11:00:00Z"}}
    assert (await anna.put(f"/segments/{segment}/outcome", wrong)).status == 422
    assert await listed(anna) == [], "neither the outcome nor the promise"
    assert (await anna.put(f"/segments/{segment}/outcome", body)).status == 200
    promise = await only(anna, "mine=true")
    assert (promise["zone"], promise["note"], promise["origin_segment"]) == ("Europe/Moscow", "n", segment)
    assert promise["customer"]["numbers"] == ["+7 916 123-45-67"]
    later = {**body, "next_step": {**step, "due_until": None, "due_at": "2026-11-28T12:00:00Z"}}
    assert (await anna.put(f"/segments/{segment}/outcome", later)).status == 200
    assert (await only(anna))["due_at"] == "2026-11-28T12:00:00Z"
    customer = promise["customer"]["id"]
    history = (await anna.get(f"/customers/{customer}/timeline")).body["items"]
    assert [item["kind"] for item in history] == ["call", "task"]


async def test_a_reminder_is_told_once_and_kept_until_it_is_seen(both: Office) -> None:
    anna, boris = await both.signed_in("anna"), await both.signed_in("boris")
    bus, told = Bus(), list[Reminded]()

    async def hear(event: Reminded) -> None:
        told.append(event)

    bus.on(Reminded, hear)
    watch = TaskWatch(both.db, bus, both.clock)
    soon = (both.clock.now() + timedelta(minutes=5)).isoformat()
    made = (await anna.post("/tasks", {"kind": "visit", "subject": "s", "due_at": soon, "remind_at": soon})).body
    await watch.look()
    assert told == []
    both.clock.move(301)
    await watch.look()
    await watch.look()
    assert [(str(r.task), r.user) for r in told] == [(made["id"], anna.id)]
    (item,) = (await anna.get("/me/reminders")).body["items"]
    assert item["task"]["id"] == made["id"]
    assert (await boris.put(f"/me/reminders/{item['id']}", None)).status == 404
    assert (await anna.put(f"/me/reminders/{item['id']}", None)).status == 204
    assert (await anna.get("/me/reminders")).body["items"] == []
    await anna.patch(f"/tasks/{made['id']}", {"assignee_id": str(boris.id)})
    await watch.look()
    assert [r.user for r in told] == [anna.id, boris.id], "the task is his now"


async def test_the_end_of_a_page_leads_to_the_next(office: Office) -> None:
    anna = await office.signed_in("anna")
    for hour in (3, 1, 2):
        await anna.post("/tasks", {"kind": "todo", "subject": str(hour), "due_at": f"2026-11-25T0{hour}:00:00Z"})
    await anna.post("/tasks", {"kind": "todo", "subject": "some day"})
    first = (await anna.get("/tasks?limit=2")).body
    second = (await anna.get(f"/tasks?limit=2&cursor={first['next_cursor']}")).body
    assert [t["subject"] for t in first["items"] + second["items"]] == ["1", "2", "3", "some day"]
    assert second["next_cursor"] is None


async def test_an_old_miss_that_is_told_late_makes_no_task(office: Office) -> None:
    office.clock.move(4 * 24 * 3600)
    await office.happens(gives_up())
    assert await office.db.read(lambda s: list(s.scalars(select(Task)))) == []


async def test_an_erased_person_leaves_no_task(both: Office) -> None:
    anna = await both.signed_in("anna", extension="101")
    await both.happens(gives_up("1.1"))
    missed = await only(anna)
    customer = UUID(missed["customer"]["id"])
    soon = both.clock.now().isoformat()
    body = {"kind": "visit", "subject": "Ivan", "customer_id": str(customer), "due_at": soon, "remind_at": soon}
    await anna.post("/tasks", body)
    dial = DialRow(agent_id=_id(anna), pbx="main", device="PJSIP/101", number="79161234567", state="failed")
    dial.task_id, dial.customer_id, dial.asked_at = UUID(missed["id"]), customer, START

    def erase(session: Any) -> dict[str, int]:
        session.add(dial)
        session.flush()
        return person.wipe(session, person.find(session, customer))

    done = await both.db.write(erase)
    assert (done["tasks"], done["task_attempts"], done["task_reminders"], done["dials"] > 0) == (2, 1, 1, True)
    assert await both.db.read(lambda s: s.scalar(select(DialRow.number))) == person.MASKED
    assert await listed(anna) == []
