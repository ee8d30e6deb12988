"""Kept messages without anybody's number, name or SIP identity, so that they can be sent to whoever helps. Pure.

What is not known to be harmless is not let through. The same number is the same mask in all messages, however it was
written, and the masked stream is understood like the true one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from callcenter.ami import framing
from callcenter.ami.framing import END
from callcenter.ami.parsing import VARIABLES
from callcenter.pbxmap import Kind, PbxMap, peer
from callcenter.phone import is_withheld

_HARMLESS: Final = """
    event privilege timestamp uniqueid linkedid channelstate channelstatedesc priority bridgeuniqueid bridgetype
    bridgetechnology bridgecreator bridgenumchannels bridgevideosourcemode cause status dialstatus queue position
    count holdtime talktime ringtime reason penalty paused incall membership callstaken lastcall lastpause
    logintime wrapuptime ringinuse response isexternal localoptimization parkingspace parkingtimeout
    parkingduration parkinglot language direction durationms uptime lastreload userevent
    variable cid-callingpres cause-txt abandoned originalposition result desttype
"""
_PLAIN: Final = frozenset(_HARMLESS.split())
_NUMBERS: Final = ("calleridnum", "connectedlinenum", "exten", "extension", "accountcode", "dialstring", "did")
_NAMES: Final = ("calleridname", "connectedlinename", "membername", "bridgename", "name")
_CHANNELS: Final = ("channel", "newname", "oldname", "interface", "stateinterface", "location", "parkerdialstring")
_PREFIXES: Final = re.compile(
    r"(?:dest|transferee|transferer|transfertarget|origtransferer|secondtransferer|origbridge|secondbridge|swap|target|"
    r"parkee|parker|retriever|localone|localtwo|orig|second|bridge)(?=[a-z])"
)
_KEPT: Final = frozenset({"", "<unknown>", "s", "h", "i", "t", "unknown", "none"})
_TOLD: Final = VARIABLES
_FILES: Final = frozenset({"MIXMONITOR_FILENAME", "VM_MESSAGEFILE"})
_NUMBER_TAIL: Final = 9
_SHORT: Final = 6


class Mask:
    """Hands out masks; ``rules`` say what the masked channels are, as ``callcenter replay --map`` takes them."""

    def __init__(self, map: PbxMap) -> None:
        self._map = map
        self._numbers: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._peers: dict[str, str] = {}
        self._files: dict[str, str] = {}
        self._kinds: dict[Kind, int] = {}

    @property
    def rules(self) -> list[str]:
        kinds = [kind for kind in self._kinds if kind not in (Kind.LOCAL, Kind.UNCLASSIFIED)]
        return [f"*/{kind.value}-*={kind.value}" for kind in sorted(kinds)]

    def messages(self, kept: Iterable[bytes]) -> tuple[bytes, int]:
        """The stream, and how many messages were left out because they cannot be believed."""
        out, left = [], 0
        for message in kept:
            try:
                framing.event_fields(message, timed=False)
            except framing.Broken:
                left += 1
                continue
            out.append(self.message(message) + END)
        return b"".join(out), left

    def message(self, message: bytes) -> bytes:
        """One of them. Raises nothing: it was believed before."""
        lines = [line.partition(":") for line in framing.decode(message).split("\r\n")]
        variable = next((value.strip() for name, _, value in lines if name == "Variable"), "")
        return "\r\n".join(f"{name}: {self._value(name, value[1:], variable)}" for name, _, value in lines).encode()

    def _value(self, header: str, value: str, variable: str) -> str:
        name = header.lower()
        if name.endswith(("uniqueid", "linkedid")) or name == "customer":
            return value
        short = _PREFIXES.sub("", name, count=1) if _PREFIXES.match(name) else name
        for known in (name, short):
            if known in _PLAIN:
                return value if known != "variable" or value.lstrip("_") in _TOLD else "masked"
            if known in _NUMBERS:
                return self._dialled(value) if known == "dialstring" else self.number(value)
            if known in _CHANNELS:
                return self.channel(value)
            if known in _NAMES:
                return self.name(value)
        if name == "value" and variable.lstrip("_") in _TOLD:
            return self._variable(variable.lstrip("_"), value)
        return ""

    def _variable(self, variable: str, value: str) -> str:
        if variable == "FROM_DID":
            return self.number(value)
        if variable == "CC_UNREACHABLE":
            return self.channel(value)
        if variable not in _FILES:
            return value
        return self._files.setdefault(value, f"/masked/recording-{len(self._files) + 1}.wav")

    def _dialled(self, value: str) -> str:
        """``number@trunk``, ``PJSIP/101``, ``trunk/number`` or a number alone."""
        if not value:
            return ""
        digits = max(re.findall(r"\d+", value), key=len, default="")
        return self.number(digits) if digits else "masked"

    def number(self, value: str) -> str:
        """The same for all spellings of a number: by its last digits, as far as it has so many."""
        digits = "".join(c for c in value if c.isdigit())
        if value in _KEPT or (not digits and is_withheld(value)):
            return value
        if not digits:
            return self.name(value)
        key = digits[-_NUMBER_TAIL:]
        base = 990000 if len(digits) < _SHORT else 99900000000
        return self._numbers.setdefault(key, str(base + len(self._numbers) + 1))

    def name(self, value: str) -> str:
        if value in _KEPT:
            return value
        return self._names.setdefault(value, f"Name {_letters(len(self._names))}")

    def channel(self, value: str) -> str:
        """``PJSIP/anna-0000001a`` and ``PJSIP/anna`` alike: the peer is masked, its serial is not."""
        if value in _KEPT:
            return value
        named = peer(value) if re.search(r"-[0-9a-f]{6,}(;[12])?$", value) else value
        serial = value[len(named) :]
        if named not in self._peers:
            kind = self._map.kind(f"{named}-0")
            self._kinds[kind] = self._kinds.get(kind, 0) + 1
            tech = named.partition("/")[0]
            tech = tech if tech.isalnum() else "X"
            self._peers[named] = f"{tech}/{kind.value}-{_letters(self._kinds[kind] - 1)}"
        return self._peers[named] + serial


def _letters(n: int) -> str:
    """a, b, … z, aa: no digit is left that somebody might take for a number."""
    text = ""
    n += 1
    while n:
        n, rest = divmod(n - 1, 26)
        text = chr(ord("a") + rest) + text
    return text
