"""Queues as agents see them: who is a member where, who waits. No I/O."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from callcenter.call import Call
from callcenter.crm.rights import Standing
from callcenter.events import CallKey
from callcenter.pbx_events import MemberState
from callcenter.roster import AgentId, Device, Roster
from callcenter.screenpop.shown import QueueLine
from callcenter.terms import NO_RULES, OutcomeRules

Queue: TypeAlias = tuple[str, str]
"""PBX and name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    id: UUID
    username: str
    display_name: str
    standing: Standing | None = None
    """What decides which cards his pops may show; without one, those that are open to everybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """Who is who; ``stations`` tells the extension that a queue calls by (PBX, member interface); ``dids`` and
    ``queues`` what agents read for numbers of ours (by PBX and ``did_key``) and for queues (by PBX and name); ``rules``
    what is owed for which talks."""

    people: Mapping[UUID, Person] = field(default_factory=dict)
    stations: Mapping[tuple[str, str], str] = field(default_factory=dict)
    dids: Mapping[tuple[str, str], str] = field(default_factory=dict)
    queues: Mapping[tuple[str, str], str] = field(default_factory=dict)
    rules: OutcomeRules = NO_RULES


def agent_of(member: MemberState, directory: Directory, roster: Roster) -> AgentId | None:
    """Whose the member interface is now: by the extension it belongs to, else by the device it watches."""
    number = directory.stations.get((member.pbx, member.interface))
    devices = (Device(pbx=member.pbx, name=name) for name in (member.interface, member.state_interface) if name)
    return roster.sits_at((member.pbx, number), *devices)


class Members:
    """The queue members that are somebody's."""

    def __init__(self) -> None:
        self._all: dict[tuple[str, str, str], MemberState] = {}
        self._of: dict[AgentId, dict[tuple[str, str, str], MemberState]] = {}

    def put(self, member: MemberState) -> bool:
        """Takes the state over; False when nothing that a screen shows is different."""
        key = (member.pbx, member.queue, member.interface)
        old = self._all.get(key)
        if member.gone:
            return self._all.pop(key, None) is not None
        self._all[key] = member
        return old is None or (old.paused, old.reason, old.state_interface) != (
            member.paused,
            member.reason,
            member.state_interface,
        )

    def seat(self, member: MemberState, agent: AgentId | None) -> None:
        """Notes whose it is."""
        key = (member.pbx, member.queue, member.interface)
        if agent is None:
            return
        if member.gone:
            self._of.get(agent, {}).pop(key, None)
        else:
            self._of.setdefault(agent, {})[key] = member

    def reseat(self, directory: Directory, roster: Roster) -> None:
        """Everybody's anew, after somebody changed desks."""
        self._of = {}
        for member in self._all.values():
            self.seat(member, agent_of(member, directory, roster))

    def of(self, agent: AgentId) -> Iterable[MemberState]:
        return self._of.get(agent, {}).values()


class Waiting:
    """Who waits in which queue since when."""

    def __init__(self) -> None:
        self._since: dict[Queue, dict[CallKey, datetime]] = defaultdict(dict)
        self._drawn: dict[tuple[Queue, str, bool], QueueLine] = {}

    def fold(self, before: Call | None, after: Call) -> bool:
        """Takes a changed call over; whether anything about waiting changed."""
        was, now = (_waits(before) if before else {}), _waits(after)
        if was == now:
            return False
        for queue in was.keys() - now.keys():
            self._since[queue].pop(after.key, None)
        for queue, since in now.items():
            self._since[queue][after.key] = since
        self._drawn.clear()
        return True

    def line(self, queue: Queue, label: str, *, offered: bool) -> QueueLine:
        """The same object for all who are shown the same."""
        drawn = self._drawn.get((queue, label, offered))
        if drawn is None:
            drawn = self._drawn[queue, label, offered] = self._draw(queue, label, offered=offered)
        return drawn

    def _draw(self, queue: Queue, label: str, *, offered: bool) -> QueueLine:
        since = self._since.get(queue, {})
        first = min(since.values(), default=None)
        return QueueLine(queue=queue[1], label=label, waiting=len(since), longest_since=first, offered_to_you=offered)


def _waits(call: Call) -> dict[Queue, datetime]:
    if call.ended_at or any(s.talking for s in call.segments):
        return {}
    return {(call.key.pbx, v.queue): v.joined_at for v in call.queues if v.left_at is None}
