"""Phones and customers played by SIPp against one laboratory `Asterisk`.

    phone = Phone(pbx, "101", answer_ms=300)          # waits for the caller's BYE, serves many calls
    caller = Caller(pbx, "74951234567", "7001", talk_ms=2000)
    until(lambda: phone.offers() and phone.offers()[0].answered_at)
    phone.close(); caller.close()

or leave the closing to `with Floor(pbx) as floor: floor.phone("101"); floor.caller(...)`.
"""

from __future__ import annotations

import itertools
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from tests.lab.asterisk import AT_ONCE, Asterisk, LabError
from tests.lab.phonelog import Attempt, Offer, PhoneLog, read_attempts, read_offers
from tests.lab.scenarios import Dialling, busy_phone, caller, ringing_phone
from tests.lab.speech import AGENT_TEXT, CUSTOMER_TEXT, speech
from tests.until import until

PATIENCE_MS = 60_000
_CALLER_ID = 7
"""Of what `core show channels concise` says of a channel, parted by "!"."""
_ids: Iterator[int] = itertools.count()


class Sipp:
    """One SIPp process with its scenario and its message trace, in a directory of its own."""

    def __init__(self, pbx: Asterisk, scenario: str, port: int, options: list[str], *, host: str = "127.0.0.1") -> None:
        self.pbx = pbx
        self.port = port
        self.directory = Path(tempfile.mkdtemp(prefix="callcenter-sipp-"))
        self.trace = self.directory / "messages.log"
        (self.directory / "scenario.xml").write_text(scenario, encoding="utf-8")
        self.media = _media_port(pbx)
        command = [
            "sipp", "-sf", "scenario.xml", "-i", host, "-p", str(port), "-mi", "127.0.0.1", "-mp", str(self.media),
            "-nostdin", "-aa", "-trace_msg", "-message_file", "messages.log", "-trace_err", "-error_file", "errors.log",
            *options,
        ]  # fmt: skip
        with (self.directory / "screen.log").open("wb") as out:
            self._process = subprocess.Popen(
                [*AT_ONCE, *command], cwd=self.directory, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT
            )

    def running(self) -> bool:
        """False once SIPp has ended by itself (a caller whose call is over)."""
        return self._process.poll() is None

    def errors(self) -> str:
        """What SIPp complained about."""
        path = self.directory / "errors.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def silence(self) -> None:
        """End the process as a dead line does, without a word; what it logged stays."""
        if self.running():
            self._process.kill()
            self._process.wait()

    def close(self) -> None:
        """End the process and forget its trace; harmless when done twice."""
        if self.running():
            self._process.kill()
        self._process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


class Phone(Sipp):
    """An agent's phone at the extension's static contact; serves any number of calls until closed.

    `answer_ms` None never answers; `talk_ms` None waits for the other side's BYE; `busy` rejects with 486, once it
    `rings` where it does.
    """

    def __init__(
        self,
        pbx: Asterisk,
        extension: str,
        *,
        answer_ms: int | None = 300,
        talk_ms: int | None = None,
        busy: bool = False,
        rings: bool = False,
        sound: Path | None = None,
    ) -> None:
        self.extension = extension
        port = pbx.ports.trunk if extension == "trunk" else pbx.ports.phone(extension)
        scenario = busy_phone(rings=rings) if busy else ringing_phone(answer_ms, talk_ms, sound or speech(AGENT_TEXT))
        super().__init__(pbx, scenario, port, [])
        until(lambda: _listens(port) or not self.running(), 5, f"phone {extension} listening on {port}")

    def offers(self) -> list[Offer]:
        """What this phone was offered so far, oldest first."""
        return read_offers(self.extension, self.trace)

    def taken(self) -> list[Offer]:
        """Those it answered. Asterisk repeats an INVITE to a phone that was not there for 32 s (RFC 3261, timer B), so
        that one plugged in then is still offered, and at once cancelled, a call of before."""
        return [offer for offer in self.offers() if offer.answered_at is not None]

    def hears_somebody(self) -> bool:
        """Whether each of its talks has another side: Asterisk lets the phone into the bridge, the last column but one
        of its console, before the customer."""
        rows = [line.split("!") for line in self.pbx.cli("core show channels concise").splitlines()]
        bridges = [row[-2] for row in rows if len(row) > 2 and row[-2]]
        device = f"{self.pbx.shape.device(self.extension)}-"
        own = {row[-2] for row in rows if row[0].startswith(device)} & {*bridges}
        return bool(own) and all(bridges.count(bridge) > 1 for bridge in own)


