"""One AMI session through panoramisk, with its weak spots mended here and nowhere else.

Ours are: framing of bytes, what a message is and whether it can be believed, the login deadline, the ping with a
deadline, and actions that are sent at most once: panoramisk would send pending ones again after a reconnect, which
calls a customer twice. A session is used once; ``feed`` makes a new one after every loss.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import panoramisk
from panoramisk.actions import Action
from panoramisk.ami_protocol import AMIProtocol

from callcenter import metrics
from callcenter.ami import framing
from callcenter.ami.reader import Reader, worth
from callcenter.clock import Clock
from callcenter.errors import Invalid, Unavailable
from callcenter.log import Secret, logger

log = logger(__name__)
_ONE_ANSWER: Final = frozenset({"Originate", "QueueAdd"})
"""panoramisk waits for more after the words of these answers; what follows comes as events, or does not come at all."""
_GREETING: Final = b"Asterisk Call Manager/"
CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 5.0

Sink = Callable[[Mapping[str, str], datetime, float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a PBX is trusted, in seconds. A peer that is silent is asked after ``ping_s`` and cut off when it does
    not answer within ``answer_s``; our channels are compared with its list every ``compare_s``, and once more after
    ``sure_s`` where they differ. ``waiting``: how many messages may wait to be taken before the link is given up.
    """

    ping_s: float = 5.0
    answer_s: float = ANSWER_SECONDS
    compare_s: float = 60.0
    sure_s: float = 2.0
    waiting: int = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """How a PBX is reached. ``tls`` None: plain TCP."""

    pbx: str
    host: str
    port: int
    username: str
    secret: Secret
    tls: ssl.SSLContext | None = None
    patience: Patience = Patience()


class LinkFailed(Unavailable):
    """No session could be had, or it was lost. ``code``: refused, unreachable, timeout, wrong_password, lost."""

    def __init__(self, code: str, remedy: str) -> None:
        super().__init__(remedy, code=code)
        self.remedy = remedy


class _Manager(panoramisk.Manager):  # type: ignore[misc]
    """panoramisk's bookkeeping of actions, without its reconnecting and pinging."""

    lost: asyncio.Future[None]

    def ping(self) -> None:
        """Ours has a deadline, see ``Session.keep``."""

    def connection_lost(self, exc: BaseException | None) -> None:
        if not self.lost.done():
            self.lost.set_result(None)


class _Protocol(AMIProtocol):  # type: ignore[misc]
    """Hands on whole, believable messages; one that fails is put aside and never costs the connection."""

    def __init__(self, pbx: str, sink: Sink, clock: Clock, raw: Callable[[bytes], None] | None) -> None:
        self._framer = framing.Framer()
        self._pbx = pbx
        self._sink = sink
        self._clock = clock
        self._raw = raw
        self._taken = metrics.ami_messages.labels(pbx=pbx)
        self._put_aside = metrics.ami_broken.labels(pbx=pbx)
        self._reader = Reader()
        self._greeting = b""
        self.broken = 0
        self.spoke_at = clock.now()

    def data_received(self, data: bytes) -> None:
        mono, self.spoke_at = self._clock.monotonic(), self._clock.now()
        if self._raw:
            self._raw(data)
        if len(self._greeting) < len(_GREETING):
            self._greeting = (self._greeting + data)[: len(_GREETING)]
            if self.strange:
                self.transport.abort()
                return
        try:
            whole = self._framer.feed(data)
        except framing.Broken:
            self.transport.abort()
            return
        taken = 0
        for message in whole if self.responses else filter(worth, whole):
            try:
                taken += self._message(message.lstrip(b"\r\n"), mono)
            except Exception as wrong:
                self.broken += 1
                self._put_aside.inc()
                log.warning("message_put_aside", pbx=self._pbx, reason=str(wrong), kind=type(wrong).__name__)
        if taken:
            self._taken.inc(taken)

    def connection_lost(self, exc: Exception | None) -> None:
        """Also before panoramisk took the connection over, when it has nobody to tell: the login's deadline will."""
        if self.factory is None:
            self.closed = True
        else:
            super().connection_lost(exc)

    @property
    def strange(self) -> bool:
        """Whether the first that came cannot be Asterisk's manager."""
        return not _GREETING.startswith(self._greeting)

    def _message(self, message: bytes, mono: float) -> bool:
        """Whether it was an event that matters."""
        if message.startswith(_GREETING):
            _banner, _, message = message.partition(b"\r\n")
        if self.responses and self._answers(message):
            return False
        fields = self._reader.read(message)
        if fields is None:
            return False
        self._sink(fields, framing.told_at(fields.get("timestamp", ""), self.spoke_at), mono)
        return True

    def _answers(self, message: bytes) -> bool:
        """Whether it is part of an answer we wait for. panoramisk sees no others: a forged Shutdown makes it close."""
        if message.startswith(b"Event: ") and b"\r\nActionID: " not in message:
            return False
        found = framing.headers(message)
        sent = self.responses.get(found.get("ActionID"))
        if sent is None:
            return False
        if sent["Action"] in _ONE_ANSWER:
            sent.future.set_result(panoramisk.Message(found))
            self.responses.pop(sent.id)
        else:
            self.handle_message(panoramisk.Message(found))
        return True


