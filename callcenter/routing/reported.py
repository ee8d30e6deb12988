"""What a PBX reports of itself, as values. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

_PHONES: Final = ("PJSIP/", "SIP/", "IAX2/", "DAHDI/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Something the PBX exchanges calls with. ``context`` is where its calls begin ("" where that is not reported).

    ``outside``: it registers with somebody (then ``registers``), or is known by its address; ``signs_in``: it has to
    prove who it is.
    """

    name: str
    context: str
    outside: bool
    signs_in: bool
    registers: bool = False
    tech: str = "PJSIP"

    @property
    def peer(self) -> str:
        return f"{self.tech}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A queue member as the queue knows it."""

    interface: str
    state_interface: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """``hints`` are the numbers whose state somebody may watch, with the devices behind each; ``users`` the devices of
    each number by the PBX's own list (FreePBX keeps one in AstDB); ``numbers`` what can be dialled in a context;
    ``techs`` the channel technologies that told all their peers."""

    pbx: str
    endpoints: tuple[Endpoint, ...]
    members: tuple[Member, ...]
    hints: Mapping[str, tuple[str, ...]]
    users: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    queues: tuple[str, ...] = ()
    numbers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    techs: frozenset[str] = frozenset()


def is_phone(device: str) -> bool:
    """Whether it names a channel that a person may hold in his hand."""
    return device.startswith(_PHONES)


def hinted(hint: str) -> tuple[str, ...]:
    """The devices of a hint: ``PJSIP/101&PJSIP/99101,CustomPresence:101``. A pattern's hint names no device."""
    devices = hint.partition(",")[0].split("&")
    return tuple(device for device in devices if is_phone(device) and "$" not in device)


def users(tree: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Devices by number, from the families DEVICE and AMPUSER of AstDB with their keys as paths
    (``/DEVICE/2001/user``: ``101``, ``/AMPUSER/101/device``: ``2001&99101``).

    In device and user mode the two names differ; ``DEVICE/x/dial`` is the channel to dial.
    """
    dial: dict[str, str] = {}
    found: dict[str, dict[str, None]] = {}
    for path, value in tree.items():
        family, name, key = (*path.strip("/").split("/", 2), "", "")[:3]
        if (family, key) == ("DEVICE", "dial") and is_phone(value):
            dial[name] = value
    for path, value in sorted(tree.items()):
        family, name, key = (*path.strip("/").split("/", 2), "", "")[:3]
        if (family, key) == ("DEVICE", "user") and value not in ("", "none") and name in dial:
            found.setdefault(value, {})[dial[name]] = None
        elif (family, key) == ("AMPUSER", "device"):
            for device in value.split("&"):
                if device in dial:
                    found.setdefault(name, {})[dial[device]] = None
    return {number: tuple(devices) for number, devices in found.items()}
