"""Goals and how far they are reached, call-backs that are kept, and what counts as short, as rules say."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from callcenter.counting import Work
from callcenter.crm.models.tasks import DialRow, Task
from callcenter.crm.report_rules import Goals, ReportPolicy
from callcenter.ids import new_id
from callcenter.reporting.goals import Done, progress
from callcenter.reporting.promises import Kept, Promise, PromiseReport, Word
from tests.crm.office import Caller, Office
from tests.reporting.test_api import DAY, a_morning
from tests.spine.story import START

DUE = START + timedelta(minutes=30)
EARLY, LATE = DUE - timedelta(minutes=1), DUE + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("done_at", "tried_at", "now", "word"),
    [
        (EARLY, None, EARLY, Word.KEPT),
        (None, DUE, LATE, Word.KEPT),
        (LATE, EARLY, LATE, Word.KEPT),
        (LATE, LATE, LATE, Word.LATE),
        (None, LATE, LATE, Word.MISSED),
        (None, None, EARLY, None),
        (None, None, LATE, Word.MISSED),
    ],
)
def test_a_call_back_is_kept_late_or_missed(
    done_at: datetime | None, tried_at: datetime | None, now: datetime, word: Word | None
) -> None:
    queue, anna = ("main", "support"), new_id()
    promise = Promise(agent=anna, queue=queue, by=DUE, done_at=done_at, tried_at=tried_at)
    assert promise.word(now) is word
    report = PromiseReport(now)
    report.count([promise])
    assert report.whole.due == len([word] if word else [])
    assert report.whole.rate == ((word is Word.KEPT) if word else None)


def test_progress_is_told_goal_by_goal() -> None:
    goals = Goals.model_validate(
        {
            "calls": 4,
            "aht_s": 60,
            "callbacks": 90,
            "codes": [{"code": "order", "count": 2}, {"code": "solved", "count": 1}],
        }
    )
    done = Done(work=Work(inbound=3, talk_s=270.0), kept=Kept(kept=1, missed=1), codes={"solved": 5})
    told = [(one.goal, one.code, one.value, one.share, one.met) for one in progress(goals, done)]
    assert told == [
        ("calls", "", 3, 0.75, False),
        ("code", "order", 0, 0.0, False),
        ("code", "solved", 5, 1.0, True),
        ("callbacks", "", 0.5, 0.5, False),
        ("aht_s", "", 90.0, pytest.approx(2 / 3), False),
    ]
    nothing_yet = [(one.value, one.share, one.met) for one in progress(goals, Done())]
    assert nothing_yet[-2:] == [(None, None, True), (None, None, True)]
    assert progress(Goals(), done) == []


def test_an_agents_own_goals_stand_in_place_of_those_that_they_name_and_of_no_others() -> None:
    boris = {"agent_id": str(new_id()), "calls": 9, "codes": [{"code": "order", "count": 2}]}
    rules: dict[str, Any] = {"agents": {"aht_s": 300, "codes": [{"code": "solved", "count": 5}]}, "people": [boris]}
    for aht_s, solved in ((300, 5), (240, 7)):
        rules["agents"] = {
            "aht_s": aht_s,
            "codes": [{"code": "solved", "count": solved}, {"code": "order", "count": 4}],
        }
        policy = ReportPolicy.model_validate(rules)
        his = policy.goals_of(UUID(str(boris["agent_id"])))
        assert (his.calls, his.aht_s, his.callbacks) == (9, aht_s, None)
        assert {one.code: one.count for one in his.codes} == {"solved": solved, "order": 2}
        assert policy.goals_of(new_id()) == policy.agents


async def decided(office: Office, rules: dict[str, Any]) -> Caller:
    boss = await office.signed_in("boss", "admin")
    now = await boss.get("/report-rules")
    saved = await boss.put("/report-rules", now.body | rules, If_Match=now.headers["ETag"])
    assert saved.status == 200, saved.text
    return boss


async def test_an_agent_sees_his_own_day_and_a_supervisor_everybodys(office: Office) -> None:
    anna, chief = await a_morning(office)
    assert (await anna.get("/me/progress")).body["agents"] == []
    of_all = {"calls": 6, "codes": [{"code": "solved", "count": 1}]}
    await decided(office, {"agents": of_all, "people": [{"agent_id": str(chief.id), "calls": 1}]})
    (mine,) = (await anna.get("/me/progress")).body["agents"]
    assert [(one["goal"], one["value"], one["target"], one["met"]) for one in mine["goals"]] == [
        ("calls", 3, 6, False),
        ("code", 1, 1, True),
    ]
    assert mine["goals"][1]["code_labels"]["en"] == "Solved"
    everybody = (await chief.get("/reports/progress")).body["agents"]
    assert {one["name"]: len(one["goals"]) for one in everybody} == {"Anna": 2, "Boss": 2, "Chief": 2}
    assert next(one for one in everybody if one["name"] == "Anna") == mine
    assert (await anna.get("/reports/progress")).status == 403


async def test_short_abandons_are_a_rule_of_all_or_of_a_queue(office: Office) -> None:
    """One caller of support gave up after two seconds."""
    _, chief = await a_morning(office)
    answer = (await chief.get(f"/reports/queues?{DAY}")).body
    assert (answer["total"]["abandoned"], answer["aim"], answer["queues"][0]["aim"]) == (1, 0.8, 0.8)
    here = {"pbx": "main", "queue": "support"}
    boss = await decided(office, {"short_abandon_s": 5, "queues": [{**here, "service_level": 90}]})
    answer = (await chief.get(f"/reports/queues?{DAY}")).body
    assert (answer["total"]["abandoned"], answer["total"]["short"], answer["queues"][0]["aim"]) == (0, 1, 0.9)
    assert (await chief.get(f"/reports/queues?{DAY}&short_s=0")).body["total"]["abandoned"] == 1
    assert (
        await boss.put("/report-rules", {"short_abandon_s": 5, "queues": [{**here, "short_abandon_s": 1}]})
    ).status == 200
    assert (await chief.get(f"/reports/queues?{DAY}")).body["total"]["abandoned"] == 1
    for wrong in ({"short_abandon_s": 61}, {"queues": [here, here]}, {"agents": {"calls": 0}}):
        assert (await boss.put("/report-rules", wrong)).status == 422
    assert (await chief.put("/report-rules", {})).status == 403


async def test_call_backs_by_agent_and_queue(office: Office) -> None:
    """Of four that were due one was kept, one tried, one late and one never; one can still be kept."""
    anna, chief = await a_morning(office)
    made = {"kind": "callback", "pbx": "main", "queue": "support", "created_at": START, "updated_at": START}

    def plant(session: Any) -> None:
        tasks = [Task(**made, due_at=DUE, order_at=DUE, missed=1) for _ in range(6)]
        for task, at in ((tasks[0], EARLY), (tasks[2], LATE)):
            task.state, task.closed_at, task.closed_by_id, task.closed_how = "done", at, anna.id, "talk"
        tasks[1].assignee_id, tasks[5].state = anna.id, "cancelled"
        tasks[4].due_until = DUE + timedelta(hours=2)
        session.add_all(tasks)
        session.flush()
        tried = DialRow(agent_id=anna.id, pbx="main", device="PJSIP/101", number="1", state="failed", asked_at=EARLY)
        tried.task_id = tasks[1].id
        session.add(tried)

    await office.db.write(plant)
    office.clock.at = DUE + timedelta(minutes=30)
    answer = (await chief.get(f"/reports/callbacks?{DAY}")).body
    assert answer["total"] == {"due": 4, "kept": 2, "late": 1, "missed": 1, "rate": 0.5}
    by_agent = {one["name"]: (one["figures"]["due"], one["figures"]["kept"]) for one in answer["agents"]}
    assert by_agent == {"Anna": (3, 2), "": (1, 0)}
    assert [(one["queue"], one["figures"]["missed"]) for one in answer["queues"] if one["queue"]] == [("support", 1)]
    assert (await anna.get(f"/reports/callbacks?{DAY}")).status == 403
    sheet = await chief.get(f"/reports/export?{DAY}&report=callbacks")
    assert sheet.text.splitlines()[1:] == ["Anna;3;2;1;0;66.7", ";1;0;0;1;0.0"]


async def test_figures_by_where_customers_stand(office: Office) -> None:
    _, chief = await a_morning(office)
    (group,) = (await chief.get(f"/reports/groups?{DAY}")).body["groups"]
    assert (group["status"], group["labels"]["en"]) == ("new", "New")
    assert (group["queue"]["came"], group["queue"]["answered"], group["work"]["handled"]) == (3, 2, 3)
    sheet = await chief.get(f"/reports/export?{DAY}&report=groups")
    assert sheet.text.splitlines()[1].startswith("New;3;2;0;1;0;0;0;0.0;33.3;5;6;3;2;1")
