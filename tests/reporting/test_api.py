"""Reports against calls that are counted by hand."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta
from math import ceil

from python_calamine import CalamineWorkbook
from sqlalchemy import select

from callcenter.crm.models.calls import CallRow
from callcenter.crm.models.queues import Queue
from callcenter.events import Direction, OfferResult, QueueResult
from tests.crm.office import Caller, Office
from tests.spine.story import START, Story, answered

DAY = "from=2026-11-24T00:00:00Z&to=2026-11-25T00:00:00Z"


def gave_up(uniqueid: str) -> Story:
    return Story(uniqueid=uniqueid).arrives().joins().leaves(QueueResult.ABANDONED).ends()


async def a_morning(office: Office) -> tuple[Caller, Caller]:
    """Anna takes two queue calls and refuses one, one gives up at once, what became of one nobody knows, one is dialled
    out; she logs one outcome."""
    anna = await office.signed_in("anna", extension="101")
    chief = await office.signed_in("chief", "supervisor")
    await office.db.write(lambda s: s.add(Queue(pbx="main", name="support", label="Help", service_level_s=3)))
    await office.happens(answered("101", uniqueid="1.1"))
    let_pass = Story(uniqueid="1.2").arrives().joins().rings("101").stops_ringing("101", OfferResult.NO_ANSWER)
    await office.happens(let_pass.rings("101", "b").answers("101", "b").leaves(QueueResult.ANSWERED).ends())
    await office.happens(gave_up("1.3"))
    await office.happens(Story(uniqueid="1.5").arrives().joins().ends(by_customer=False, note="disconnected"))
    out = (
        Story(uniqueid="1.4")
        .arrives(Direction.OUTBOUND)
        .rings("101", queue="")
        .answers("101")
        .parts("101")
        .hangs_up("101")
    )
    await office.happens(out.ends())
    office.clock.at = START + timedelta(seconds=28)
    (first,) = (await anna.get("/calls?state=ended&limit=50&from=2026-11-24T09:00:00Z")).body["items"][-1:]
    logged = await anna.put(f"/segments/{first['segments'][0]['id']}/outcome", {"outcome": "solved", "comment": "ok"})
    assert logged.status == 200, logged.text
    return anna, chief


async def test_queues_by_hand(office: Office) -> None:
    _, chief = await a_morning(office)
    answer = await chief.get(f"/reports/queues?{DAY}&step=hour")
    assert answer.status == 200, answer.text
    (support,) = answer.body["queues"]
    assert (support["queue"], support["label"], support["target_s"]) == ("support", "Help", 3)
    total = answer.body["total"]
    assert total == support["figures"]
    assert (total["came"], total["answered"], total["abandoned"], total["lost"]) == (3, 2, 1, 0)
    assert (total["in_time"], total["service_level"], total["asa_s"], total["longest_wait_s"]) == (0, 0.0, 5.0, 6.0)
    at_nine = [one for one in answer.body["series"] if one["figures"]["came"]]
    assert [(one["from"], one["figures"]["came"]) for one in at_nine] == [("2026-11-24T09:00:00Z", 3)]
    short = (await chief.get(f"/reports/queues?{DAY}&short_s=5")).body["total"]
    assert (short["came"], short["short"], short["abandoned"]) == (2, 1, 0)


async def test_agents_by_hand(office: Office) -> None:
    anna, chief = await a_morning(office)
    (hers,) = (await chief.get(f"/reports/agents?{DAY}")).body["agents"]
    figures = hers["figures"]
    assert (hers["agent_id"], hers["name"]) == (str(anna.id), "Anna")
    assert (figures["handled"], figures["inbound"], figures["outbound"]) == (3, 2, 1)
    assert (figures["talk_s"], figures["wrap_s"]) == (5.0, 21.0)
    by_hour = (await chief.get(f"/reports/agents?{DAY}&step=hour")).body["series"]
    worked = [(one["from"], one["figures"]) for one in by_hour if one["figures"]["handled"]]
    assert worked == [("2026-11-24T09:00:00Z", figures)]
    of_queue = (await chief.get(f"/reports/agents?{DAY}&queue=support")).body["total"]
    assert (of_queue["handled"], of_queue["outbound"]) == (2, 0)


async def test_outcomes_by_hand(office: Office) -> None:
    _, chief = await a_morning(office)
    answer = (await chief.get(f"/reports/outcomes?{DAY}")).body
    assert [(o["state"], o["code"], o["count"]) for o in answer["outcomes"]] == [("logged", "solved", 1)]
    assert answer["outcomes"][0]["labels"]["en"] == "Solved"


BEHIND = {
    "figure=came": ["1.3", "1.2", "1.1"],
    "figure=answered&queue=support": ["1.2", "1.1"],
    "figure=in_time": [],
    "figure=abandoned": ["1.3"],
    "figure=short": [],
    "figure=short&short_s=5": ["1.3"],
    "figure=abandoned&short_s=5": [],
    "figure=came&short_s=5": ["1.2", "1.1"],
    "figure=lost": [],
    "figure=left": [],
    "figure=handled&agent={anna}": ["1.4", "1.2", "1.1"],
    "figure=handled&agent={anna}&queue=support&direction=inbound": ["1.2", "1.1"],
    "figure=handled&direction=outbound": ["1.4"],
    "figure=handed_over&agent={anna}": [],
    "figure=handled&outcome=solved&settled=logged": ["1.1"],
    "figure=handled&outcome=solved&settled=waived": [],
    "figure=handled&agent={chief}": [],
}


async def test_the_calls_behind_each_figure(office: Office) -> None:
    anna, chief = await a_morning(office)
    keys = await office.db.read(lambda s: {str(id): key for id, key in s.execute(select(CallRow.id, CallRow.uniqueid))})
    pages = {asked: await chief.get(f"/calls?{DAY}&{asked.format(anna=anna.id, chief=chief.id)}") for asked in BEHIND}
    assert {asked: [keys[call["id"]] for call in page.body["items"]] for asked, page in pages.items()} == BEHIND


def waits(uniqueid: str, seconds: float, result: QueueResult, queue: str = "support") -> Story:
    """Who is answered, or gives up, after so long in a queue."""
    story = Story(uniqueid=uniqueid).arrives().joins(queue)
    story.leaves(result, queue)
    joined, left = story.events[-2:]
    story.events[-1] = replace(left, at=joined.at + timedelta(seconds=seconds))
    story.seconds += ceil(seconds)
    return story.ends()


WAITS = {"2.1": 3, "2.2": 3.000001, "2.3": 2.999999, "2.4": 20, "2.5": 20.000001}
RULES = {"short_abandon_s": 3, "queues": [{"pbx": "main", "queue": "sales", "short_abandon_s": 20}]}
COUNTED = {"came", "answered", "in_time", "abandoned", "short", "lost", "left"}


async def test_as_many_calls_are_behind_each_figure_as_it_says(office: Office) -> None:
    """By the target and the short time of each queue to the microsecond, and by a short time that is asked for."""
    _, chief = await a_morning(office)
    boss = await office.signed_in("boss", "admin")
    for n, result in enumerate((QueueResult.ANSWERED, QueueResult.ABANDONED, QueueResult.TIMEOUT)):
        for uniqueid, seconds in WAITS.items():
            for queue in ("support", "sales"):
                await office.happens(waits(f"{n}.{uniqueid}.{queue}", seconds, result, queue))
    await boss.put("/report-rules", RULES)
    for asked in ("", "&short_s=0", "&short_s=3"):
        answer = (await chief.get(f"/reports/queues?{DAY}{asked}")).body
        named = {"": answer["total"]} | {line["queue"]: line["figures"] for line in answer["queues"]}
        for queue, figures in named.items():
            told = {name: figures[name] for name in COUNTED}
            shown = {name: len(await behind(chief, f"figure={name}&queue={queue}{asked}")) for name in COUNTED}
            assert shown == told, (queue, asked)
    assert await behind(chief, "figure=in_time&queue=support") == {"0.2.1.support", "0.2.3.support"}
    assert await behind(chief, "figure=short&queue=support") == {"1.2.3.support", "1.3"}
    assert await behind(chief, "figure=in_time&queue=sales") == {f"0.{n}.sales" for n in ("2.1", "2.2", "2.3", "2.4")}
    assert await behind(chief, "figure=short&queue=sales") == {f"1.{n}.sales" for n in ("2.1", "2.2", "2.3")}
    sheet = (await chief.get(f"/exports/calls?format=csv&{DAY}&figure=short&queue=sales")).text
    assert len(sheet.strip().splitlines()) == 1 + 3


async def behind(chief: Caller, asked: str) -> set[str]:
    """The calls of that day that the list shows, by their names on the PBX."""
    page = await chief.get(f"/calls?{DAY}&{asked}&limit=100")
    assert page.status == 200, page.text
    return {call["uniqueid"] for call in page.body["items"]}


async def test_what_ended_later_is_not_behind_the_figure(office: Office) -> None:
    _, chief = await a_morning(office)
    late = "from=2026-11-24T09:00:04Z&to=2026-11-25T00:00:00Z&figure=handled"
    told = (await chief.get(f"/reports/agents?{late.partition('&figure')[0]}")).body["total"]["handled"]
    assert len((await chief.get(f"/calls?{late}")).body["items"]) == told


async def test_a_time_without_calls_is_empty_and_no_fault(office: Office) -> None:
    chief = await office.signed_in("chief", "supervisor")
    answer = await chief.get("/reports/queues?from=2026-01-01T00:00:00Z&to=2026-01-03T00:00:00Z")
    assert (answer.status, answer.body["queues"], len(answer.body["series"])) == (200, [], 2)
    assert answer.body["total"]["service_level"] is None
    assert len((await chief.get("/reports/queues")).body["series"]) == 8


async def test_who_reads_reports_and_of_whom(office: Office) -> None:
    anna, chief = await a_morning(office)
    refused = await anna.get(f"/reports/queues?{DAY}")
    assert (refused.status, refused.code) == (403, "forbidden")
    boss = await office.signed_in("boss", "admin")
    team = (await boss.post("/teams", {"name": "Sales"})).body
    moved = await boss.patch(f"/users/{anna.id}", {"team_id": team["id"]})
    assert moved.status == 200, moved.text
    assert (await chief.get(f"/reports/agents?{DAY}")).body["agents"] == []
    assert len((await boss.get(f"/reports/agents?{DAY}")).body["agents"]) == 1


async def test_a_report_leaves_as_a_sheet_in_the_readers_language(office: Office) -> None:
    _, chief = await a_morning(office)
    csv = await chief.get(f"/reports/export?{DAY}")
    assert csv.text.splitlines()[1].startswith("Help;main;3;3;2;0;1;0;0;0;0.0;33.3;5;6")
    async with chief.http.get(f"/api/v1/reports/export?{DAY}&report=agents&format=xlsx") as response:
        book = CalamineWorkbook.from_filelike(io.BytesIO(await response.read()))
    headings, row = book.get_sheet_by_index(0).to_python()
    assert (headings[0], headings[1], row[0], row[1]) == ("Agent", "Handled", "Anna", "3")
    assert len(await office.trail("export")) == 2


async def test_a_wrong_question_names_its_field(office: Office) -> None:
    chief = await office.signed_in("chief", "supervisor")
    back = await chief.get("/reports/queues?from=2026-11-25T00:00:00Z&to=2026-11-24T00:00:00Z")
    assert (back.status, back.fields) == (422, {"to": "not_allowed"})
    assert (await chief.get(f"/reports/queues?{DAY}&step=year")).status == 422
