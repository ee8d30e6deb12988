"""The PBX map: which channels are what.

A channel is ``TECH/name-serial`` (``PJSIP/branch-office-0000001a``); its peer is ``TECH/name``. Rules
are shell patterns over peers; the first that fits wins. Nothing here, nor anywhere else, knows the length of an
extension or the name of a context.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Final

from callcenter.prefixes import Prefix, rewritten, undone


class Kind(StrEnum):
    """What stands behind a channel."""

    TRUNK = "trunk"
    DEVICE = "device"
    INTER_OFFICE = "inter_office"
    SERVICE = "service"
    LOCAL = "local"
    UNCLASSIFIED = "unclassified"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Peers that fit ``pattern`` are of ``kind``; numbers on a trunk are read inside ``region`` (ISO 3166-1).

    ``arriving`` turns a caller's number into one that can be read, ``dialling`` a number into what the trunk wants.
    """

    pattern: str
    kind: Kind
    region: str | None = None
    arriving: tuple[Prefix, ...] = ()
    dialling: tuple[Prefix, ...] = ()


_BUILT_IN: Final = (
    Rule(pattern="Local/*", kind=Kind.LOCAL),
    Rule(pattern="AudioSocket/*", kind=Kind.SERVICE),
    Rule(pattern="WebSocket/*", kind=Kind.SERVICE),
    Rule(pattern="UnicastRTP/*", kind=Kind.SERVICE),
    Rule(pattern="Snoop/*", kind=Kind.SERVICE),
    Rule(pattern="CBAnn/*", kind=Kind.SERVICE),
    Rule(pattern="CBRec/*", kind=Kind.SERVICE),
    Rule(pattern="Recorder/*", kind=Kind.SERVICE),
    Rule(pattern="Announcer/*", kind=Kind.SERVICE),
    Rule(pattern="Message/*", kind=Kind.SERVICE),
    Rule(pattern="Surrogate/*", kind=Kind.SERVICE),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxMap:
    """The confirmed rules of one PBX, and the region its numbers are read in unless a trunk says otherwise."""

    pbx: str
    region: str
    rules: tuple[Rule, ...] = ()

    def rule(self, channel: str) -> Rule:
        """The rule a channel falls under; an ``unclassified`` one where none fits."""
        name = peer(channel)
        for rule in (*self.rules, *_BUILT_IN):
            if fnmatchcase(name, rule.pattern):
                return rule
        return Rule(pattern=name, kind=Kind.UNCLASSIFIED)

    def kind(self, channel: str) -> Kind:
        return self.rule(channel).kind

    def is_trunk(self, channel: str) -> bool:
        return self.kind(channel) is Kind.TRUNK

    def region_of(self, channel: str) -> str:
        """The region (ISO 3166-1) that numbers on this channel are read in."""
        return self.rule(channel).region or self.region

    def arrived(self, channel: str, number: str) -> str:
        """A caller's number as this trunk means it."""
        return rewritten(number, self.rule(channel).arriving)

    def to_dial(self, channel: str, number: str) -> str:
        """A number as this trunk wants it; ``channel`` or its peer."""
        return rewritten(number, self.rule(channel).dialling)

    def dialled(self, channel: str, number: str) -> str:
        """The number that was meant by what went out on this trunk."""
        return undone(number, self.rule(channel).dialling)


def peer(channel: str) -> str:
    """``TECH/name`` of a channel name: all before the last dash (names may hold dashes), without ``;1``/``;2``."""
    return channel.partition(";")[0].rpartition("-")[0] or channel


def built_in(rule: Rule) -> bool:
    """Whether the rule is one of those that hold on every PBX."""
    return any(rule is one for one in _BUILT_IN)


def known_as(name: str) -> str:
    """What a peer is listed under: ISDN channels are called after the number that calls (``DAHDI/i1/79161234567``),
    which is a customer's and different each time."""
    tech, _, rest = name.partition("/")
    span, slash, _ = rest.partition("/")
    return f"{tech}/{span}/*" if tech == "DAHDI" and slash else name


def literal(name: str) -> str:
    """A pattern that fits this peer only."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)
