"""Asks a PBX for the facts, over AMI. Reads only."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from callcenter.builds import number
from callcenter.clock import Clock
from callcenter.errors import Unavailable
from callcenter.pbx_events import MemberState
from callcenter.routing.claim import FAMILY, KEY, Holder, Said, read
from callcenter.routing.doctor.facts import Context, Known
from callcenter.routing.doctor.findings import Remedy, Unseen
from callcenter.routing.doctor.gate_checks import HOOKS, OWN
from callcenter.routing.doctor.history_checks import CEL_MODULES, MODULES
from callcenter.routing.doctor.pasting import console
from callcenter.routing.doctor.routing_checks import asked_for
from callcenter.routing.doctor.sections import Sections, sections
from callcenter.routing.doctor.user_checks import WRITE_LINE
from callcenter.routing.outside import Send

_SECONDS: Final = 5.0
_DENIED: Final = re.compile(r"permission denied", re.IGNORECASE)
_UNKNOWN: Final = re.compile(r"invalid/unknown command", re.IGNORECASE)
_RECORDINGS: Final = "callcenter-recording"
_ROUTING: Final = "callcenter-routing"
Rows = Sequence[Mapping[str, str]]


class Look:
    """One look through one connection. ``username`` is ours: a permission that is missing is told with its line."""

    def __init__(self, send: Send, username: str, clock: Clock) -> None:
        self._send = send
        self._username = username
        self._clock = clock

    async def version(self) -> Known[str]:
        """With the mark of whoever built it."""
        answer = await self._ask({"Action": "CoreSettings"})
        if isinstance(answer, Unseen):
            return answer
        told = answer[0].get("asteriskversion", "")
        return told if number(told) else _unsaid("the version of Asterisk")

    async def skew(self) -> Known[float]:
        """Its clock less ours, in seconds."""
        before = self._clock.now().timestamp()
        answer = await self._ask({"Action": "Ping"})
        after = self._clock.now().timestamp()
        if isinstance(answer, Unseen):
            return answer
        try:
            return float(answer[0]["timestamp"]) - (before + after) / 2
        except (KeyError, ValueError):
            return _unsaid("the PBX's clock")

    async def actions(self) -> Known[frozenset[str]]:
        answer = await self._ask({"Action": "ListCommands"})
        return answer if isinstance(answer, Unseen) else frozenset(answer[0])

    async def file(self, name: str) -> Known[Sections]:
        """A file of the PBX's configuration."""
        answer = await self._ask({"Action": "GetConfig", "Filename": name}, thing=name)
        return answer if isinstance(answer, Unseen) else sections(answer[0])

    async def members(self, pbx: str) -> Known[tuple[MemberState, ...]]:
        answer = await self._ask({"Action": "QueueStatus"})
        if isinstance(answer, Unseen):
            return answer
        return tuple(self._member(pbx, row) for row in answer if row.get("event") == "QueueMember")

    async def hints(self) -> Known[Mapping[str, str]]:
        """The context in which each number can be watched."""
        answer = await self._ask({"Action": "ExtensionStateList"})
        if isinstance(answer, Unseen):
            return answer
        return {row["exten"]: row.get("context", "") for row in answer if row.get("exten")}

    async def contexts(self) -> Known[Mapping[str, Context]]:
        """What is loaded of the gate, and of the places that call it."""
        found: dict[str, Context] = {}
        for name in (*OWN, *HOOKS, *HOOKS.values()):
            answer = await self._ask({"Action": "ShowDialPlan", "Context": name}, thing="the dialplan")
            if isinstance(answer, Unseen) and answer.code != "not_found":
                return answer
            if not isinstance(answer, Unseen):
                found[name] = tuple(_line(row) for row in answer if row.get("event") == "ListDialplan")
        return found

    async def modules(self) -> Known[Mapping[str, bool]]:
        found: dict[str, bool] = {}
        for name in (*MODULES, *CEL_MODULES):
            answer = await self._ask({"Action": "ModuleCheck", "Module": name}, thing="loaded modules")
            if isinstance(answer, Unseen) and answer.code != "not_found":
                return answer
            found[name] = not isinstance(answer, Unseen)
        return found

    async def rows(self) -> Known[Mapping[str, str]]:
        """What the PBX's own rows say of recordings."""
        return await self._tree(_RECORDINGS)

    async def routing(self) -> Known[Mapping[str, str]]:
        """Where the PBX's own rows say that it asks about calls, by queue."""
        return await self._tree(_ROUTING)

    async def asks(self) -> Known[frozenset[str]]:
        """The queues about whose calls the dialplan asks. It is read whole: any context may."""
        answer = await self._ask({"Action": "ShowDialPlan"}, thing="the dialplan")
        if isinstance(answer, Unseen):
            return answer
        return asked_for((row.get("context", ""), row.get("appdata", "")) for row in answer)

    async def _tree(self, family: str) -> Known[Mapping[str, str]]:
        answer = await self._ask({"Action": "DBGetTree", "Family": family}, thing="AstDB")
        if isinstance(answer, Unseen):
            return {} if answer.code == "not_found" else answer
        prefix = f"/{family}/"
        return {row["key"].removeprefix(prefix): row.get("val", "") for row in answer if row.get("key")}

    async def held(self, me: Holder) -> Known[Said | None]:
        """The word of another installation that has the gate."""
        answer = await self._ask({"Action": "DBGet", "Family": FAMILY, "Key": KEY}, thing="AstDB")
        if isinstance(answer, Unseen):
            return None if answer.code == "not_found" else answer
        said = read(next((row["val"] for row in answer if "val" in row), ""))
        return said if said and said.holder.installation != me.installation else None

    async def _ask(self, action: Mapping[str, str], thing: str = "") -> Known[Rows]:
        thing = thing or action["Action"]
        try:
            return await self._send(action, _SECONDS)
        except Unavailable as wrong:
            return self._unseen(thing, wrong)

    def _unseen(self, thing: str, wrong: Unavailable) -> Unseen:
        if wrong.code != "pbx_refused":
            return Unseen(code="no_answer", thing=thing, why="the PBX gave no answer", remedy=Remedy(advice=str(wrong)))
        if _DENIED.search(str(wrong)):
            lines = (f"[{self._username}](+)", WRITE_LINE)
            reload, advice = (console("manager reload"),), "On a FreePBX the file is manager_custom.conf."
            remedy = Remedy(file="manager.conf", lines=lines, commands=reload, advice=advice)
            why = "the AMI user has no permission to ask for it"
            return Unseen(code="permission", thing=thing, why=why, remedy=remedy)
        if _UNKNOWN.search(str(wrong)):
            by_hand = Remedy(advice="Look by hand, or use a newer Asterisk.")
            return Unseen(code="not_supported", thing=thing, why="this Asterisk cannot be asked for it", remedy=by_hand)
        missing = Remedy(advice=f"See that {thing} is there.")
        return Unseen(code="not_found", thing=thing, why="the PBX does not have it", remedy=missing)

    def _member(self, pbx: str, row: Mapping[str, str]) -> MemberState:
        return MemberState(
            pbx=pbx,
            at=self._clock.now(),
            queue=row.get("queue", ""),
            interface=row.get("location", ""),
            name=row.get("name", ""),
            paused=row.get("paused") == "1",
            reason=row.get("pausedreason", ""),
            state_interface=row.get("stateinterface", ""),
            status=_number(row.get("status", "")),
            in_call=row.get("incall") == "1",
            dynamic=row.get("membership") == "dynamic",
            penalty=_number(row.get("penalty", "")),
        )


def _line(row: Mapping[str, str]) -> tuple[str, str, str]:
    return row.get("extension", ""), row.get("application", ""), row.get("appdata", "")


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _unsaid(thing: str) -> Unseen:
    return Unseen(code="not_supported", thing=thing, why="the PBX does not say", remedy=Remedy(advice="Look by hand."))
