"""Every check, in the order in which a report shows them. Pure: facts in, a report out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

from callcenter.builds import number
from callcenter.routing.doctor import (
    event_checks,
    gate_checks,
    history_checks,
    link_checks,
    machine_checks,
    map_checks,
    queue_checks,
    recording_checks,
    routing_checks,
    user_checks,
)
from callcenter.routing.doctor.facts import Facts
from callcenter.routing.doctor.findings import Check, CheckGroup, Finding, Report, Unseen

Examine: TypeAlias = Callable[[Facts], Iterable[Finding | Unseen]]
CHECKS: Final[tuple[tuple[str, CheckGroup, Examine], ...]] = (
    ("reachable", CheckGroup.LINK, link_checks.reachable),
    ("encrypted", CheckGroup.LINK, link_checks.encrypted),
    ("login", CheckGroup.LINK, link_checks.login),
    ("clock", CheckGroup.LINK, link_checks.clock),
    ("permissions", CheckGroup.USER, user_checks.rights),
    ("least_privilege", CheckGroup.USER, user_checks.least),
    ("event_filter", CheckGroup.USER, event_checks.events),
    ("write_timeout", CheckGroup.USER, user_checks.write_timeout),
    ("timestamps", CheckGroup.USER, user_checks.timestamps),
    ("joinempty", CheckGroup.QUEUES, queue_checks.joinempty),
    ("leavewhenempty", CheckGroup.QUEUES, queue_checks.leavewhenempty),
    ("ringinuse", CheckGroup.QUEUES, queue_checks.ringinuse),
    ("autofill", CheckGroup.QUEUES, queue_checks.autofill),
    ("member_state", CheckGroup.QUEUES, queue_checks.member_state),
    ("member_twice", CheckGroup.QUEUES, queue_checks.member_twice),
    ("member_forms", CheckGroup.QUEUES, queue_checks.member_forms),
    ("gate_loaded", CheckGroup.GATE, gate_checks.loaded),
    ("gate_called", CheckGroup.GATE, gate_checks.called),
    ("gate_told", CheckGroup.GATE, gate_checks.interface_told),
    ("gate_outgoing", CheckGroup.GATE, gate_checks.outgoing),
    ("gate_alone", CheckGroup.GATE, gate_checks.alone),
    ("routing_heard", CheckGroup.ROUTING, routing_checks.heard),
    ("routing_rows", CheckGroup.ROUTING, routing_checks.rows),
    ("routing_called", CheckGroup.ROUTING, routing_checks.called),
    ("map_confirmed", CheckGroup.MAP, map_checks.confirmed),
    ("map_complete", CheckGroup.MAP, map_checks.complete),
    ("members_known", CheckGroup.MAP, map_checks.members),
    ("spool", CheckGroup.RECORDING, recording_checks.spool),
    ("spool_name", CheckGroup.RECORDING, recording_checks.spool_name),
    ("recording_rules", CheckGroup.RECORDING, recording_checks.rules),
    ("recorded_queues", CheckGroup.RECORDING, recording_checks.unrecorded),
    ("two_sided", CheckGroup.RECORDING, recording_checks.two_sided),
    ("next_voice", CheckGroup.RECORDING, recording_checks.next_voice),
    ("speech_model", CheckGroup.RECORDING, machine_checks.speech_model),
    ("packing", CheckGroup.RECORDING, machine_checks.packing),
    ("recorded_calls", CheckGroup.RECORDING, recording_checks.lost),
    ("modules", CheckGroup.HISTORY, history_checks.modules),
    ("channel_events", CheckGroup.HISTORY, history_checks.cel),
    ("channel_events_written", CheckGroup.HISTORY, history_checks.cel_written),
    ("history_source", CheckGroup.HISTORY, history_checks.source),
)


def examine(facts: Facts) -> Report:
    """What each check says of these facts."""
    return Report(
        pbx=facts.pbx,
        at=facts.at,
        linked=not facts.door.refused,
        version="" if isinstance(facts.version, Unseen) else number(facts.version),
        checks=tuple(_check(code, group, examined(facts)) for code, group, examined in CHECKS),
    )


def _check(code: str, group: CheckGroup, found: Iterable[Finding | Unseen]) -> Check:
    told = tuple(found)
    return Check(
        code=code,
        group=group,
        findings=tuple(one for one in told if isinstance(one, Finding)),
        unseen=tuple(dict.fromkeys(one for one in told if isinstance(one, Unseen))),
    )
