"""What the alarms look at, taken from the floor as it is. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from callcenter.call import Call
from callcenter.counting import Tally
from callcenter.crm.alarm_rules import AlarmPolicy, QueueLimits
from callcenter.routing.queues import QueueNow
from callcenter.supervision.alarms import AlarmKind, Reading
from callcenter.supervision.lately import Lately


def of_queues(lines: Iterable[QueueNow], lately: Lately, rules: AlarmPolicy, now: datetime) -> Iterator[Reading]:
    queues = {(line.pbx, line.queue): line for line in lines}
    since = now - timedelta(minutes=rules.interval_min)
    tallies = lately.tallies(since, {key: (line.target_s, line.short_s) for key, line in queues.items()})
    for key, line in queues.items():
        yield from _of_queue(line, tallies.get(key, Tally()), rules.of(*key), now)


def of_agents(calls: Iterable[Call], rules: AlarmPolicy, now: datetime) -> Iterator[Reading]:
    """Wrap-ups, each agent's oldest."""
    if rules.wrapup_s is None:
        return
    oldest: dict[tuple[str, str], datetime] = {}
    for call in calls:
        for segment in call.segments:
            if segment.owes and segment.agent and segment.ended_at and not call.test:
                key = (call.key.pbx, str(segment.agent))
                oldest[key] = min(segment.ended_at, oldest.get(key, segment.ended_at))
    for (pbx, agent), ended in oldest.items():
        yield Reading(
            key=(AlarmKind.WRAPUP, pbx, agent),
            value=(now - ended).total_seconds(),
            limit=rules.wrapup_s,
            since=ended,
        )


def of_links(down: Iterable[tuple[str, datetime]], rules: AlarmPolicy, now: datetime) -> Iterator[Reading]:
    """``down``: the PBXs that are not heard, and since when."""
    if rules.link_down_s is None:
        return
    for pbx, since in down:
        waited = (now - since).total_seconds()
        yield Reading(key=(AlarmKind.LINK, pbx, pbx), value=waited, limit=rules.link_down_s, since=since)


def _of_queue(line: QueueNow, lately: Tally, limits: QueueLimits, now: datetime) -> Iterator[Reading]:
    waited = (now - line.longest_since).total_seconds() if line.longest_since else 0.0
    level = lately.service_level
    read = (
        (AlarmKind.LONGEST_WAIT, waited, limits.longest_wait_s),
        (AlarmKind.WAITING, float(line.waiting), limits.waiting),
        (AlarmKind.ABANDONED, float(lately.abandoned), limits.abandoned),
        (AlarmKind.READY, float(line.free), limits.ready if line.members else None),
        (AlarmKind.SERVICE_LEVEL, level, limits.service_level and limits.service_level / 100),
    )
    for kind, value, limit in read:
        if value is not None and limit is not None:
            since = line.longest_since if kind is AlarmKind.LONGEST_WAIT else None
            yield Reading(key=(kind, line.pbx, line.queue), value=value, limit=limit, since=since)
