"""Phones and people that do what most do not: send calls on, refuse them with another word, give up when they dial."""

from __future__ import annotations

from tests.lab.phones import Caller, Floor, Phone, Sipp, _listens
from tests.lab.scenarios import busy_phone, moved_phone
from tests.until import until


class _Odd(Phone):
    def __init__(self, floor: Floor, extension: str, scenario: str) -> None:
        self.extension = extension
        port = floor.pbx.ports.trunk if extension == "trunk" else floor.pbx.ports.phone(extension)
        Sipp.__init__(self, floor.pbx, scenario, port, [])
        until(lambda: _listens(port) or not self.running(), 5, f"phone {extension} listening on {port}")
        floor.phones.append(self)


def moved(floor: Floor, extension: str, to: str) -> Phone:
    """A phone that sends every call on to another number (302)."""
    return _Odd(floor, extension, moved_phone(f"sip:{to}@127.0.0.1:{floor.pbx.ports.sip}"))


def refusing(floor: Floor, extension: str, status: str) -> Phone:
    """A phone that rejects every call with this status line; "trunk" is the provider's far end."""
    return _Odd(floor, extension, busy_phone(status))


def gives_up(floor: Floor, extension: str, number: str, patience_ms: int) -> Caller:
    """An agent's phone that dials and does not wait for long."""
    endpoint = floor.pbx.shape.endpoints[extension]
    password = f"change-me-{endpoint}"
    made = Caller(floor.pbx, endpoint, number, talk_ms=800, patience_ms=patience_ms, password=password)
    floor.callers.append(made)
    return made