class Caller(Sipp):
    """A customer who dials `did` once.

    `number` is the user part of From, put there unescaped (so `%0d%0a` is possible, "" is none);
    `display` the name, `asserted` the number his provider vouches for; `patience_ms` until CANCEL; `talk_ms` until his
    BYE, None = he waits for the other's. `trunk` is the provider he comes through, by default the first one; with a
    `password` he is a phone of ours.
    """

    def __init__(
        self,
        pbx: Asterisk,
        number: str,
        did: str,
        *,
        talk_ms: int | None = 2000,
        patience_ms: int = PATIENCE_MS,
        display: str = "",
        privacy: bool = False,
        asserted: str = "",
        password: str | None = None,
        trunk: str = "",
        sound: Path | None = None,
    ) -> None:
        dialling = Dialling(
            user=number, display=display, to=did, patience_ms=patience_ms, talk_ms=talk_ms, privacy=privacy,
            password=password, asserted=asserted,
        )  # fmt: skip
        self.number = number
        options = ["-m", "1", f"127.0.0.1:{pbx.ports.sip}"]
        providers = pbx.shape.providers
        host = "127.0.0.1" if password is not None else providers[trunk or next(iter(providers))]
        super().__init__(pbx, caller(dialling, sound or speech(CUSTOMER_TEXT)), _media_port(pbx), options, host=host)

    def attempt(self) -> Attempt | None:
        """How the call went so far; None until the INVITE is out."""
        found = read_attempts(self.trace)
        return found[0] if found else None

    def answered(self) -> bool:
        """Somebody picked up."""
        attempt = self.attempt()
        return attempt is not None and attempt.answered_at is not None

    def ended(self) -> bool:
        """The call is over and SIPp has left."""
        return not self.running()


class Floor:
    """All phones and callers of one test; closes them, with what they left on the line, and keeps one `PhoneLog` of
    everybody."""

    def __init__(self, pbx: Asterisk) -> None:
        self.pbx = pbx
        self.phones: list[Phone] = []
        self.callers: list[Caller] = []

    def phone(
        self,
        extension: str,
        *,
        answer_ms: int | None = 300,
        talk_ms: int | None = None,
        busy: bool = False,
        rings: bool = False,
        sound: Path | None = None,
    ) -> Phone:
        """Plug a phone in; "trunk" is the provider's far end of outgoing calls. ``sound`` is what it says."""
        made = Phone(self.pbx, extension, answer_ms=answer_ms, talk_ms=talk_ms, busy=busy, rings=rings, sound=sound)
        self.phones.append(made)
        return made

    def caller(
        self,
        number: str,
        did: str,
        *,
        talk_ms: int | None = 2000,
        patience_ms: int = PATIENCE_MS,
        display: str = "",
        privacy: bool = False,
        asserted: str = "",
        trunk: str = "",
        sound: Path | None = None,
    ) -> Caller:
        """A customer rings."""
        made = Caller(
            self.pbx, number, did, talk_ms=talk_ms, patience_ms=patience_ms, display=display, privacy=privacy,
            asserted=asserted, trunk=trunk, sound=sound,
        )  # fmt: skip
        self.callers.append(made)
        return made

    def agent_dials(self, extension: str, number: str, *, talk_ms: int | None = 2000) -> Caller:
        """An agent's phone dials a colleague or the outside, with its password; its rings are not this object's."""
        endpoint = self.pbx.shape.endpoints[extension]
        made = Caller(self.pbx, endpoint, number, talk_ms=talk_ms, password=f"change-me-{endpoint}")
        self.callers.append(made)
        return made

    def end(self, caller: Caller) -> None:
        """His call is over now: for scenes that last as long as their steps do, on any machine."""
        for line in self.pbx.cli("core show channels concise").splitlines():
            fields = line.split("!")
            if fields[0].startswith("PJSIP/") and len(fields) > _CALLER_ID and fields[_CALLER_ID] == caller.number:
                self.pbx.cli(f"channel request hangup {fields[0]}")

    def log(self) -> PhoneLog:
        """What all of them saw until now."""
        offers = [offer for phone in self.phones for offer in phone.offers()]
        attempts = [found for caller in self.callers if (found := caller.attempt()) is not None]
        return PhoneLog(sorted(offers, key=lambda o: o.offered_at), sorted(attempts, key=lambda a: a.sent_at))

    def __enter__(self) -> Floor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one in (*self.callers, *self.phones):
            one.close()
        self.pbx.hang_up()


def _media_port(pbx: Asterisk) -> int:
    """The next group of four ports of the slot's range that no living SIPp holds."""
    ports = pbx.ports.callers
    for _ in ports:
        port = ports[next(_ids) % len(ports)]
        if all(_is_unbound(port + offset) for offset in range(4)):
            return port
    raise LabError(f"all {len(ports)} groups of SIPp's ports are taken: close callers that have ended")


def _is_unbound(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _listens(port: int) -> bool:
    """Whether a UDP socket is bound there, without sending it anything that would appear in its trace."""
    wanted = f"0100007F:{port:04X}"
    return any(line.split()[1] == wanted for line in Path("/proc/net/udp").read_text().splitlines()[1:])
