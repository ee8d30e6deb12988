"""A PBX in the shape FreePBX gives it: persons by number, devices by AstDB, Local queue members, rewritten callers.

Nothing of ours is in it: what an administrator installs, a test installs. That the files are written here and not by a
web interface makes no difference to a call.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from tests.lab.ports import Ports
from tests.lab.render import defaults
from tests.lab.shape import Shape, put

ETC: Final = Path(__file__).parent / "etc"
PERSONS: Final = {"101": "Anna Rossi", "102": "Boris Ivanov", "103": "Anna Rossi"}
DEVICES: Final = {"101": "2001", "102": "2002", "103": "2003"}
WEB_PHONE: Final = "99101"
"""Anna's second device; it has no contact until a test gives it one."""


def _database() -> dict[str, str]:
    rows: dict[str, str] = {}
    for person, name in PERSONS.items():
        device = DEVICES[person]
        rows |= {
            f"AMPUSER/{person}/device": f"{device}&{WEB_PHONE}" if person == "101" else device,
            f"AMPUSER/{person}/cidname": name,
            f"AMPUSER/{person}/cidnum": person,
            f"AMPUSER/{person}/ringtimer": "0",
        }
    for device, person in {**{d: p for p, d in DEVICES.items()}, WEB_PHONE: "101"}.items():
        rows |= {
            f"DEVICE/{device}/dial": f"PJSIP/{device}",
            f"DEVICE/{device}/user": person,
            f"DEVICE/{device}/default_user": person,
            f"DEVICE/{device}/type": "fixed",
        }
    return rows


def _fill(root: Path, directory: Path, ports: Ports) -> None:
    defaults(root, directory)
    for source in ETC.glob("*.conf"):
        shutil.copy(source, directory / source.name)
    put(directory / "manager.conf", "port = 5038", f"port = {ports.ami}")
    put(directory / "pjsip.conf", "bind=127.0.0.1:5060", f"bind=127.0.0.1:{ports.sip}")
    for number, trunk in enumerate((ports.trunk, ports.trunk + 1, ports.trunk + 2)):
        put(directory / "pjsip.conf", f"contact=sip:127.0.0.1:508{number}", f"contact=sip:127.0.0.1:{trunk}")
    put(directory / "rtp.conf", "rtpstart=10000", f"rtpstart={ports.rtp[0]}")
    put(directory / "rtp.conf", "rtpend=20000", f"rtpend={ports.rtp[1]}")
    contacts = (
        f"[{device}](+type=aor)\ncontact=sip:{device}@127.0.0.1:{ports.phone(person)}\n"
        for person, device in DEVICES.items()
    )
    (directory / "pjsip_custom_post.conf").write_text("".join(contacts))


FREEPBX: Final = Shape(
    name="freepbx",
    fill=_fill,
    endpoints=DEVICES,
    queues={"support": "600", "sales": "601", "stateless": "602"},
    providers={"mtt-msk": "127.0.0.2", "voip-it": "127.0.0.3"},
    inside="from-internal",
    pickup="**",
    database=_database(),
)
