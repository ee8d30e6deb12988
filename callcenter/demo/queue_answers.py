"""What the simulated PBX answers about its queues, as app_queue does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Final

from callcenter.demo.floor import NOT_IN_USE, Member, Queue
from callcenter.demo.replies import Action, listed, refusal, success
from callcenter.demo.stream import Header
from callcenter.demo.switch import Switch

_TRUE: Final = ("true", "yes", "on", "1", "y", "t")


def _queues(switch: Switch, action: Action) -> list[Queue]:
    return [q for q in switch.floor.queues.values() if action.get("queue", q.name) in (q.name, "")]


def _status(switch: Switch, action: Action) -> bytes:
    items: list[tuple[str, list[Header]]] = []
    for queue in _queues(switch, action):
        items.append(("QueueParams", queue.summary()))
        items += [("QueueMember", member.listed()) for member in queue.members]
        items += [("QueueEntry", entry) for entry in _entries(switch, queue)]
    return listed(action, "Queue status will follow", "QueueStatusComplete", items)


def _entries(switch: Switch, queue: Queue) -> Iterable[list[Header]]:
    for position, waiting in enumerate(queue.waiting, start=1):
        channel = waiting.channel
        yield [
            ("Queue", queue.name),
            ("Position", str(position)),
            ("Channel", channel.name),
            ("Uniqueid", channel.uniqueid),
            ("CallerIDNum", channel.number or "unknown"),
            ("CallerIDName", channel.caller or "unknown"),
            ("ConnectedLineNum", channel.connected.strip("<>")),
            ("ConnectedLineName", channel.connected_name.strip("<>")),
            ("Wait", str(int(switch.pace.now() - waiting.joined))),
            ("Priority", "0"),
        ]


def _summary(switch: Switch, action: Action) -> bytes:
    items: list[tuple[str, list[Header]]] = []
    for queue in _queues(switch, action):
        waits = [int(switch.pace.now() - w.joined) for w in queue.waiting]
        available = sum(not m.paused and m.status == NOT_IN_USE for m in queue.members)
        summary = [
            ("Queue", queue.name),
            ("LoggedIn", str(len(queue.members))),
            ("Available", str(available)),
            ("Callers", str(len(waits))),
            ("HoldTime", str(queue.holdtime)),
            ("TalkTime", str(queue.talktime)),
            ("LongestHoldTime", str(max(waits, default=0))),
        ]
        items.append(("QueueSummary", summary))
    return listed(action, "Queue summary will follow", "QueueSummaryComplete", items)


def _pause(switch: Switch, action: Action) -> bytes:
    interface, queue = action.get("interface", ""), action.get("queue", "")
    if not interface:
        return refusal(action, "Need 'Interface' parameter.")
    if not action.get("paused"):
        return refusal(action, "Need 'Paused' parameter.")
    paused = action["paused"].lower() in _TRUE
    if not switch.pause(interface, paused=paused, reason=action.get("reason", ""), queue=queue):
        return refusal(action, "Interface not found")
    return success(action, ("Message", f"Interface {'paused' if paused else 'unpaused'} successfully"))


def _add(switch: Switch, action: Action) -> bytes:
    queue = action.get("queue", "")
    if queue not in switch.floor.queues:
        return refusal(action, "Unable to add interface to queue: No such queue")
    paused = action.get("paused", "").lower() in _TRUE
    member = Member(
        queue=queue,
        interface=action.get("interface", ""),
        name=action.get("membername", ""),
        login=int(time.time()),
        paused=paused,
        membership="dynamic",
        penalty=int(action.get("penalty", "0") or "0"),
        watched=action.get("stateinterface", ""),
    )
    if not switch.floor.join(member):
        return refusal(action, "Unable to add interface: Already there")
    switch.stream.tell("QueueMemberAdded", member.headers())
    return success(action, ("Message", "Added interface to queue"))


def _remove(switch: Switch, action: Action) -> bytes:
    queue = action.get("queue", "")
    member = switch.floor.leave(action.get("interface", ""), queue) if queue in switch.floor.queues else None
    if member is None:
        return refusal(action, "Unable to remove interface: Not there")
    switch.stream.tell("QueueMemberRemoved", member.headers())
    return success(action, ("Message", "Removed interface from queue"))


def _penalty(switch: Switch, action: Action) -> bytes:
    members = switch.floor.members(action.get("interface", ""), action.get("queue", ""))
    if not members:
        return refusal(action, "Invalid interface, queuename or penalty")
    for member in members:
        member.penalty = int(action.get("penalty", "0") or "0")
        switch.stream.tell("QueueMemberPenalty", member.headers())
    return success(action, ("Message", "Interface penalty set successfully"))


ANSWERS: Final[dict[str, Callable[[Switch, Action], bytes]]] = {
    "queuestatus": _status,
    "queuesummary": _summary,
    "queuepause": _pause,
    "queueadd": _add,
    "queueremove": _remove,
    "queuepenalty": _penalty,
}
