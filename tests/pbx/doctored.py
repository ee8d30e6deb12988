"""A PBX, what Callcenter knows of it, and an administrator who pastes what the doctor says."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
from collections.abc import Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from callcenter.ami.wire import open_session
from callcenter.clock import SystemClock
from callcenter.commands import database, diagnose
from callcenter.config import load
from callcenter.crm import maps, queues
from callcenter.crm.maps import Station
from callcenter.links import link
from callcenter.pbxmap import Kind, Rule
from callcenter.recording.switch import Switch
from callcenter.routing.doctor import told
from callcenter.routing.doctor.findings import Finding, Report, Severity
from callcenter.routing.proposal import propose
from callcenter.routing.report import Inquiry
from tests.lab.asterisk import Asterisk
from tests.lab.render import CONF
from tests.pbx.job.product import Product

T = TypeVar("T")
_AT_END = re.compile(r"  at the end of (.+):")


@dataclass
class Patient:
    """``pbx`` under the doctor's eyes, with the product's settings, database and files in ``folder``."""

    pbx: Asterisk
    product: Product
    folder: Path

    def settle(self, kinds: Iterable[tuple[str, str]] = ()) -> None:
        """What an administrator has done before: the map taken over, recordings decided. ``kinds`` are his own."""
        run(self._settle(dict(kinds)))

    async def _settle(self, kinds: dict[str, str]) -> None:
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
            await db.write(lambda s: maps.confirm(s, "main", True))
            await db.write(lambda s: queues.met(s, "main", reported.queues))
            await Switch(db, {"main": session.send}).write("main")
        session.close()

    def examined(self) -> Report:
        (report,) = run(diagnose(load(self.product.environment), None))
        return report

    def found(self) -> list[Finding]:
        """All but notes."""
        return [f for check in self.examined().checks for f in check.findings if f.severity is not Severity.NOTE]

    def codes(self) -> set[str]:
        return {finding.code for finding in self.found()}

    def append(self, file: str, text: str) -> None:
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

    def report(self) -> str:
        return told.told(self.examined())

    def _shell(self, command: str) -> None:
        """As on the PBX: its console is on the path, and its folders are where it says."""
        console = self.folder / "asterisk"
        inside = f"chroot {self.pbx.root} /usr/sbin/asterisk -C /srv/{self.pbx.name}/etc/asterisk.conf"
        console.write_text(f'#!/bin/sh\nexec {inside} "$@"\n')
        console.chmod(0o755)
        here = command.replace(f"/srv/{self.pbx.name}", str(self.pbx.home))
        path = {**os.environ, "PATH": f"{self.folder}:{os.environ['PATH']}"}
        subprocess.run(["sh", "-c", here], env=path, cwd=CONF.parent, check=True, timeout=30, capture_output=True)


def run(work: Coroutine[Any, Any, T]) -> T:
    """In a loop of its own, beside one that may run already."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(work)).result()
