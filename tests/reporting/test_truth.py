"""Reports against what phones of a real Asterisk saw, counted by hand, and against what its queue log says.

Ten scenes: their streams were captured, and their queue logs are of a second playing of the same scenes. Where the two
differ, it is for the reasons that the tests are named after, and DECISIONS.md says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from callcenter.crm.models.calls import OfferRow
from callcenter.crm.models.queues import Queue
from callcenter.events import CallEvent
from tests.ami.tale import CAPTURES, fields_of, fold
from tests.crm.office import Caller, Office
from tests.spine.story import roster

SCENES = sorted(path.stem for path in (CAPTURES / "history").glob("*.queue_log"))
DAY = "from=2026-11-27T00:00:00Z&to=2026-11-28T00:00:00Z"


async def all_scenes(office: Office) -> Caller:
    """What the PBX told of the ten scenes has happened; whoever reads the reports of it."""
    office.clock.at = datetime(2026, 11, 27, 12, tzinfo=UTC)
    chief = await office.signed_in("chief", "supervisor")
    people = {desk: await office.person(name) for desk, name in (("101", "anna"), ("102", "boris"), ("103", "clara"))}
    office.ledger.roster = roster(people)
    await office.db.write(lambda s: s.add_all([Queue(pbx="main", name=name) for name in ("sales", "support")]))
    for scene in SCENES:
        for event in fold(fields_of((CAPTURES / f"{scene}.ami").read_bytes())).events:
            if isinstance(event, CallEvent):
                await office.ledger.take(event)
    return chief


def logged() -> Iterator[list[str]]:
    """The lines of the queue logs: epoch, call, queue, agent, verb, and what the verb says."""
    for scene in SCENES:
        for line in (CAPTURES / "history" / f"{scene}.queue_log").read_text().splitlines():
            yield line.split("|")


def verbs(queue: str) -> Counter[str]:
    return Counter(line[4] for line in logged() if line[2] == queue)


async def figures(chief: Caller) -> dict[str, dict[str, Any]]:
    return {one["queue"]: one["figures"] for one in (await chief.get(f"/reports/queues?{DAY}")).body["queues"]}


async def test_queues_are_counted_as_by_hand_and_as_in_the_queue_log(office: Office) -> None:
    """support: three answered (one of them sent on), one gave up; sales: two answered (one of them sent here), one gave
    up, one waited in vain. All who were answered were so in time."""
    counted = await figures(await all_scenes(office))
    names = ("came", "answered", "in_time", "abandoned", "lost", "short", "left")
    assert {queue: tuple(one[name] for name in names) for queue, one in counted.items()} == {
        "support": (4, 3, 3, 1, 0, 0, 0),
        "sales": (4, 2, 2, 1, 1, 0, 0),
    }
    assert {queue: one["service_level"] for queue, one in counted.items()} == {"support": 0.75, "sales": 0.5}
    for queue, one in counted.items():
        log = verbs(queue)
        assert (one["came"], one["answered"]) == (log["ENTERQUEUE"], log["CONNECT"])
        assert (one["abandoned"], one["lost"]) == (log["ABANDON"], log["EXITWITHTIMEOUT"])


async def test_the_queue_log_waits_whole_seconds(office: Office) -> None:
    counted = await figures(await all_scenes(office))
    for queue, one in counted.items():
        waits = [int(line[5]) for line in logged() if line[2] == queue and line[4] == "CONNECT"]
        assert abs(one["asa_s"] - sum(waits) / len(waits)) < 1
        ends = [int(line[7]) for line in logged() if line[2] == queue and line[4] in ("ABANDON", "EXITWITHTIMEOUT")]
        assert abs(one["longest_wait_s"] - max([*waits, *ends])) < 1


async def test_the_queue_log_knows_no_calls_past_queues(office: Office) -> None:
    """Anna talks with four: two of the queue, of whom she sends one on, one who dialled her, one whom she dialled."""
    chief = await all_scenes(office)
    told = (await chief.get(f"/reports/agents?{DAY}")).body["agents"]
    names = ("handled", "inbound", "outbound", "handed_over")
    assert {one["name"]: tuple(one["figures"][name] for name in names) for one in told} == {
        "Anna": (4, 3, 1, 1),
        "Boris": (2, 2, 0, 0),
        "Clara": (1, 1, 0, 0),
    }
    in_queues = (await chief.get(f"/reports/agents?{DAY}&queue=support")).body["total"]["handled"]
    in_queues += (await chief.get(f"/reports/agents?{DAY}&queue=sales")).body["total"]["handled"]
    assert in_queues == len([line for line in logged() if line[4] == "CONNECT"]) == 5


async def test_the_queue_log_calls_refused_rings_unanswered(office: Office) -> None:
    await all_scenes(office)
    results = await office.db.read(lambda s: Counter(s.scalars(select(OfferRow.result))))
    unanswered = len([line for line in logged() if line[4] == "RINGNOANSWER"])
    refused = len([line for line in logged() if line[4] == "RINGNOANSWER" and line[5] == "0"])
    assert (unanswered, refused) == (5, 2)
    assert (results["no_answer"], results["rejected"] + results["unreachable"]) == (unanswered - refused, refused)
