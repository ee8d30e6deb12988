"""A larger house: the shipped configuration with two agents more, in both queues."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from tests.lab.ports import Ports
from tests.lab.render import SHIPPED
from tests.lab.shape import Shape

_MORE: Final = {"104": "Dario", "105": "Elena"}


def _fill(root: Path, directory: Path, ports: Ports) -> None:
    SHIPPED.fill(root, directory, ports)
    with (directory / "pjsip_local.conf").open("a") as file:
        for number in _MORE:
            file.write(_phone(number, ports.phone(number)))
    members = "".join(f"member => PJSIP/{number},0,{name},PJSIP/{number}\n" for number, name in _MORE.items())
    (directory / "queues_local.conf").write_text(f"[support](+)\n{members}[sales](+)\n{members}")


def _phone(number: str, port: int) -> str:
    return (
        f"[{number}](phone)\naors={number}\nauth={number}\ncallerid={_MORE[number]} <{number}>\n"
        f"[{number}](phone-aor)\ncontact=sip:{number}@127.0.0.1:{port}\n"
        f"[{number}](phone-auth)\nusername={number}\npassword=change-me-{number}\n"
    )


FIVE: Final[Shape] = replace(SHIPPED, fill=_fill, endpoints={**SHIPPED.endpoints, **{n: n for n in _MORE}})
