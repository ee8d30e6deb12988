"""Ports for parallel laboratories: each takes a numbered slot of 400 ports and holds it by a file lock.

Slots lie below the kernel's ephemeral range (32768 and up), so a client socket cannot steal one.  Asking
the kernel for free ports one by one would race between workers; a lock does not, and dies with its holder.
"""

from __future__ import annotations

import fcntl
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.lab.root import LabError

FIRST = 12000
SIZE = 400
SLOTS = 50


@dataclass(slots=True, kw_only=True)
class Ports:
    """The ports of one instance, all on 127.0.0.1."""

    base: int
    lock: IO[str]

    @property
    def sip(self) -> int:
        """UDP, Asterisk."""
        return self.base

    @property
    def ami(self) -> int:
        """TCP, Asterisk."""
        return self.base + 1

    @property
    def trunk(self) -> int:
        """UDP: where outgoing calls go; a `Phone` listens there when a test wants one."""
        return self.base + 2

    def phone(self, extension: str) -> int:
        """UDP: the static contact of agent phone `extension`, three digits from 101 to 139."""
        return self.base + 10 + int(extension) - 100

    @property
    def rtp(self) -> tuple[int, int]:
        """First and last UDP port of Asterisk's voices."""
        return self.base + 60, self.base + 219

    @property
    def callers(self) -> range:
        """Ports for SIPp customers and for the voices of phones, even numbers only."""
        return range(self.base + 220, self.base + SIZE, 4)

    def release(self) -> None:
        """Give the slot back."""
        self.lock.close()


def take_ports(cache: Path) -> Ports:
    """Lock the first free slot whose SIP and AMI ports nobody listens on."""
    directory = cache / "slots"
    directory.mkdir(parents=True, exist_ok=True)
    for slot in range(SLOTS):
        handle = (directory / str(slot)).open("w")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.close()
            continue
        ports = Ports(base=FIRST + slot * SIZE, lock=handle)
        if _is_free(socket.SOCK_DGRAM, ports.sip) and _is_free(socket.SOCK_STREAM, ports.ami):
            return ports
        handle.close()
    raise LabError(f"all {SLOTS} laboratory slots are taken: end old Asterisk instances (pgrep -a asterisk)")


def _is_free(kind: socket.SocketKind, port: int) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
