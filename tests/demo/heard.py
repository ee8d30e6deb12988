"""What a PBX told, simulated or captured, brought into one comparable form."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

CAPTURES = Path(__file__).parents[1] / "captures"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One event: its headers in order."""

    headers: tuple[tuple[str, str], ...]

    def __getitem__(self, name: str) -> str:
        return dict(self.headers).get(name, "")

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.headers)

    @property
    def parties(self) -> tuple[str, ...]:
        """Endpoints of the channels named, the customer's as ``customer``."""
        return tuple(party(self[name]) for name in ("Channel", "DestChannel") if self[name])

    @property
    def gist(self) -> tuple[str, ...]:
        """What happened to whom, without anything that differs from call to call."""
        detail = self["DialStatus"] or self["Variable"] or self["PausedReason"] or self["Queue"]
        return (self["Event"], *self.parties, self["Interface"], detail, self["ChannelStateDesc"])


def party(channel: str) -> str:
    endpoint = channel.partition("/")[2].rpartition("-")[0]
    return "customer" if endpoint in ("anonymous", "trunk") else endpoint


def heard(raw: bytes) -> list[Heard]:
    """Every event that is news: responses, lists and the greeting are left out."""
    messages = raw.decode().split("\r\n\r\n")
    events = [_headers(message) for message in messages if message.startswith("Event: ")]
    return [event for event in events if event["Timestamp"]]


def captured(scenario: str) -> list[Heard]:
    return heard((CAPTURES / f"{scenario}.least.ami").read_bytes())


def _headers(message: str) -> Heard:
    pairs = (line.partition(": ") for line in message.split("\r\n"))
    return Heard(headers=tuple((name.removesuffix(":"), value) for name, _, value in pairs))
