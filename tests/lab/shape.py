"""What distinguishes one kind of PBX from another for whoever builds it and for whoever rings it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab.ports import Ports
from tests.lab.root import LabError

AGENTS = ("101", "102", "103")
AMI_USER, AMI_SECRET = "callcenter", "lab-callcenter"
ADMIN_USER, ADMIN_SECRET = "admin", "lab-admin"
ADMIN = (
    f"[{ADMIN_USER}]\nsecret={ADMIN_SECRET}\nread=all\nwrite=all\nwritetimeout=1000\n"
    "deny=0.0.0.0/0.0.0.0\npermit=127.0.0.1/255.255.255.255\n"
)
"""An AMI user who sees everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A PBX as a test meets it: everything it says is about numbers people dial.

    `fill(root, directory, ports)` writes the configuration; `endpoints` maps an agent's number to the endpoint of his
    desk phone; `queues` what a test calls a queue to its name here; `providers` the loopback address the customers of a
    trunk call from, the first one by default; `inside` is the context the phones dial in, `pickup` what they dial
    before the number of a ringing one; `database` are rows of AstDB, `family/key` -> value, before the first start.
    """

    name: str
    fill: Callable[[Path, Path, Ports], None]
    endpoints: Mapping[str, str]
    queues: Mapping[str, str]
    providers: Mapping[str, str]
    inside: str
    pickup: str
    database: Mapping[str, str] = field(default_factory=dict)

    def interface(self, agent: str) -> str:
        """The queue member that means this agent."""
        return f"PJSIP/{agent}" if self.endpoints[agent] == agent else f"Local/{agent}@from-queue/n"

    def device(self, agent: str) -> str:
        """The agent's desk phone as channels are named after it."""
        return f"PJSIP/{self.endpoints[agent]}"


def put(path: Path, old: str, new: str) -> None:
    """Replaces the one line that begins with `old`. Raises LabError where there is none, or more than one."""
    text, count = re.subn(rf"(?m)^{re.escape(old)}\b", new, path.read_text())
    if count != 1:
        raise LabError(f"{path.name} must contain the line {old!r} once: the laboratory puts its own there")
    path.write_text(text)
