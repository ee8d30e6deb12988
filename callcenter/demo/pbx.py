"""A PBX in one process: it speaks AMI on a socket and rings phones that nobody has to lift.

It is what the service's AMI side is tested with, so it shares no code with it.
"""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from callcenter.demo import answers, cast
from callcenter.demo.dial import Originate, originate
from callcenter.demo.floor import Floor
from callcenter.demo.pace import Pace
from callcenter.demo.queue_call import Plan, queue_call
from callcenter.demo.replies import Action, refusal, success
from callcenter.demo.spool import Spool
from callcenter.demo.spying import CONTEXT, MANNERS, heard, sit_in
from callcenter.demo.stream import frame
from callcenter.demo.switch import Phones, Switch
from callcenter.log import logger

log = logger(__name__)

QUEUES: Final = (("support", "rrmemory"), ("sales", "ringall"))
AGENTS: Final = (("PJSIP/101", "Anna"), ("PJSIP/102", "Boris"), ("PJSIP/103", "Chiara"))
OFFICE_PHONES: Final = (f"PJSIP/{cast.OFFICE_PHONE}",)
PBX_SPOOL: Final = "/var/spool/asterisk/monitor"
_LONGEST_ACTION: Final = 64 * 1024
_MOST_UNSENT: Final = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    username: str
    secret: str


class Pbx:
    """``async with Pbx(...) as pbx``: it listens on ``port`` until the block ends. ``heard``: somebody is logged in."""

    def __init__(self, account: Account, spool: Path, phones: Phones, pace: Pace) -> None:
        self.switch = Switch(Floor(QUEUES, AGENTS), Spool(spool, PBX_SPOOL), pace, phones)
        self._account = account
        self._going: set[asyncio.Task[None]] = set()
        self._doors: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.port = 0
        self.heard = asyncio.Event()

    async def start(self, port: int = 0) -> Pbx:
        """Listens on the loopback; port 0 takes a free one."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, limit=_LONGEST_ACTION)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self) -> None:
        """Ends every call and every connection at once."""
        if self._server:
            self._server.close()
        for task in self._going:
            task.cancel()
        for door in self._doors:
            door.transport.abort()
        await asyncio.gather(*self._going, return_exceptions=True)

    async def __aenter__(self) -> Pbx:
        return self if self._server else await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def call(self, plan: Plan) -> None:
        """A customer rings."""
        self._play(queue_call(self.switch, plan))

    @property
    def calls(self) -> int:
        """How many calls are being played."""
        return len(self._going)

    def _play(self, call: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(call)
        self._going.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._going.discard(task)
        if not task.cancelled() and (wrong := task.exception()):
            log.error("simulated_call_failed", exc_info=wrong)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._doors.add(writer)
        session = _Session(self, self._account, writer)
        writer.write(f"Asterisk Call Manager/{answers.AMI_VERSION}\r\n".encode())
        try:
            while session.open:
                session.take(_headers(await reader.readuntil(b"\r\n\r\n")))
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass
        finally:
            self.switch.stream.leave(session.hear)
            self._doors.discard(writer)
            writer.close()

    def dial(self, action: Action) -> bytes:
        """Originate. The answer says that it was queued; how it went is an event."""
        interface, number = action.get("channel", ""), action.get("exten", "")
        known = self.switch.floor.members(interface) or interface in OFFICE_PHONES
        if not known or not number:
            return refusal(action, "Channel not specified")
        order = Originate(
            interface=interface,
            number=number,
            shown=action.get("callerid", "") or interface.partition("/")[2],
            patience=float(action.get("timeout", "30000")) / 1000,
            channel_id=action.get("channelid", ""),
            action=action.get("actionid", ""),
            context=action.get("context", "callcenter-dial"),
        )
        if order.context != CONTEXT:
            self._play(originate(self.switch, order))
        elif number in MANNERS:
            self._play(sit_in(self.switch, order, heard(action)))
        else:
            return refusal(action, "Extension does not exist.")
        return success(action, ("Message", "Originate successfully queued"))


def _headers(message: bytes) -> Action:
    """The action's headers, names in lower case."""
    lines = message.decode(errors="replace").split("\r\n")
    pairs = (line.partition(":") for line in lines if ":" in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


class _Session:
    """One connection. ``open`` until it is refused or logs off."""

    def __init__(self, pbx: Pbx, account: Account, writer: asyncio.StreamWriter) -> None:
        self._pbx = pbx
        self._account = account
        self._writer = writer
        self._known = False
        self.open = True

    def take(self, action: Action) -> None:
        """Answers one action."""
        name = action.get("action", "").lower()
        if name == "login":
            self._log_in(action)
        elif not self._known:
            self._writer.write(refusal(action, "Permission denied"))
        elif name == "events":
            self._events(action)
        elif name == "originate":
            self._writer.write(self._pbx.dial(action))
        elif name == "logoff":
            goodbye = [("Response", "Goodbye"), ("Message", "Thanks for all the fish.")]
            self._writer.write(frame(goodbye))
            self.open = False
        elif name:
            self._writer.write(answers.answer(self._pbx.switch, action))

    def hear(self, event: bytes) -> None:
        """Passes an event on; a client that does not read is cut off, as with Asterisk's ``writetimeout``."""
        if self._writer.transport.get_write_buffer_size() > _MOST_UNSENT:
            self._writer.transport.abort()
            return
        self._writer.write(event)

    def _log_in(self, action: Action) -> None:
        right = hmac.compare_digest(action.get("secret", "").encode(), self._account.secret.encode())
        if not right or action.get("username") != self._account.username:
            self._writer.write(refusal(action, "Authentication failed"))
            self.open = False
            return
        self._known = True
        self._writer.write(success(action, ("Message", "Authentication accepted")))
        uptime = str(int(time.time() - self._pbx.switch.started))
        booted = [
            ("Event", "FullyBooted"),
            ("Privilege", "system,all"),
            ("Uptime", uptime),
            ("LastReload", uptime),
            ("Status", "Fully Booted"),
        ]
        self._writer.write(frame(booted))
        if action.get("events", "on").lower() != "off":
            self._pbx.switch.stream.listen(self.hear)
            self._pbx.heard.set()

    def _events(self, action: Action) -> None:
        listening = action.get("eventmask", "on").lower() != "off"
        stream = self._pbx.switch.stream
        if listening:
            stream.listen(self.hear)
        else:
            stream.leave(self.hear)
        self._writer.write(success(action, ("Events", "On" if listening else "Off")))
