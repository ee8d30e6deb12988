"""Whether a number that somebody dialled on his desk phone may be called: a PBX asks before it dials out.

Only while somebody is not to be called is anything asked. Whoever may call all the same by a click may so by his phone.
A question that is not answered in time lets the call through.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy.orm import Session

from callcenter.contain import contained
from callcenter.crm import audit, do_not_call, outcome_rules, users
from callcenter.crm.models.people import User
from callcenter.crm.rights import Verb, allow
from callcenter.errors import Unavailable
from callcenter.news import RosterChanged
from callcenter.pbxmap import Kind, PbxMap, peer
from callcenter.phone import emergency_numbers, parse
from callcenter.prefixes import undone
from callcenter.roster import AgentId, Device, Roster
from callcenter.routing.asking.agi import Asked, Ruling, ruled
from callcenter.routing.asking.server import Reply
from callcenter.routing.outside import Outside

_AT_ONCE: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialled:
    """``meant``: the keys of all numbers that the digits may reach; none for help, which everybody always reaches."""

    meant: frozenset[str]
    device: Device
    agent: AgentId | None


def meant(map: PbxMap, dialled: str) -> frozenset[str]:
    """The keys of the numbers these digits may reach: as they stand and as a trunk wrote them, in the country of the
    PBX and in that of each trunk, and without a first digit, which may be the one for the outside line."""
    digits = dialled.removeprefix("+")
    if {digits, digits[1:]} & set(emergency_numbers(map.region)):
        return frozenset()
    return frozenset(key for text, region in _readings(map, dialled) for key in _keys(text, region))


def _readings(map: PbxMap, dialled: str) -> Iterator[tuple[str, str]]:
    yield dialled, map.region
    for rule in map.rules:
        if rule.kind is Kind.TRUNK:
            region = rule.region or map.region
            yield dialled, region
            yield undone(dialled, rule.dialling), region


def _keys(text: str, region: str) -> Iterable[str]:
    whole, inner = parse(text, region), parse(text[1:], region)
    return (whole.key, inner.key) if inner.e164 and not text.startswith("+") else (whole.key,)


class Outgoing:
    """``start`` once, subscribe, ``run`` for ever; ``reply`` is the port's."""

    def __init__(self, outside: Outside, map: Callable[[str], PbxMap]) -> None:
        self._out = outside
        self._map = map
        self._roster = Roster()
        self._anybody = False
        self._group: asyncio.TaskGroup | None = None
        self._reading = 0

    async def start(self, roster: Roster) -> None:
        """Raises Unavailable."""
        self._roster = roster
        self._anybody = await self._out.db.glance(do_not_call.anybody)

    async def run(self) -> None:
        """Owns the reads: cancelled, one would keep its connection to the database for good."""
        async with asyncio.TaskGroup() as self._group:
            await asyncio.get_running_loop().create_future()

    async def roster_changed(self, event: RosterChanged) -> None:
        self._roster = event.roster

    async def asks(self) -> bool:
        """Whether there is anybody who is not to be called; as it was last known where that cannot be read now."""
        with contained("do_not_call"):
            self._anybody = await self._out.db.read(do_not_call.anybody)
        return self._anybody

    async def reply(self, asked: Asked) -> Reply:
        """Raises Unavailable."""
        device = Device(pbx=asked.pbx, name=peer(asked.channel))
        agent = self._roster.agent_at(device, self._out.clock.now())
        numbers = meant(self._map(asked.pbx), asked.number)
        dialled = Dialled(meant=numbers, device=device, agent=agent)
        ruling = await self._owned(dialled) if numbers else Ruling()
        return Reply(commands=ruled(ruling), taken=partial(self._taken, dialled, ruling))

    async def _owned(self, dialled: Dialled) -> Ruling:
        if self._group is None or self._reading >= _AT_ONCE:
            raise Unavailable("too much is being asked", code="full")
        found = await asyncio.shield(self._group.create_task(self._judge(dialled), name="routing: do not call"))
        if found is None:
            raise Unavailable("it cannot be read", code="do_not_call_unread")
        return found

    async def _judge(self, dialled: Dialled) -> Ruling | None:
        self._reading += 1
        ruling = None
        try:
            with contained("do_not_call"):
                ruling = await self._out.db.glance(partial(judge, dialled=dialled))
        finally:
            self._reading -= 1
        return ruling

    def _taken(self, dialled: Dialled, ruling: Ruling, _took_s: float) -> None:
        """That somebody called all the same is on the trail, as with a click; the call does not wait for it."""
        if ruling.all_the_same and self._group:
            self._group.create_task(self._write(dialled), name="routing: called all the same")

    async def _write(self, dialled: Dialled) -> None:
        now, thing = self._out.clock.now(), ("device", dialled.device.name)

        def record(session: Session) -> None:
            who = session.get(User, dialled.agent)
            audit.record(session, who, "dial", thing, now, pbx=dialled.device.pbx, all_the_same=True)

        with contained("do_not_call"):
            await self._out.db.write(record)


def judge(session: Session, dialled: Dialled) -> Ruling:
    """Refused where a number he may mean is not to be called, unless he is one who may call all the same."""
    if not any(do_not_call.of_number(session, key) for key in sorted(dialled.meant)):
        return Ruling()
    standing = users.standing(session, dialled.agent) if dialled.agent else None
    if standing and allow(standing, Verb.CALL_ALL_THE_SAME):
        return Ruling(all_the_same=True)
    return Ruling(refused=True, sound=outcome_rules.read(session).not_called_sound)
