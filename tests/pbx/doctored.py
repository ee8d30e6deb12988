"""A PBX, what Callcenter knows of it, and an administrator who pastes what the doctor says."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
from collections.abc import Coroutine, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from callcenter.ami.wire import open_session
from callcenter.clock import SystemClock
from callcenter.commands import database, diagnose
from callcenter.config import load
from callcenter.crm import maps, policy_row, queues
from callcenter.crm.maps import Station
from callcenter.links import link
from callcenter.pbxmap import Kind, Rule
from callcenter.recording.switch import recording_switch
from callcenter.routing.asking.policies import RULES, RoutingRule, RoutingRules
from callcenter.routing.doctor.findings import Finding, Report, Severity
from callcenter.routing.proposal import propose
from callcenter.routing.report import Inquiry
from tests.lab.asterisk import Asterisk
from tests.lab.render import CONF
from tests.pbx.job.product import Product

T = TypeVar("T")
_AT_END = re.compile(r"  at the end of (.+):")


@contextmanager
def shipped(folder: Path) -> Iterator[Patient]:
    """The shipped configuration, described and confirmed."""
    with Asterisk() as pbx:
        patient = Patient.of(pbx, folder)
        patient.settle()
        yield patient


@dataclass
class Patient:
    """``pbx`` under the doctor's eyes, with the product's settings, database and files in ``folder``."""

    pbx: Asterisk
    product: Product
    folder: Path

    @classmethod
    def of(cls, pbx: Asterisk, folder: Path) -> Patient:
        """One that nobody has described yet."""
        product = Product(pbx, folder)
        product.add_people()
        product.environment["CALLCENTER_SPEECH__MODEL"] = str(CONF.parent / "callcenter/demo/speech/model-tiny")
        return cls(pbx=pbx, product=product, folder=folder)

    def settle(self, kinds: Iterable[tuple[str, str]] = (), *, confirmed: bool = True) -> None:
        """What an administrator has done before: the map taken over, recordings decided. ``kinds`` are his own."""
        run(self._settle(dict(kinds), confirmed))

    def routes(self, *rules: RoutingRule) -> None:
        """These rules say where calls go, and no others."""
        run(self._routes(RoutingRules(queues=list(rules))))

    async def _routes(self, rules: RoutingRules) -> None:
        async with database(load(self.product.environment)) as db:
            await db.write(lambda s: policy_row.write(s, RULES, rules))

    def forget(self, *peers: str) -> None:
        """Takes these off the map."""
        run(self._forget(frozenset(peers)))

    async def _forget(self, peers: frozenset[str]) -> None:
        now = SystemClock().now()
        async with database(load(self.product.environment)) as db:
            document = await db.read(lambda s: maps.document(s, "main"))
            rules = [rule for rule in document.rules if rule.pattern not in peers]
            stations = [station for station in document.stations if not peers & set(station.devices)]
            await db.write(lambda s: maps.write_rules(s, "main", rules))
            await db.write(lambda s: maps.write_stations(s, "main", stations, now))

    async def _settle(self, kinds: dict[str, str], confirmed: bool) -> None:
        settings = load(self.product.environment)
        session = await open_session(link("main", settings.pbx["main"]), lambda *_: None, SystemClock())
        reported = await Inquiry("main", session.send).report()
        proposal = propose(reported)
        rules = (*(Rule(pattern=name, kind=Kind(kind)) for name, kind in kinds.items()), *proposal.rules)
        stations = [
            Station(number=d.number, devices=tuple(d.devices), interfaces=tuple(d.interfaces))
            for d in proposal.extensions
        ]
        async with database(settings) as db:
            await db.write(lambda s: maps.write_rules(s, "main", rules))
            await db.write(lambda s: maps.write_stations(s, "main", stations, SystemClock().now()))
            await db.write(lambda s: maps.write_dids(s, "main", dict.fromkeys(proposal.dids, "")))
            await db.write(lambda s: maps.confirm(s, "main", confirmed))
            await db.write(lambda s: queues.met(s, "main", reported.queues))
            await recording_switch(db, {"main": session.send}).write("main")
        session.close()

    def examined(self) -> Report:
        (report,) = run(diagnose(load(self.product.environment), None))
        return report

    def append(self, file: str, text: str) -> None:
        """``file`` of the PBX, or the service's own settings."""
        if file == "/etc/callcenter/callcenter.env":
            name, _, value = text.partition("=")
            self.product.environment[name] = value
            return
        with (self.pbx.etc / file).open("a") as out:
            out.write(f"\n{text}\n")

    def paste(self, text: str) -> None:
        """Does what the report's text says, line by line: files first, then commands."""
        file = ""
        for line in text.splitlines():
            if beginning := _AT_END.fullmatch(line):
                file = beginning.group(1)
            elif line in ("  then:", "  do:"):
                file = "sh"
            elif line.startswith("    ") and file == "sh":
                self._shell(line.strip())
            elif line.startswith("    ") and file:
                self.append(file, line.strip())
            else:
                file = ""

    def reload(self, file: str) -> None:
        """What an administrator does after a change."""
        module = {"queues.conf": "app_queue", "manager.conf": "manager", "cel.conf": "cel"}.get(file, "pbx_config")
        self.pbx.cli(f"module reload {module}")

    def _shell(self, command: str) -> None:
        """As on the PBX: its console is on the path, and its folders are where it says."""
        console = self.folder / "asterisk"
        inside = f"chroot {self.pbx.root} /usr/sbin/asterisk -C /srv/{self.pbx.name}/etc/asterisk.conf"
        console.write_text(f'#!/bin/sh\nexec {inside} "$@"\n')
        console.chmod(0o755)
        service = self.folder / "systemctl"
        service.write_text("#!/bin/sh\n")
        service.chmod(0o755)
        here = command.replace(f"/srv/{self.pbx.name}", str(self.pbx.home))
        path = {**os.environ, "PATH": f"{self.folder}:{os.environ['PATH']}"}
        subprocess.run(["sh", "-c", here], env=path, cwd=CONF.parent, check=True, timeout=30, capture_output=True)


def findings(report: Report) -> list[Finding]:
    """All but notes."""
    return [f for check in report.checks for f in check.findings if f.severity is not Severity.NOTE]


def codes(report: Report) -> set[str]:
    return {finding.code for finding in findings(report)}


def run(work: Coroutine[Any, Any, T]) -> T:
    """In a loop of its own, beside one that may run already."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(work)).result()
