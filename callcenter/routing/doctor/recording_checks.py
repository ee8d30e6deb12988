"""Recordings: what is recorded, whether it may be, and whether we get it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from callcenter.builds import loses_next_voice
from callcenter.routing.doctor.facts import Facts, Spool
from callcenter.routing.doctor.findings import Finding, Remedy, Severity, Unseen
from callcenter.routing.doctor.gate_checks import install
from callcenter.routing.doctor.pasting import SETTINGS, console

_OURS: Final = re.compile(r"(\d{9,11}\.\d+(?:-\d+)?)\.wav")
_LITTLE: Final = 5 * 1024**3
_SCOPES: Final = {"*direct": "direct calls", "*outgoing": "outgoing calls"}


def recorded(facts: Facts) -> bool:
    """Whether anything is to be recorded, by our rules or by the PBX's rows."""
    rules = () if isinstance(facts.books, Unseen) else facts.books.switches.values()
    rows = () if isinstance(facts.rows, Unseen) else facts.rows.values()
    return any(value.startswith("on") for value in (*rules, *rows))


def spool(facts: Facts) -> Iterator[Finding | Unseen]:
    """This machine reads the PBX's recordings, and there is room."""
    seen = facts.spool
    if seen is None:
        yield Finding(
            code="spool_not_set",
            severity=Severity.FAULT if recorded(facts) else Severity.NOTE,
            thing="recordings",
            what="no folder is set from which they are fetched",
            why="what the PBX records is never linked to a call, and stays on the PBX for ever",
            remedy=_setting(facts, "SPOOL"),
        )
        return
    if seen.trouble:
        yield _unreadable(seen, heard=recorded(facts))
    elif seen.free_bytes < _LITTLE:
        yield _nearly_full(seen)


def _unreadable(seen: Spool, *, heard: bool) -> Finding:
    return Finding(
        code="spool_unreadable",
        severity=Severity.FAULT if heard else Severity.WARNING,
        thing=seen.path,
        values={"path": seen.path},
        what=f"it cannot be read: {seen.trouble}",
        why="recordings are made and none is linked to its call",
        remedy=Remedy(
            commands=(
                "usermod --append --groups asterisk callcenter",
                f"chmod g+rx {seen.path}",
                "systemctl restart callcenter",
            ),
            advice="Where Asterisk is another machine, mount its monitor folder there first.",
        ),
    )


