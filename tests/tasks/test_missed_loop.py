"""The missed-call loop: a hundred callers, abandons, call-backs by three agents at once, callers calling again.

Exactly one task for each customer and queue at a time, all closed rightly, none lost; on both databases.
"""

from __future__ import annotations

import asyncio
import random

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from callcenter.bus import Bus
from callcenter.crm.models.calls import CallRow
from callcenter.crm.models.customers import PhoneNumber
from callcenter.crm.models.people import User
from callcenter.crm.models.tasks import Task, TaskAttempt
from callcenter.crm.tasks import NEVER
from callcenter.ledger import Ledger
from tests.crm.office import Office
from tests.tasks.world import DESKS, Agent, Expected, World, customer

CALLERS = 100
SEED = 20261126


def kept(session: Session) -> list[Expected]:
    """The tasks as they stand in the database."""
    talk, agent = aliased(CallRow), aliased(User)
    rows = session.execute(
        select(Task, PhoneNumber.e164, talk.uniqueid, agent.username)
        .join(PhoneNumber, PhoneNumber.id == Task.number_id)
        .outerjoin(talk, talk.id == Task.result_call_id)
        .outerjoin(agent, agent.id == Task.assignee_id)
    )
    return [
        Expected(
            number=str(number),
            place=f"queue {task.queue}" if task.queue else f"direct {task.extension}",
            missed=task.missed,
            first=task.first_missed_at or NEVER,
            last=task.last_missed_at or NEVER,
            closed_by=uniqueid,
        )
        for task, number, uniqueid, _ in rows
    ]


async def test_nobody_who_was_missed_is_lost_and_nobody_is_called_back_twice(both: Office) -> None:
    world = World(both, SEED)
    agents = [
        Agent(world, desk, await both.signed_in(f"agent{desk}", extension=desk), random.Random(f"{SEED} {desk}"))
        for desk in DESKS
    ]
    callers = asyncio.gather(*(customer(world, index) for index in range(CALLERS)))
    await asyncio.gather(callers, *(agent.work(callers.done) for agent in agents))

    found, expected = await both.db.read(kept), world.expected()
    by_first = {(task.number, task.first): task for task in found}
    assert sorted(map(str, found)) == sorted(map(str, expected))
    assert len(by_first) == len(found) > CALLERS / 2
    assert all(task.closed_by for task in found), "somebody was never called back"
    attempts = await both.db.read(lambda s: s.scalar(select(func.count()).select_from(TaskAttempt)))
    assert attempts == sum(task.missed for task in found)
    assert all(agent.took for agent in agents)
    assert sum(agent.beaten for agent in agents) > 0, "no two of them ever took the same"
    assert await both.db.read(lambda s: s.scalar(select(func.count()).where(Task.open_key.is_not(None)))) == 0


async def test_a_day_that_is_told_again_changes_no_task(both: Office) -> None:
    """A replay into a ledger that remembers nothing, as after a kill in the middle of a batch."""
    world = World(both, SEED + 1)
    await asyncio.gather(*(customer(world, index) for index in range(1, 16)))
    before = await both.db.read(kept)
    assert before
    again = Ledger(both.db, Bus(), both.clock, both.health)
    consumer = asyncio.create_task(again.run("main"))
    for event in world.events:
        await again.take(event)
    consumer.cancel()
    assert sorted(map(str, await both.db.read(kept))) == sorted(map(str, before))
