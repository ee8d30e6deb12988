"""The shipped configuration with a laboratory's ports, passwords and phones put in.

The files under `asterisk-conf/` are what is tested, so they are copied byte for byte except for the few
values below; everything else a laboratory wants goes into the `*_local.conf` files the shipped ones include.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from tests.lab.ports import Ports
from tests.lab.root import LabError

SHIPPED = Path(__file__).resolve().parents[2] / "asterisk-conf"
AGENTS = ("101", "102", "103")
AMI_USER, AMI_SECRET = "callcenter", "lab-callcenter"
ADMIN_USER, ADMIN_SECRET = "admin", "lab-admin"
DEFAULTS = ("musiconhold.conf", "indications.conf", "confbridge.conf", "res_parking.conf", "ccss.conf")
"""Files of the distribution that a complete PBX has and the project has no opinion on."""


def render(root: Path, directory: Path, ports: Ports, extra: Mapping[str, str]) -> None:
    """Fill `directory` (host path of the instance's etc); `extra` is appended to files by name."""
    directory.mkdir(parents=True, exist_ok=True)
    for name in DEFAULTS:
        if (root / "etc/asterisk" / name).exists():
            shutil.copy(root / "etc/asterisk" / name, directory / name)
    for source in SHIPPED.glob("*.conf"):
        shutil.copy(source, directory / source.name)
    _set(directory / "manager.conf", "port=5038", f"port={ports.ami}")
    _set(directory / "manager.conf", "secret=change-me-callcenter", f"secret={AMI_SECRET}")
    _set(directory / "pjsip.conf", "bind=127.0.0.1:5060", f"bind=127.0.0.1:{ports.sip}")
    _set(directory / "pjsip.conf", "contact=sip:127.0.0.1:5080", f"contact=sip:127.0.0.1:{ports.trunk}")
    _set(directory / "rtp.conf", "rtpstart=10000", f"rtpstart={ports.rtp[0]}")
    _set(directory / "rtp.conf", "rtpend=20000", f"rtpend={ports.rtp[1]}")
    for name, text in _local(ports).items():
        (directory / name).write_text(text)
    for name, text in extra.items():
        with (directory / name).open("a") as out:
            out.write("\n" + text + "\n")


def _set(path: Path, old: str, new: str) -> None:
    text, count = re.subn(rf"(?m)^{re.escape(old)}\b", new, path.read_text())
    if count != 1:
        raise LabError(f"{path.name} must contain the line {old!r} once: the laboratory puts its own there")
    path.write_text(text)


def _local(ports: Ports) -> dict[str, str]:
    """Phones at fixed addresses (nobody registers), an AMI user who sees everything."""
    contacts = "\n".join(
        f"[{agent}](+type=aor)\ncontact=sip:{agent}@127.0.0.1:{ports.phone(agent)}" for agent in AGENTS
    )
    admin = (
        f"[{ADMIN_USER}]\nsecret={ADMIN_SECRET}\nread=all\nwrite=all\nwritetimeout=1000\n"
        "deny=0.0.0.0/0.0.0.0\npermit=127.0.0.1/255.255.255.255\n"
    )
    return {"pjsip_local.conf": contacts + "\n", "manager_local.conf": admin}
