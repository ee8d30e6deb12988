"""The marks of a test call: it goes the way of a customer's, and nothing may ever take it for one. Pure.

The marks are names that only whoever administers the PBX can give: the Uniqueid of the caller's channel, and a queue
member named after the call. That member also says who answers for it, so that the call is owed for like any other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from uuid import UUID

NUMBER: Final = "+99900000000"
"""Country code 999 is given to nobody (ITU-T E.164): no customer has it."""
NAME: Final = "Callcenter test"
MARK: Final = "cctest-"
ANSWERS: Final = "callcenter-test"
"""The context in which the test's own member answers."""
RINGS: Final = "callcenter-test-phone"
"""The context in which it rings an agent's phone instead."""
_CUSTOMER: Final = re.compile(r"cctest-[0-9a-f]{10}")
_MEMBER: Final = re.compile(rf"Local/([0-9a-f]{{10}})([0-9a-f]{{32}})@{ANSWERS}(?:/n)?")
_ANY_MEMBER: Final = re.compile(rf"Local/[0-9a-f]{{42}}@(?:{ANSWERS}|{RINGS})(?:/n)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """``token`` are 10 hexadecimal digits, new for each test; ``agent`` answers for the call. With ``phone`` (a dial
    string) that phone rings instead of the test's own member answering."""

    token: str
    agent: UUID
    phone: str = ""

    @property
    def customer(self) -> str:
        """The Uniqueid of the channel that stands for the customer."""
        return f"{MARK}{self.token}"

    @property
    def far_end(self) -> str:
        """The Uniqueid of the channel that talks in the customer's place. Asterisk refuses one that begins with the
        other's."""
        return f"ccfar-{self.token}"

    @property
    def extension(self) -> str:
        return f"{self.token}{self.agent.hex}"

    @property
    def device(self) -> str:
        return f"Local/{self.extension}@{RINGS if self.phone else ANSWERS}"

    @property
    def member(self) -> str:
        """The queue's name for the member; ``/n`` keeps both halves of the channel to the end."""
        return f"{self.device}/n"


def is_customer(uniqueid: str) -> bool:
    """Whether the channel stands for the customer of a test call."""
    return uniqueid.startswith(MARK) and _CUSTOMER.fullmatch(uniqueid) is not None


def is_device(channel: str) -> bool:
    """Whether the channel is the near half of the test's own member: a phone, as far as the call is concerned."""
    name, _, half = channel.rpartition("-")
    return half.endswith(";1") and answers_for(name) is not None


def answers_for(device: str) -> UUID | None:
    """Who answers for the test's own member; None for every other device."""
    found = _MEMBER.fullmatch(device) if device.startswith("Local/") else None
    return UUID(found[2]) if found else None


def is_member(interface: str) -> bool:
    """Whether a queue member, or a row named after one, is a test's."""
    return interface.startswith("Local/") and _ANY_MEMBER.fullmatch(interface) is not None
