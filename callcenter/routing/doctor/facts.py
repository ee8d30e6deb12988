"""What is known of a PBX before it is judged; each fact may be one that could not be seen. Pure values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias, TypeVar

from callcenter.pbx_events import MemberState
from callcenter.routing.claim import Said
from callcenter.routing.doctor.findings import Unseen
from callcenter.routing.doctor.sections import Sections
from callcenter.routing.effect import Confirmed
from callcenter.routing.reported import Reported

T = TypeVar("T")
Known: TypeAlias = T | Unseen
Context: TypeAlias = tuple[tuple[str, str, str], ...]
"""The lines of a dialplan context: extension, application, its arguments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """How we get in. ``local``: every address of ``host`` is this machine's own; ``ours`` is the address the PBX sees,
    "" while its own is not known; ``refused`` is the code of the link's failure, "" when we are in, and ``told`` what
    it said."""

    host: str
    port: int
    username: str
    tls: bool
    local: bool
    ours: str = ""
    refused: str = ""
    told: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What we know of the PBX ourselves. ``confirmed``: an administrator has looked at the map. ``switches``: what the
    PBX's own rows must say by the recording rules, "" for no row; ``strangers``: channels of late that the map does not
    know; ``speech``: the speech model that a queue names for its talks; ``unrecorded``: answered calls that
    lost their recording, by reason, at the last count; ``asking``: queues for which a rule says where calls go."""

    map: Confirmed
    confirmed: bool
    switches: Mapping[str, str]
    strangers: tuple[str, ...] = ()
    speech: Mapping[str, str] = field(default_factory=dict)
    unrecorded: Mapping[str, int] = field(default_factory=dict)
    asking: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How a PBX asks where calls go. ``address``: where, as we tell it; ``heard``: somebody listens there, seen from
    this machine; ``rows`` are the PBX's own, by queue; ``asks``: the queues its dialplan asks for, "*" where that is
    decided call by call."""

    address: str
    heard: bool
    rows: Known[Mapping[str, str]]
    asks: Known[frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spool:
    """The folder of the recordings as this machine sees it. ``trouble``: why it cannot be read, "" when it can.
    ``names`` are some of its newest files that hold one channel."""

    path: str
    pbx_path: str
    trouble: str = ""
    free_bytes: int = 0
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What stands in the places where the PBX is said to write its calls down. ``code``: why it cannot be read
    (``history_unreadable``, ``history_unknown``, ``history_driver``, ``history_missing``), "" when it can; ``place`` is
    for people, without a password. ``unindexed``: tables and columns by which times are looked for row by row."""

    place: str
    code: str = ""
    trouble: str = ""
    unindexed: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What this machine has for recordings: the names of its speech ``models``, the ``chosen`` one's, "" where none is,
    and whether there is ``ffmpeg``."""

    models: tuple[str, ...]
    chosen: str
    ffmpeg: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One look. ``version``: Asterisk's own word, with the mark of whoever built it. ``skew_s``: the PBX's clock less
    ours. ``actions``: what the AMI user may send, in lower case. ``contexts``: those of the gate that are loaded.
    ``modules``: whether each is. ``rows``: the PBX's own switches of recordings; ``held`` the word of another
    installation that has the gate, None where there is none. ``hints``: the context in which a number's state can be
    watched. ``asked`` None: no rule asks anything. ``spool`` and ``written`` None: none is set.
    """

    pbx: str
    at: datetime
    door: Door
    version: Known[str]
    skew_s: Known[float]
    actions: Known[frozenset[str]]
    manager: Known[Sections]
    queues: Known[Sections]
    cel: Known[Sections]
    stasis: Known[Sections]
    asterisk: Known[Sections]
    members: Known[tuple[MemberState, ...]]
    reported: Known[Reported]
    hints: Known[Mapping[str, str]]
    contexts: Known[Mapping[str, Context]]
    modules: Known[Mapping[str, bool]]
    rows: Known[Mapping[str, str]]
    held: Known[Said | None]
    books: Known[Books]
    spool: Spool | None
    asked: Known[Asked | None] = None
    written: Written | None = None
    machine: Machine | None = None

    @property
    def freepbx(self) -> bool:
        """Whether its web interface writes the configuration, so that changes belong into files it leaves alone."""
        return not isinstance(self.reported, Unseen) and bool(self.reported.users)
