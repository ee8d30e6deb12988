"""A tap on the AMI: every byte the server sends after the login, and nothing else.

A thread with a blocking socket: the tests that drive phones are plain functions, and a tap must go on
reading while they wait.  Deliberately no parser worth the name: captures test the product's.
"""

from __future__ import annotations

import socket
import threading

from tests.lab.asterisk import ADMIN_SECRET, ADMIN_USER, Asterisk

Event = dict[str, str]


class AmiTap:
    """Logged in on return; `data()` grows until `close()`.  `reconnect()` appends a new session to it."""

    def __init__(self, pbx: Asterisk, user: str = ADMIN_USER, secret: str = ADMIN_SECRET) -> None:
        self._pbx, self._user, self._secret = pbx, user, secret
        self._data = bytearray()
        self.connections: list[int] = []
        """Offset into `data()` at which each session began."""
        self._connect()

    def data(self) -> bytes:
        """Everything so far, raw."""
        return bytes(self._data)

    def events(self, name: str = "") -> list[Event]:
        """Naive reading, enough for tests without hostile callers: the events called `name`, in order."""
        found: list[Event] = []
        for block in self.data().decode("utf-8", "replace").split("\r\n\r\n"):
            pairs = (line.partition(": ") for line in block.split("\r\n") if line)
            event = {key: value for key, _, value in pairs}
            if "Event" in event and name in ("", event["Event"]):
                found.append(event)
        return found

    def action(self, name: str, **headers: str) -> None:
        """Send an action; its answer appears in `data()`."""
        lines = [f"Action: {name}", *(f"{key}: {value}" for key, value in headers.items())]
        self._socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())

    def reconnect(self) -> None:
        """After the PBX came back."""
        self.close()
        self._connect()

    def close(self) -> None:
        """End the session; the data stays."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._thread.join()
        self._socket.close()

    def lost(self) -> bool:
        """The server has ended the session."""
        return not self._thread.is_alive()

    def _connect(self) -> None:
        self._socket = socket.create_connection((self._pbx.host, self._pbx.ports.ami), timeout=10)
        self.action("Login", Username=self._user, Secret=self._secret)
        greeting = b""
        while b"\r\n\r\n" not in greeting:
            chunk = self._socket.recv(4096)
            if not chunk:
                raise ConnectionError("the AMI closed the connection during the login")
            greeting += chunk
        head, _, rest = greeting.partition(b"\r\n\r\n")
        if b"Response: Success" not in head:
            self._socket.close()
            raise PermissionError(f"the AMI refused user {self._user}")
        self._socket.settimeout(None)
        self.connections.append(len(self._data))
        self._data += rest
        self._thread = threading.Thread(target=self._read, args=(self._socket,), daemon=True)
        self._thread.start()

    def _read(self, source: socket.socket) -> None:
        while True:
            try:
                chunk = source.recv(65536)
            except OSError:
                return
            if not chunk:
                return
            self._data += chunk