class Session:
    """A logged-in connection. Build it with ``open_session``."""

    def __init__(self, link: Link, manager: _Manager, protocol: _Protocol) -> None:
        self._link = link
        self._manager = manager
        self._protocol = protocol

    async def send(self, action: Mapping[str, str], timeout: float = ANSWER_SECONDS) -> list[dict[str, str]]:
        """Sends an action once and returns its answer: the response, then the events of its list.

        Raises Invalid for line breaks, Unavailable when no answer comes or the PBX answers an error.
        """
        for name, value in action.items():
            if any(c in "\r\n\0" for c in f"{name}{value}"):
                raise Invalid("line breaks are not allowed in an AMI action", fields={name: "line_break"})
        if self._manager.lost.done():
            raise Unavailable("the PBX is not connected", code="pbx_unavailable")
        extra = {"Async": "true"} if action.get("Action", "").lower() == "originate" else {}
        sent = Action({**action, **extra})
        future = self._manager.send_action(sent)
        try:
            await asyncio.wait({future, self._manager.lost}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._protocol.responses.pop(sent.id, None)
        if not future.done():
            future.cancel()
            raise Unavailable(f"the PBX gave no answer to {action.get('Action')}", code="pbx_no_answer")
        return _answer(action, future.result())

    @property
    def broken(self) -> int:
        """How many messages were put aside: what they told of is not known."""
        return int(self._protocol.broken)

    @property
    def spoke_at(self) -> datetime:
        """When anything came last, by our clock: in a silence of the link there may be news that never arrives."""
        return self._protocol.spoke_at

    async def keep(self) -> None:
        """Returns when the connection is lost; a peer that answers no ping in time is cut off."""
        patience = self._link.patience
        while not self._manager.lost.done():
            await asyncio.wait({self._manager.lost}, timeout=patience.ping_s)
            if self._manager.lost.done():
                return
            try:
                await self.send({"Action": "Ping"}, patience.answer_s)
            except Unavailable:
                self._protocol.transport.abort()
                return

    def close(self) -> None:
        """Ends the connection; nothing that is pending will ever be sent again."""
        self._protocol.responses.clear()
        self._manager.awaiting_actions.clear()
        if self._manager.pinger:
            self._manager.pinger.cancel()
        if not self._manager.lost.done():
            self._manager.lost.set_result(None)
        self._protocol.closed = True
        self._protocol.transport.abort()


async def open_session(link: Link, sink: Sink, clock: Clock, raw: Callable[[bytes], None] | None = None) -> Session:
    """Connects and logs in. Raises LinkFailed with a stable code and a remedy."""
    loop = asyncio.get_running_loop()
    connecting = loop.create_connection(
        lambda: _Protocol(link.pbx, sink, clock, raw), link.host, link.port, ssl=link.tls
    )
    try:
        transport, protocol = await asyncio.wait_for(connecting, CONNECT_SECONDS)
    except (TimeoutError, OSError) as wrong:
        raise _not_connected(link, wrong) from wrong
    manager = _Manager(
        host=link.host, port=link.port, username=link.username, secret=str(link.secret), loop=loop, ping_delay=3600
    )
    manager.lost = loop.create_future()
    made: asyncio.Future[Any] = loop.create_future()
    made.set_result((transport, protocol))
    manager.connection_made(made)
    session = Session(link, manager, protocol)
    try:
        await _log_in(link, manager, protocol)
    except LinkFailed:
        session.close()
        raise
    return session


async def _log_in(link: Link, manager: _Manager, protocol: _Protocol) -> None:
    login = manager.authenticated_future
    await asyncio.wait({login, manager.lost}, timeout=CONNECT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    if not login.done():
        login.remove_done_callback(manager.login)
        login.cancel()
        where = f"{link.host}:{link.port}"
        if manager.lost.done() and not protocol.strange:
            raise LinkFailed("lost", f"{where} closed the connection before the login; check deny and permit there")
        raise LinkFailed("timeout", f"{where} accepts connections but does not speak AMI; check port and TLS")
    if not login.result().success:
        raise LinkFailed(
            "wrong_password",
            f"the PBX refused user '{link.username}'; check its secret and its permit lines in manager.conf, "
            "then: asterisk -rx 'manager reload'",
        )


def _not_connected(link: Link, wrong: BaseException) -> LinkFailed:
    where = f"{link.host}:{link.port}"
    if isinstance(wrong, ssl.SSLError):
        return LinkFailed("tls", f"{where}: TLS failed ({wrong.reason}); check tlscertfile in manager.conf and tls_ca")
    if isinstance(wrong, TimeoutError):
        return LinkFailed("unreachable", f"{where} does not answer; check the address and the firewall")
    if isinstance(wrong, ConnectionRefusedError):
        return LinkFailed(
            "refused", f"nothing listens on {where}; check that Asterisk runs and manager.conf is enabled"
        )
    return LinkFailed("unreachable", f"{where} cannot be reached: {wrong}; check the host name and the network")


def _answer(action: Mapping[str, str], result: Any) -> list[dict[str, str]]:
    messages: Sequence[Any] = result if isinstance(result, list) else [result]
    answer = [{str(k).lower(): _flat(v) for k, v in message.items()} for message in messages]
    if answer and answer[0].get("response", "").lower() in ("error", "fail", "failure"):
        reason = answer[0].get("message", "")
        raise Unavailable(f"the PBX refused {action.get('Action')}: {reason}", code="pbx_refused")
    return answer


def _flat(value: object) -> str:
    return "\n".join(value) if isinstance(value, list) else str(value)
