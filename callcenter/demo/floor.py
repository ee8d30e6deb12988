"""Queues, their members and who of them may be rung: app_queue's memory."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from callcenter.demo.channels import Channel
from callcenter.demo.stream import Header

NOT_IN_USE, BUSY = 1, 3
RING_SECONDS: Final = 15.0
RETRY_SECONDS: Final = 1.0


@dataclass(slots=True, kw_only=True)
class Member:
    """``status`` is the state of the phone; with ``device_state_busy_at=1`` a ringing one is busy already."""

    queue: str
    interface: str
    name: str
    login: int
    status: int = NOT_IN_USE
    paused: bool = False
    reason: str = ""
    last_pause: int = 0
    calls_taken: int = 0
    last_call: int = 0
    in_call: bool = False
    membership: str = "static"
    penalty: int = 0
    watched: str = ""

    def headers(self) -> list[Header]:
        """As events show it."""
        return [
            ("Queue", self.queue),
            ("MemberName", self.name),
            ("Interface", self.interface),
            *self._state(),
            ("Ringinuse", "0"),
            ("Wrapuptime", "0"),
        ]

    def listed(self) -> list[Header]:
        """As QueueStatus shows it: the same under other names."""
        return [
            ("Queue", self.queue),
            ("Name", self.name),
            ("Location", self.interface),
            *self._state(),
            ("Wrapuptime", "0"),
        ]

    def _state(self) -> list[Header]:
        return [
            ("StateInterface", self.watched or self.interface),
            ("Membership", self.membership),
            ("Penalty", str(self.penalty)),
            ("CallsTaken", str(self.calls_taken)),
            ("LastCall", str(self.last_call)),
            ("LastPause", str(self.last_pause)),
            ("LoginTime", str(self.login)),
            ("InCall", str(int(self.in_call))),
            ("Status", str(self.status)),
            ("Paused", str(int(self.paused))),
            ("PausedReason", self.reason),
        ]


@dataclass(slots=True, kw_only=True)
class Waiting:
    """A caller in a queue, since ``joined`` in simulated seconds; ``pending`` while phones ring for him."""

    channel: Channel
    joined: float
    position: int
    pending: bool = False


@dataclass(slots=True, kw_only=True)
class Queue:
    name: str
    strategy: str
    members: list[Member]
    waiting: list[Waiting] = field(default_factory=list)
    holdtime: int = 0
    talktime: int = 0
    completed: int = 0
    abandoned: int = 0
    next_member: int = 0

    def free(self) -> list[Member]:
        """Members that may be rung now: the lowest penalty first, of equals the one whose turn it is."""
        turned = self.members[self.next_member :] + self.members[: self.next_member]
        return sorted((m for m in turned if not m.paused and m.status == NOT_IN_USE), key=lambda m: m.penalty)

    def turn(self, waiting: Waiting) -> list[Member]:
        """Whom this caller may ring now: with autofill as many callers ring as agents are free, with ringall one."""
        free = self.free()
        before = self.waiting[: self.waiting.index(waiting)]
        ahead = sum(not other.pending for other in before)
        if self.strategy == "ringall":
            return free if ahead == 0 else []
        return free[:1] if ahead < len(free) else []

    def rang(self, member: Member) -> None:
        """rrmemory goes on behind who was rung last."""
        if member in self.members:
            self.next_member = (self.members.index(member) + 1) % len(self.members)

    def answered(self, hold: int) -> None:
        self.holdtime = (self.holdtime * 3 + hold) // 4 if self.completed else hold

    def finished(self, member: Member, talk: int) -> None:
        """A talk that came from this queue is over."""
        member.in_call = False
        self.talktime = (self.talktime * 3 + talk) // 4 if self.completed else talk
        self.completed += 1

    def summary(self) -> list[Header]:
        return [
            ("Queue", self.name),
            ("Max", "0"),
            ("Strategy", self.strategy),
            ("Calls", str(len(self.waiting))),
            ("Holdtime", str(self.holdtime)),
            ("TalkTime", str(self.talktime)),
            ("Completed", str(self.completed)),
            ("Abandoned", str(self.abandoned)),
            ("ServiceLevel", "0"),
            ("ServicelevelPerf", "0.0"),
            ("ServicelevelPerf2", "0.0"),
            ("Weight", "0"),
        ]


class Floor:
    """The queues of one PBX; every agent is a member of all of them."""

    def __init__(self, queues: Iterable[tuple[str, str]], agents: Sequence[tuple[str, str]]) -> None:
        login = int(time.time())
        self.queues = {
            name: Queue(
                name=name,
                strategy=strategy,
                members=[Member(queue=name, interface=i, name=n, login=login) for i, n in agents],
            )
            for name, strategy in queues
        }

    def members(self, interface: str, queue: str = "") -> list[Member]:
        """The interface in every queue, or in one."""
        queues = [q for q in self.queues.values() if queue in ("", q.name)]
        return [m for q in queues for m in q.members if m.interface == interface]

    def join(self, member: Member) -> bool:
        """A member is added while the PBX runs; False: he is there already."""
        if self.members(member.interface, member.queue):
            return False
        known = self.members(member.interface)
        member.status = known[0].status if known else NOT_IN_USE
        self.queues[member.queue].members.append(member)
        return True

    def leave(self, interface: str, queue: str) -> Member | None:
        """He is taken out again; None: he was not there, or stands in the file."""
        found = [m for m in self.members(interface, queue) if m.membership == "dynamic"]
        for member in found:
            members = self.queues[queue].members
            members.remove(member)
            self.queues[queue].next_member %= max(1, len(members))
        return found[0] if found else None

    def pause(self, members: Iterable[Member], *, paused: bool, reason: str) -> None:
        for member in members:
            member.paused, member.reason = paused, reason if paused else ""
            if paused:
                member.last_pause = int(time.time())

    def phone(self, interface: str, status: int) -> list[Member]:
        """The phone's state changed; the members that are told."""
        members = self.members(interface)
        for member in members:
            member.status = status
        return members

    def talked(self, interface: str) -> None:
        """A talk is over: counted in all queues (shared_lastcall)."""
        for member in self.members(interface):
            member.calls_taken += 1
            member.last_call = int(time.time())