def _nearly_full(seen: Spool) -> Finding:
    return Finding(
        code="spool_full",
        severity=Severity.WARNING,
        thing=seen.path,
        values={"path": seen.path, "free_mb": str(seen.free_bytes // 1024**2)},
        what=f"{seen.free_bytes / 1024**3:.1f} GB are free",
        why="a full disk ends every recording, and on the PBX's own disk everything else as well",
        remedy=Remedy(commands=(f"df -h {seen.path}", f"du -sh {seen.path}/*")),
    )


def spool_name(facts: Facts) -> Iterator[Finding | Unseen]:
    """The folder's name on the PBX is the one we know."""
    if facts.spool is None:
        return
    if isinstance(facts.asterisk, Unseen):
        yield facts.asterisk
    elif facts.spool.pbx_path.rstrip("/") != _pbx_spool(facts):
        yield Finding(
            code="spool_other_name",
            severity=Severity.FAULT if recorded(facts) else Severity.WARNING,
            thing="recordings",
            values={"path": _pbx_spool(facts), "expected": facts.spool.pbx_path},
            what=f"the PBX records into {_pbx_spool(facts)}, we take it for {facts.spool.pbx_path}",
            why="every file is refused as one that lies elsewhere",
            remedy=_setting(facts, "PBX_SPOOL"),
        )


def _pbx_spool(facts: Facts) -> str:
    spool = "/var/spool/asterisk"
    if not isinstance(facts.asterisk, Unseen):
        spool = facts.asterisk.last("directories", "astspooldir", spool)
    return f"{spool.rstrip('/')}/monitor"


def _setting(facts: Facts, name: str) -> Remedy:
    return Remedy(
        file=SETTINGS,
        lines=(f"CALLCENTER_PBX__{facts.pbx.upper()}__{name}={_pbx_spool(facts)}",),
        commands=("systemctl restart callcenter",),
    )


def rules(facts: Facts) -> Iterator[Finding | Unseen]:
    """The PBX records what the rules allow, and nothing else."""
    if isinstance(facts.rows, Unseen) or isinstance(facts.books, Unseen):
        yield from (fact for fact in (facts.rows, facts.books) if isinstance(fact, Unseen))
        return
    for row, wanted in sorted(facts.books.switches.items()):
        there = facts.rows.get(row, "")
        if wanted and there != wanted:
            yield _switch(row, wanted)
        elif not wanted and there.startswith("on"):
            yield _unruled(row)
    for row, there in sorted(facts.rows.items()):
        if row not in facts.books.switches and there.startswith("on"):
            yield _unruled(row)


def _switch(row: str, wanted: str) -> Finding:
    return Finding(
        code="recording_switch_missing",
        severity=Severity.FAULT,
        thing=_SCOPES.get(row, f"queue {row}"),
        values={"row": row},
        what="it is to be recorded by your rules, and the PBX has not been told",
        why="talks that you rely on being recorded are not",
        remedy=Remedy(commands=(console(f'database put callcenter-recording {row} "{wanted}"'),)),
    )


def _unruled(row: str) -> Finding:
    return Finding(
        code="recorded_without_rule",
        severity=Severity.FAULT,
        thing=_SCOPES.get(row, f"queue {row}"),
        values={"row": row},
        what="the PBX records it, and no rule with notice, storage time and contact allows that",
        why="recording people without telling them is against the law in most countries",
        remedy=Remedy(
            commands=(console(f"database del callcenter-recording {row}"),),
            advice="Or decide it in Callcenter: Recording rules.",
        ),
    )


def unrecorded(facts: Facts) -> Iterator[Finding | Unseen]:
    """Says which queues are not recorded. That is never wrong."""
    if isinstance(facts.books, Unseen) or isinstance(facts.reported, Unseen):
        return
    quiet = [name for name in facts.reported.queues if not facts.books.switches.get(name)]
    if quiet:
        yield Finding(
            code="not_recorded",
            severity=Severity.NOTE,
            thing=", ".join(quiet),
            values={"queues": ", ".join(quiet)},
            what="nothing is recorded there",
            why="recording begins when notice, storage time, contact and the notice to staff are decided",
            remedy=Remedy(advice="In Callcenter: Recording rules."),
        )


def two_sided(facts: Facts) -> Iterator[Finding | Unseen]:
    """Each recording comes with its two sides, so that a transcript knows who spoke."""
    if isinstance(facts.contexts, Unseen):
        yield facts.contexts
        return
    lines = facts.contexts.get("callcenter-record", ())
    mixing = [arguments for _, application, arguments in lines if application.lower() == "mixmonitor"]
    told = [arguments for arguments in mixing if "r(" in arguments and "t(" in arguments]
    alone = tuple(one for name in _names(facts) if (one := _alone(name, _names(facts))))
    if (mixing and not told) or alone:
        yield Finding(
            code="recording_one_sided",
            severity=Severity.WARNING,
            thing="recordings",
            values={"files": ", ".join(alone[:3])},
            what=f"they have no sides of their own{': ' + ', '.join(alone[:3]) if alone else ''}",
            why="a transcript cannot tell the customer from the agent",
            remedy=install(facts),
        )


def lost(facts: Facts) -> Iterator[Finding | Unseen]:
    """Every answered call has its recording, or a reason that somebody chose."""
    if isinstance(facts.books, Unseen):
        yield facts.books
        return
    if number := sum(facts.books.unrecorded.values()):
        reasons = ", ".join(f"{reason} {times}" for reason, times in sorted(facts.books.unrecorded.items()))
        yield Finding(
            code="recordings_lost",
            severity=Severity.FAULT,
            thing="answered calls",
            values={"number": str(number), "reasons": reasons},
            what=f"{number} of the last day have no recording: {reasons}",
            why="what was to be kept is lost, and the next calls may go the same way",
            remedy=Remedy(
                commands=("callcenter tally",),
                advice="In Callcenter: Calls, Missing recordings says of each call what was wrong, and what mends it.",
            ),
        )


def next_voice(facts: Facts) -> Iterator[Finding | Unseen]:
    """A recorder hears whom a customer is handed to."""
    if isinstance(facts.version, Unseen) or not recorded(facts) or not loses_next_voice(facts.version):
        return
    yield Finding(
        code="next_voice_lost",
        severity=Severity.NOTE,
        thing="Asterisk",
        values={"version": facts.version},
        what=f"this build ({facts.version}) takes the voice of whom a recorded call is handed to for packets that come "
        "late, at half of all hand-overs",
        why="while Callcenter runs it begins a new part of the recording at each hand-over, and nothing is lost; while "
        "it is down, and where another recorder or a listener is on the customer's channel, that agent is not heard",
        remedy=Remedy(
            advice="Another build of the same Asterisk does not: one compiled from the source of asterisk.org, or "
            "FreePBX's own. Debian and Ubuntu build theirs with 2016_opus_plc.patch, which is what does it."
        ),
    )


def _names(facts: Facts) -> tuple[str, ...]:
    return facts.spool.names if facts.spool else ()


def _alone(name: str, names: tuple[str, ...]) -> str:
    """A recording of ours whose sides are not there; the newest one may be in the making."""
    found = _OURS.fullmatch(name)
    if not found:
        return ""
    sides = {f"{found.group(1)}-in.wav", f"{found.group(1)}-out.wav"}
    return "" if sides <= set(names) else name
