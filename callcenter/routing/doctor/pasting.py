"""Where the lines of a remedy belong: an addition at the end of a file that no web interface writes. Pure."""

from __future__ import annotations

from typing import Final

from callcenter.routing.doctor.facts import Facts
from callcenter.routing.doctor.findings import Remedy, Unseen

SETTINGS: Final = "/etc/callcenter/callcenter.env"
"""The service's own, as docs/install.md puts them."""
_OF_FREEPBX: Final = {
    "queues.conf": "queues_post_custom.conf",
    "manager.conf": "manager_custom.conf",
    "extensions.conf": "extensions_custom.conf",
    "cel.conf": "cel_general_custom.conf",
}
_RELOADS: Final = {
    "queues.conf": ("queue reload all",),
    "manager.conf": ("manager reload",),
    "extensions.conf": ("dialplan reload",),
    "cel.conf": ("module reload cel",),
}


def console(command: str) -> str:
    """A command of Asterisk's as it is typed into a shell."""
    return f"asterisk -rx '{command}'"


def folder(facts: Facts) -> str:
    """Where the PBX keeps its configuration."""
    usual = "/etc/asterisk"
    if isinstance(facts.asterisk, Unseen):
        return usual
    return facts.asterisk.last("directories", "astetcdir", usual)


def installation(facts: Facts, advice: str = "") -> Remedy:
    """The script that puts the gate beside a configuration; what is there already it leaves as it is."""
    where = "" if folder(facts) == "/etc/asterisk" else f" {folder(facts)}"
    advice = f"As root, in the folder Callcenter came in. {advice}".strip()
    return Remedy(commands=(f"asterisk-conf/include/install{where}",), advice=advice)


def addition(facts: Facts, file: str, section: str, *lines: str, advice: str = "") -> Remedy:
    """``lines`` for a section that is there already: what comes last counts."""
    return Remedy(
        file=_OF_FREEPBX.get(file, file) if facts.freepbx else file,
        lines=(f"[{section}](+)", *lines),
        commands=tuple(console(command) for command in _RELOADS[file]),
        advice=advice,
    )
