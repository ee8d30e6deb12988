"""A report as people read it in a terminal: the worst first, then what could not be seen, then what is well. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Final

from callcenter.routing.doctor.findings import CheckState, Finding, Remedy, Report, Severity

_WIDTH: Final = 8


def told(report: Report) -> str:
    """All of it."""
    version = f" (Asterisk {report.version})" if report.version else ""
    lines = (f"PBX {report.pbx}{version}", *_lines(report), *_summary(report))
    return "\n".join(_printable(line) for line in lines)


def _printable(line: str) -> str:
    """Names come from the PBX, some of them from whoever calls it: none of them steers the terminal."""
    return "".join(c if c.isprintable() else "?" for c in line)


def _lines(report: Report) -> Iterator[str]:
    findings = [finding for check in report.checks for finding in check.findings]
    for severity in Severity:
        for finding in findings:
            if finding.severity is severity:
                yield from _finding(finding)
    yield from _blind(report)
    well = [check.code for check in report.checks if check.state is CheckState.OK]
    if well:
        yield from ("", f"well: {', '.join(well)}")


def _finding(finding: Finding) -> Iterator[str]:
    yield ""
    yield f"{finding.severity.value.upper()} {finding.thing}: {finding.what} [{finding.code}]"
    yield f"  {'why:':{_WIDTH}}{finding.why}"
    yield from _remedy(finding.remedy)


def _blind(report: Report) -> Iterator[str]:
    """What could not be seen for one reason is told at once."""
    alike: dict[tuple[str, str, Remedy], dict[str, dict[str, None]]] = {}
    for check in report.checks:
        for one in check.unseen:
            found = alike.setdefault((one.code, one.why, one.remedy), {"things": {}, "checks": {}})
            found["things"][one.thing] = found["checks"][check.code] = None
    for (code, why, remedy), found in alike.items():
        yield from ("", f"CANNOT SEE {', '.join(found['things'])}: {why} [{code}]")
        yield f"  {'for:':{_WIDTH}}{', '.join(found['checks'])}"
        yield from _remedy(remedy)


def _remedy(remedy: Remedy) -> Iterator[str]:
    if remedy.lines:
        yield f"  at the end of {remedy.file}:"
        yield from (f"    {line}" for line in remedy.lines)
    if remedy.commands:
        yield "  then:" if remedy.lines else "  do:"
        yield from (f"    {command}" for command in remedy.commands)
    if remedy.advice:
        yield f"  {'note:' if remedy.lines or remedy.commands else 'do:':{_WIDTH}}{remedy.advice}"


def _summary(report: Report) -> Iterator[str]:
    wrong = sum(f.severity is not Severity.NOTE for check in report.checks for f in check.findings)
    blind = sum(check.state is CheckState.CANNOT_SEE for check in report.checks)
    words = f"{wrong} finding{'' if wrong == 1 else 's'}"
    yield from ("", f"{words}, {blind} of {len(report.checks)} checks could not be seen" if blind else words)


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
