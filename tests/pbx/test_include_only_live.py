"""The administrator's two commands on a FreePBX that runs: in effect at once, and gone without a trace."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conf.test_include_only import contents
from tests.lab.amitap import AmiTap
from tests.lab.asterisk import AMI_SECRET, AMI_USER, Asterisk
from tests.lab.freepbx.installed import SCRIPT
from tests.lab.freepbx.shape import FREEPBX
from tests.lab.phones import Floor
from tests.pbx.test_gate_mechanics import ANNA, BORIS, CLARA, NUMBER, owes, talk
from tests.until import until


@pytest.fixture
def pbx() -> Iterator[Asterisk]:
    with Asterisk(shape=FREEPBX) as running:
        yield running


def administrator(pbx: Asterisk, folder: Path, *options: str) -> str:
    """Runs the script as somebody does who has this Asterisk's console on his machine."""
    console = folder / "asterisk"
    inside = f"chroot {pbx.root} /usr/sbin/asterisk -C /srv/{pbx.name}/etc/asterisk.conf"
    console.write_text(f'#!/bin/sh\nexec {inside} "$@"\n')
    console.chmod(0o755)
    path = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    done = subprocess.run(
        [str(SCRIPT), *options, str(pbx.etc)], env=path, capture_output=True, text=True, timeout=30, check=True
    )
    return done.stdout


def test_installed_it_holds_and_removed_it_never_was(pbx: Asterisk, floor: Floor, tmp_path: Path) -> None:
    before = contents(pbx.etc)
    assert "told the running Asterisk" in administrator(pbx, tmp_path, "--secret", AMI_SECRET)
    tap = AmiTap(pbx, AMI_USER, AMI_SECRET)
    floor.phone(ANNA)
    for other in (BORIS, CLARA):
        floor.phone(other, busy=True)
    talk(floor.caller(NUMBER, "7001", talk_ms=300))
    assert owes(pbx, ANNA) == ("600", NUMBER, "7001")
    assert {e["Event"] for e in tap.events()} >= {"Newchannel", "AgentConnect", "QueueMemberPause", "UserEvent"}
    assert tap.events("Newexten") == tap.events("RTCPSent") == []
    tap.close()

    assert "took our lines" in administrator(pbx, tmp_path, "--remove")
    assert contents(pbx.etc) == before
    assert pbx.database("callcenter-owes") == {}
    assert "paused:" not in pbx.cli("queue show 600")
    with pytest.raises(PermissionError):
        AmiTap(pbx, AMI_USER, AMI_SECRET)
    again = floor.caller(NUMBER, "7001", talk_ms=300)
    until(again.ended, 20, "the call is over")
    assert pbx.database("callcenter-owes") == {}
    assert len(floor.log().answered()) == 2
