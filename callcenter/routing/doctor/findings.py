"""What an examination says: checks, findings, what could not be seen, and the lines to paste. Pure values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Severity(StrEnum):
    """``fault``: calls, customers or the law are harmed; ``warning``: it works, but worse; ``note``: good to know."""

    FAULT = "fault"
    WARNING = "warning"
    NOTE = "note"


class CheckState(StrEnum):
    WRONG = "wrong"
    CANNOT_SEE = "cannot_see"
    OK = "ok"


class CheckGroup(StrEnum):
    """The parts of a report, in its order."""

    LINK = "link"
    USER = "user"
    QUEUES = "queues"
    GATE = "gate"
    ROUTING = "routing"
    MAP = "map"
    RECORDING = "recording"
    HISTORY = "history"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """``lines`` go to the end of ``file`` (a name below the PBX's configuration folder, or ``callcenter.toml``), then
    ``commands`` are typed into a shell. ``advice`` says what cannot be pasted, or where a web interface has it."""

    file: str = ""
    lines: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """``what`` is wrong with ``thing``, ``why`` it matters, ``remedy``: the exact lines. ``values`` fill the browser's
    own words for the ``code``."""

    code: str
    severity: Severity
    thing: str
    what: str
    why: str
    remedy: Remedy
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """Something that could not be looked at. ``code`` is stable: ``no_link``, ``permission``, ``no_answer``,
    ``not_supported``, ``not_found``, ``database``, ``unreadable``; ``thing`` is what was asked for."""

    code: str
    thing: str
    why: str
    remedy: Remedy


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at."""

    code: str
    group: CheckGroup
    findings: tuple[Finding, ...] = ()
    unseen: tuple[Unseen, ...] = ()

    @property
    def state(self) -> CheckState:
        if any(finding.severity is not Severity.NOTE for finding in self.findings):
            return CheckState.WRONG
        return CheckState.CANNOT_SEE if self.unseen else CheckState.OK


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One PBX, looked at once. ``version`` is Asterisk's, "" unknown; ``linked``: it let us in."""

    pbx: str
    at: datetime
    linked: bool
    version: str
    checks: tuple[Check, ...]

    @property
    def state(self) -> CheckState:
        found = {check.state for check in self.checks}
        return next((state for state in CheckState if state in found), CheckState.OK)
