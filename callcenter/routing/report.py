"""Asks a PBX what it has, over AMI: endpoints of all technologies, queues, hints, AstDB, the contexts of its trunks."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from callcenter.errors import Unavailable
from callcenter.routing.outside import Send
from callcenter.routing.reported import Endpoint, Member, Reported, hinted, users

_SEND_SECONDS: Final = 20.0
_LOOKED_INTO: Final = 500
"""Endpoints that are asked for one by one; a PBX with more is described by hand or by its queues and hints."""
_CONTEXTS: Final = 60
"""Contexts that are read for numbers: those of the trunks and what they include."""
Row = Mapping[str, str]


class Inquiry:
    """One look at one PBX. A PBX that has no such thing (no PJSIP, no hints) refuses: then it has none."""

    def __init__(self, pbx: str, send: Send) -> None:
        self._pbx = pbx
        self._send = send
        self._techs: set[str] = set()
        self._contexts: dict[str, list[Row]] = {}

    async def report(self) -> Reported:
        """Raises Unavailable while there is no link."""
        queues = await self._answer({"Action": "QueueStatus"})
        hints = await self._ask({"Action": "ExtensionStateList"}, "ExtensionStatus")
        endpoints = [*await self._pjsip(), *await self._sip(), *await self._iax()]
        tree = {**await self._family("DEVICE"), **await self._family("AMPUSER")}
        members = dict.fromkeys(_member(row) for row in queues if row.get("event") == "QueueMember")
        names = {row.get("queue", "") for row in queues if row.get("event") in ("QueueParams", "QueueMember")}
        return Reported(
            pbx=self._pbx,
            endpoints=tuple(endpoints),
            members=tuple(members),
            hints={n: devices for row in hints if (n := row.get("exten", "")) and (devices := hinted(row["hint"]))},
            users=users(tree),
            queues=tuple(sorted(names - {"", "default"})),
            numbers=await self._numbers({e.context for e in endpoints if e.context and not e.signs_in}),
            techs=frozenset(self._techs),
        )

    async def _pjsip(self) -> list[Endpoint]:
        listed = await self._listed("PJSIP", {"Action": "PJSIPShowEndpoints"}, "EndpointList")
        registrations = await self._ask({"Action": "PJSIPShowRegistrationsOutbound"}, "OutboundRegistrationDetail")
        proofs = {row["outboundauth"] for row in registrations if row.get("outboundauth")}
        registered = {row["endpoint"] for row in registrations if row.get("endpoint")}
        found = []
        for row in listed[:_LOOKED_INTO]:
            name = row.get("objectname", "")
            answer = await self._answer({"Action": "PJSIPShowEndpoint", "Endpoint": name})
            registers = name in registered or bool(proofs & set(row.get("outboundauths", "").split(",")))
            found.append(_endpoint(row, answer, registers=registers))
        return found

    async def _sip(self) -> list[Endpoint]:
        """chan_sip, alive until Asterisk 20: a peer with a fixed address is a link, a dynamic one a phone."""
        listed = await self._listed("SIP", {"Action": "SIPpeers"}, "PeerEntry")
        registry = await self._ask({"Action": "SIPshowregistry"}, "RegistryEntry")
        hosts = {row.get("host", "") for row in registry} - {""}
        found = []
        for row in listed[:_LOOKED_INTO]:
            name = row.get("objectname", "")
            details = next(iter(await self._answer({"Action": "SIPshowpeer", "Peer": name})), {})
            registers = bool(hosts & {details.get("tohost", ""), row.get("ipaddress", "")} - {""})
            peer = Endpoint(
                tech="SIP",
                name=name,
                context=details.get("context", ""),
                outside=registers or not _yes(row.get("dynamic", "")),
                registers=registers,
                signs_in=_yes(details.get("secretexist", "")) or _yes(details.get("md5secretexist", "")),
            )
            found.append(peer)
        return found

    async def _iax(self) -> list[Endpoint]:
        """IAX2 does not tell contexts: what a fixed peer is for, the administrator says."""
        listed = await self._listed("IAX2", {"Action": "IAXpeerlist"}, "PeerEntry")
        return [
            Endpoint(tech="IAX2", name=name, context="", outside=not _yes(row.get("dynamic", "")), signs_in=True)
            for row in listed
            if (name := row.get("objectname", ""))
        ]

    async def _family(self, name: str) -> dict[str, str]:
        rows = await self._answer({"Action": "DBGetTree", "Family": name})
        return {row["key"]: row.get("val", "") for row in rows if row.get("key")}

    async def _numbers(self, contexts: Iterable[str]) -> dict[str, frozenset[str]]:
        """The numbers, not patterns, that can be dialled in each of these contexts and in what it includes."""
        return {context: frozenset(await self._dialled(context)) for context in sorted(contexts)}

    async def _dialled(self, start: str) -> set[str]:
        waiting, seen, numbers = deque([start]), set[str](), set[str]()
        while waiting:
            context = waiting.popleft()
            if context in seen:
                continue
            seen.add(context)
            for row in await self._context(context):
                if included := row.get("includecontext"):
                    waiting.append(included)
                elif _is_number(row.get("extension", "")):
                    numbers.add(row["extension"])
        return numbers

    async def _context(self, name: str) -> list[Row]:
        """A context's lines, asked for once."""
        if name not in self._contexts and len(self._contexts) < _CONTEXTS:
            self._contexts[name] = await self._ask({"Action": "ShowDialPlan", "Context": name}, "ListDialplan")
        return self._contexts.get(name, [])

    async def _listed(self, tech: str, action: Row, event: str) -> list[Row]:
        try:
            answer = await self._send(action, _SEND_SECONDS)
        except Unavailable as wrong:
            if wrong.code != "pbx_refused":
                raise
            return []
        self._techs.add(tech)
        return _events(answer, event)

    async def _ask(self, action: Row, event: str) -> list[Row]:
        return _events(await self._answer(action), event)

    async def _answer(self, action: Row) -> Sequence[Row]:
        try:
            return await self._send(action, _SEND_SECONDS)
        except Unavailable as wrong:
            if wrong.code != "pbx_refused":
                raise
            return []


def _events(rows: Iterable[Row], name: str) -> list[Row]:
    return [row for row in rows if row.get("event") == name]


def _endpoint(row: Row, answer: Sequence[Row], *, registers: bool) -> Endpoint:
    details = next((r for r in answer if r.get("event") == "EndpointDetail"), {})
    known_by_address = any(r.get("event") == "IdentifyDetail" for r in answer)
    return Endpoint(
        name=row.get("objectname", ""),
        context=details.get("context", ""),
        outside=known_by_address or registers,
        registers=registers,
        signs_in=bool(row.get("auths", "").strip()),
    )


def _member(row: Row) -> Member:
    return Member(
        interface=row.get("location") or row.get("interface", ""), state_interface=row.get("stateinterface", "")
    )


def _yes(text: str) -> bool:
    return text.strip().lower() in ("yes", "y", "true")


def _is_number(extension: str) -> bool:
    return extension.removeprefix("+").isdecimal()
