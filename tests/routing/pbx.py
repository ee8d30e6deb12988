"""A PBX for the gate: queue members and a database that answer AMI actions, a dialplan that pauses at answer.

Its own words only: it shares no code with what it is there to test.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from callcenter.errors import Unavailable
from callcenter.pbx_events import DebtFound, LinkDown, LinkUp, MemberState, MembersTold
from tests.spine.story import START

Tell = Callable[[str, Sequence[MemberState | MembersTold | DebtFound | LinkUp | LinkDown]], Awaitable[None]]


@dataclass
class Member:
    paused: bool = False
    reason: str = ""
    status: int = 1
    dynamic: bool = False
    penalty: int = 0
    name: str = "somebody"


@dataclass
class ScriptedPbx:
    """`devices` are the states of phones, by ``DEVICE_STATE(<name>)``. `link` False: nobody can reach it. `granted`
    False: it answers every action with `refusal`. Nothing is answered before `slow` is set; `meanwhile` happens there
    while a release is on its way."""

    tell: Tell
    name: str = "main"
    members: dict[tuple[str, str], Member] = field(default_factory=dict)
    database: dict[str, str] = field(default_factory=dict)
    listed: dict[str, str] = field(default_factory=dict)
    actions: list[Mapping[str, str]] = field(default_factory=list)
    devices: dict[str, str] = field(default_factory=dict)
    link: bool = True
    granted: bool = True
    refusal: str = "Permission denied"
    refused: int = 0
    slow: asyncio.Event | None = None
    meanwhile: Callable[[], Awaitable[None]] | None = None

    async def send(self, action: Mapping[str, str], timeout: float = 5.0) -> list[dict[str, str]]:
        assert timeout > 0
        if not self.link:
            raise Unavailable("not connected", code="pbx_unavailable")
        if action["Action"] == "Getvar" and self.granted:
            return [{"response": "Success", "value": self.devices.get(action["Variable"], "UNKNOWN")}]
        self.actions.append(action)
        if self.slow:
            await self.slow.wait()
        if self.meanwhile and action.get("Paused") == "false":
            await self.meanwhile()
        if not self.granted:
            self.refused += 1
            raise Unavailable(f"the PBX refused it: {self.refusal}", code="pbx_refused")
        await getattr(self, action["Action"].lower())(action)
        return [{"response": "Success"}]

    async def queuepause(self, action: Mapping[str, str]) -> None:
        found = [k for k in self.members if k[1] == action["Interface"] and action.get("Queue", k[0]) == k[0]]
        if not found:
            raise Unavailable("the PBX refused it: Interface not found", code="pbx_refused")
        for key in found:
            await self.pause(*key, paused=action["Paused"] == "true", reason=action.get("Reason", ""))

    async def queueadd(self, action: Mapping[str, str]) -> None:
        key = (action["Queue"], action["Interface"])
        if key in self.members:
            raise Unavailable("the PBX refused it: Unable to add interface: Already there", code="pbx_refused")
        paused, penalty = action["Paused"] == "true", int(action["Penalty"])
        self.members[key] = Member(paused=paused, dynamic=True, penalty=penalty, name=action["MemberName"])
        await self.tell(self.name, [self.state(*key)])

    async def queueremove(self, action: Mapping[str, str]) -> None:
        key = (action["Queue"], action["Interface"])
        if key not in self.members:
            raise Unavailable("the PBX refused it: Unable to remove interface: Not there", code="pbx_refused")
        await self.take_out(*key)

    async def queuepenalty(self, action: Mapping[str, str]) -> None:
        key = (action["Queue"], action["Interface"])
        self.members[key].penalty = int(action["Penalty"])
        await self.tell(self.name, [self.state(*key)])

    async def take_out(self, queue: str, interface: str) -> None:
        """We, a feature code or another panel removes a member."""
        gone = replace(self.state(queue, interface), gone=True)
        del self.members[queue, interface]
        await self.tell(self.name, [gone])

    async def phone(self, interface: str, status: int) -> None:
        """The phone's state changes: 1 free, 5 not registered."""
        for key, member in self.members.items():
            if key[1] == interface:
                member.status = status
                await self.tell(self.name, [self.state(*key)])

    def queues_of(self, interface: str) -> dict[str, int]:
        """Queues and penalties of a member."""
        return {key[0]: member.penalty for key, member in self.members.items() if key[1] == interface}

    async def dbput(self, action: Mapping[str, str]) -> None:
        assert action["Family"] == "callcenter-owes"
        self.database[action["Key"]] = action["Val"]

    async def dbdel(self, action: Mapping[str, str]) -> None:
        rows = {"callcenter-owes": self.database, "callcenter-debts": self.listed}[action["Family"]]
        if rows.pop(action["Key"], None) is None:
            raise Unavailable("the PBX refused it: Database entry could not be deleted", code="pbx_refused")

    async def pause(self, queue: str, interface: str, *, paused: bool, reason: str = "") -> None:
        """Somebody pauses or unpauses a member: we, the dialplan, a feature code, another panel."""
        member = self.members[queue, interface]
        member.paused, member.reason = paused, reason
        if self.link:
            await self.tell(self.name, [self.state(queue, interface)])

    async def answer(self, interface: str, debt: str) -> None:
        """What the dialplan does the moment a member answers."""
        self.database[interface] = self.listed[f"{interface}/{debt.split('|')[0]}"] = debt
        for queue, name in [k for k in self.members if k[1] == interface]:
            await self.pause(queue, name, paused=True, reason="callcenter-owes")

    def state(self, queue: str, interface: str) -> MemberState:
        member = self.members[queue, interface]
        return MemberState(
            pbx=self.name,
            at=START,
            queue=queue,
            interface=interface,
            name=member.name,
            paused=member.paused,
            reason=member.reason,
            state_interface=interface,
            status=member.status,
            in_call=False,
            dynamic=member.dynamic,
            penalty=member.penalty,
        )

    async def connect(self, *, rebooted: bool = False) -> None:
        """The link comes up; what is there is told as after every login. A reboot loses the pauses."""
        self.link = True
        for member in self.members.values() if rebooted else ():
            member.paused, member.reason = False, ""
        debts = [DebtFound(pbx=self.name, at=START, interface=i, value=v) for i, v in self.database.items()]
        for (interface, _, call), value in ((key.rpartition("/"), value) for key, value in self.listed.items()):
            debts.append(DebtFound(pbx=self.name, at=START, interface=interface, value=value, call=call))
        states = [self.state(*key) for key in self.members]
        told = MembersTold(pbx=self.name, at=START)
        await self.tell(self.name, [LinkUp(pbx=self.name, at=START, rebooted=rebooted), *debts, *states, told])

    async def disconnect(self) -> None:
        self.link = False
        await self.tell(self.name, [LinkDown(pbx=self.name, at=START, code="lost", remedy="")])

    def paused(self, interface: str) -> set[bool]:
        """The states of the member over all queues: one of them when they agree."""
        return {m.paused for key, m in self.members.items() if key[1] == interface}
