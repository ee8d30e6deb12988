"""A report as people read it in a terminal: the worst first, then what could not be seen, then what is well. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Final

from callcenter.routing.doctor.findings import Check, CheckState, Finding, Remedy, Report, Severity, Unseen

_WIDTH: Final = 8


def told(report: Report) -> str:
    """All of it."""
    version = f" (Asterisk {report.version})" if report.version else ""
    return "\n".join((f"PBX {report.pbx}{version}", *_lines(report), _summary(report)))


def _lines(report: Report) -> Iterator[str]:
    findings = [finding for check in report.checks for finding in check.findings]
    for severity in Severity:
        for finding in findings:
            if finding.severity is severity:
                yield from _finding(finding)
    for unseen in dict.fromkeys(one for check in report.checks for one in check.unseen):
        yield from _unseen(unseen, _where(report.checks, unseen))
    well = [check.code for check in report.checks if check.state is CheckState.OK]
    if well:
        yield from ("", f"well: {', '.join(well)}")


def _finding(finding: Finding) -> Iterator[str]:
    yield ""
    yield f"{finding.severity.value.upper()} {finding.thing}: {finding.what} [{finding.code}]"
    yield f"  {'why:':{_WIDTH}}{finding.why}"
    yield from _remedy(finding.remedy)


def _unseen(unseen: Unseen, checks: str) -> Iterator[str]:
    yield ""
    yield f"CANNOT SEE {unseen.thing}: {unseen.why} [{unseen.code}]"
    yield f"  {'for:':{_WIDTH}}{checks}"
    yield from _remedy(unseen.remedy)


def _remedy(remedy: Remedy) -> Iterator[str]:
    if remedy.lines:
        yield f"  at the end of {remedy.file}:"
        yield from (f"    {line}" for line in remedy.lines)
    if remedy.commands:
        yield "  then:" if remedy.lines else "  do:"
        yield from (f"    {command}" for command in remedy.commands)
    if remedy.advice:
        yield f"  {'note:' if remedy.lines or remedy.commands else 'do:':{_WIDTH}}{remedy.advice}"


def _where(checks: Iterable[Check], unseen: Unseen) -> str:
    return ", ".join(check.code for check in checks if unseen in check.unseen)


def _summary(report: Report) -> str:
    wrong = sum(f.severity is not Severity.NOTE for check in report.checks for f in check.findings)
    blind = sum(check.state is CheckState.CANNOT_SEE for check in report.checks)
    words = f"{wrong} finding{'' if wrong == 1 else 's'}"
    return f"\n{words}, {blind} of {len(report.checks)} checks could not be seen" if blind else f"\n{words}"


def as_json(reports: Iterable[Report]) -> str:
    """The same for programs; the keys are those of the API."""
    return json.dumps([_tree(report) for report in reports], indent=2, ensure_ascii=False, default=str)


def _tree(report: Report) -> dict[str, object]:
    checks = [{**asdict(check), "state": check.state} for check in report.checks]
    return {**asdict(report), "state": report.state, "checks": checks}


def exit_code(report: Report) -> int:
    """0: everything is well; 1: something is wrong or could not be seen; 2: the PBX did not let us in."""
    if not report.linked:
        return 2
    return 0 if report.state is CheckState.OK else 1
