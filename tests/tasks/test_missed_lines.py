"""Missed callers as a supervisor watches them: how many by queue, who is late, and given to somebody."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from callcenter.bus import Bus
from callcenter.crm import missed_lines
from callcenter.crm.models.people import Team
from callcenter.crm.models.tasks import Task
from callcenter.crm.rights import Actor, UserRole
from callcenter.ids import new_id
from callcenter.news import Reminded, TasksChanged
from callcenter.taskwatch import TaskWatch
from tests.crm.office import Office
from tests.tasks.test_api_tasks import gives_up, only


def supervisor(team: Team | None = None) -> Actor:
    return Actor(
        id=new_id(),
        role=UserRole.SUPERVISOR,
        team=team.id if team else None,
        username="sofia",
        display_name="Sofia",
        language="en",
        session=new_id(),
    )


async def told(office: Office, who: Actor) -> list[tuple[str, int, int]]:
    """Queue, how many wait, how many too long."""
    now = office.clock.now()
    lines = await office.db.read(lambda s: missed_lines.lines(s, who, now))
    return [(line.queue, line.waiting, line.overdue) for line in lines]


def number(last: int) -> str:
    return f"+791612345{last:02}"


async def test_each_queue_says_how_many_wait_and_how_many_too_long(both: Office) -> None:
    sofia = supervisor()
    await both.happens(gives_up("1.1", "sales", number(1)))
    assert await told(both, sofia) == [("sales", 1, 0)]
    both.clock.move(31 * 60)
    await both.happens(gives_up("1.2", "support", number(2)))
    await both.db.write(
        lambda s: s.execute(update(Task).values(order_at=both.clock.now()).where(Task.queue == "support"))
    )
    assert await told(both, sofia) == [("sales", 1, 1), ("support", 1, 0)]
    now = both.clock.now()
    first, _ = await both.db.read(lambda s: missed_lines.lines(s, sofia, now))
    assert first.due_since is not None
    assert timedelta() < now - first.due_since < timedelta(minutes=2)


async def test_a_supervisor_counts_what_is_his_to_see(office: Office) -> None:
    await office.happens(gives_up("1.1", "sales", number(1)))
    await office.happens(gives_up("1.2", "support", number(2)))

    def arrange(session: Session) -> list[Team]:
        teams = [Team(name="north"), Team(name="south")]
        session.add_all(teams)
        session.flush()
        for team, queue in zip(teams, ("sales", "support"), strict=True):
            session.execute(update(Task).values(team_id=team.id).where(Task.queue == queue))
            session.expunge(team)
        return teams

    north, south = await office.db.write(arrange)
    assert await told(office, supervisor(north)) == [("sales", 1, 0)]
    assert await told(office, supervisor(south)) == [("support", 1, 0)]


async def test_that_somebody_waits_too_long_is_told_once_when_it_begins(office: Office) -> None:
    bus, changes = Bus(), list[TasksChanged]()

    async def hear(event: TasksChanged) -> None:
        changes.append(event)

    bus.on(TasksChanged, hear)
    watch = TaskWatch(office.db, bus, office.clock)
    await office.happens(gives_up())
    await watch.look()
    assert changes == []
    office.clock.move(31 * 60)
    await watch.look()
    office.clock.move(5)
    await watch.look()
    assert [len(change.tasks) for change in changes] == [1]


async def test_a_task_given_to_a_colleague_is_his_and_he_is_told_at_once(both: Office) -> None:
    anna, boris = await both.signed_in("anna"), await both.signed_in("boris")
    sofia = await both.signed_in("sofia", "supervisor")
    bus, told_to = Bus(), list[Reminded]()

    async def hear(event: Reminded) -> None:
        told_to.append(event)

    bus.on(Reminded, hear)
    watch = TaskWatch(both.db, bus, both.clock)
    await both.happens(gives_up())
    path = f"/tasks/{(await only(anna))['id']}"
    await anna.post(f"{path}/claim")
    assert (await boris.patch(path, {"assignee_id": str(boris.id)})).code == "task_claimed"
    given = (await sofia.patch(path, {"assignee_id": str(boris.id)})).body
    assert (given["assignee"]["username"], given["claimed_by"], given["state"]) == ("boris", None, "open")
    await watch.look()
    assert [event.user for event in told_to] == [boris.id]
    assert len((await boris.get("/me/reminders")).body["items"]) == 1
    await boris.patch(path, {"assignee_id": str(boris.id), "note": "mine"})
    await watch.look()
    assert len(told_to) == 1, "who has it already is not told again"
