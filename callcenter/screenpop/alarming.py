"""The alarms of the floor as one supervisor sees them. No I/O."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from callcenter.crm.rights import Standing, Verb, allow, part_of
from callcenter.screenpop.lines import Directory, Person
from callcenter.screenpop.shown import AlarmView
from callcenter.supervision.alarms import Alarm, AlarmKind


def seen_alarms(alarms: Iterable[Alarm], viewer: Standing | None, names: Directory) -> tuple[AlarmView, ...]:
    """Queues and links concern everybody who sees the floor, agents whoever supervises them."""
    if viewer is None or not allow(viewer, Verb.SEE_FLOOR):
        return ()
    shown = ((alarm, _agent(alarm, names)) for alarm in alarms)
    return tuple(_view(alarm, agent, names) for alarm, agent in shown if agent is None or _supervises(viewer, agent))


def _agent(alarm: Alarm, names: Directory) -> Person | None:
    """Whom it is about; None where it is about no person."""
    if alarm.kind is not AlarmKind.WRAPUP:
        return None
    who = UUID(alarm.thing)
    return names.people.get(who, Person(id=who, username="", display_name=""))


def _supervises(viewer: Standing, agent: Person) -> bool:
    return allow(viewer, Verb.SEE_FLOOR, part_of(agent.id, agent.standing.team if agent.standing else None))


def _view(alarm: Alarm, agent: Person | None, names: Directory) -> AlarmView:
    seen = alarm.acknowledged
    by = names.people.get(seen.by) if seen else None
    return AlarmView(
        id=alarm.id,
        kind=alarm.kind,
        pbx=alarm.pbx,
        thing=alarm.thing,
        name=agent.display_name if agent else alarm.label or alarm.thing,
        value=alarm.value,
        limit=alarm.limit,
        since=alarm.since,
        raised_at=alarm.raised_at,
        acknowledged_by=by.display_name if by else "",
        acknowledged_at=seen.at if seen else None,
    )
