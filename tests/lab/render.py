"""The shipped configuration with a laboratory's ports, passwords and phones put in.

The files under `asterisk-conf/` are what is tested, so they are copied byte for byte except for the few
values below; everything else a laboratory wants goes into the `*_local.conf` files the shipped ones include.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.lab.ports import Ports
from tests.lab.shape import ADMIN, AGENTS, AMI_SECRET, Shape, put

CONF = Path(__file__).resolve().parents[2] / "asterisk-conf"
DEFAULTS = ("musiconhold.conf", "indications.conf", "confbridge.conf", "ccss.conf")
"""Files of the distribution that a complete PBX has and the project has no opinion on."""


def defaults(root: Path, directory: Path) -> None:
    """What the distribution brings along."""
    for name in DEFAULTS:
        if (root / "etc/asterisk" / name).exists():
            shutil.copy(root / "etc/asterisk" / name, directory / name)


def _fill(root: Path, directory: Path, ports: Ports) -> None:
    defaults(root, directory)
    for source in CONF.glob("*.conf"):
        shutil.copy(source, directory / source.name)
    put(directory / "manager.conf", "port=5038", f"port={ports.ami}")
    put(directory / "manager.conf", "secret=change-me-callcenter", f"secret={AMI_SECRET}")
    put(directory / "pjsip.conf", "bind=127.0.0.1:5060", f"bind=127.0.0.1:{ports.sip}")
    put(directory / "pjsip.conf", "contact=sip:127.0.0.1:5080", f"contact=sip:127.0.0.1:{ports.trunk}")
    put(directory / "rtp.conf", "rtpstart=10000", f"rtpstart={ports.rtp[0]}")
    put(directory / "rtp.conf", "rtpend=20000", f"rtpend={ports.rtp[1]}")
    # phones at fixed addresses: nobody registers
    contacts = "\n".join(
        f"[{agent}](+type=aor)\ncontact=sip:{agent}@127.0.0.1:{ports.phone(agent)}" for agent in AGENTS
    )
    (directory / "pjsip_local.conf").write_text(contacts + "\n")
    (directory / "manager_local.conf").write_text(ADMIN)


SHIPPED = Shape(
    name="shipped",
    fill=_fill,
    endpoints={agent: agent for agent in AGENTS},
    queues={"support": "support", "sales": "sales"},
    providers={"anonymous": "127.0.0.1"},
    inside="agents",
    pickup="*8",
    database={f"callcenter-recording/{row}": "on" for row in ("support", "sales", "*direct", "*outgoing")},
)
