"""What the phones saw, read from SIPp's own message trace: the truth every PBX test is measured against.

A trace is a text file; each message is preceded by a line of dashes with the wall clock in µs and by
"UDP message sent" or "received".  Nothing here knows about AMI.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote

_SPLIT = re.compile(rb"^-{20,} (\d{4}-\d\d-\d\d[ \t]\d\d:\d\d:\d\d\.\d+)\r?\n", re.M)
_URI_USER = re.compile(r"<?sips?:(?:([^@>;]*)@)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One SIP message as SIPp saw it; `at` is epoch seconds, `start` the first line."""

    at: float
    sent: bool
    start: str
    headers: dict[str, str]

    @property
    def method(self) -> str:
        """INVITE for the request and for all its answers."""
        return self.headers.get("cseq", "").rpartition(" ")[2]

    @property
    def status(self) -> int | None:
        """None for a request."""
        return int(self.start.split(" ")[1]) if self.start.startswith("SIP/2.0 ") else None


@dataclass(slots=True, kw_only=True)
class Offer:
    """One ringing of one phone; times are epoch seconds.

    `dialled` is the user part of the request: the number that reaches the provider on "trunk".
    `result`: ringing, talking, talked, cancelled, answered_elsewhere, rejected.
    `ended_by`: phone or pbx; None while it lasts.
    """

    phone: str
    call_id: str
    customer: str
    dialled: str
    offered_at: float
    answered_at: float | None = None
    ended_at: float | None = None
    result: str = "ringing"
    ended_by: str | None = None


@dataclass(slots=True, kw_only=True)
class Attempt:
    """One call placed by a `Caller`; `number` as the user part of From, decoded; times are epoch seconds."""

    number: str
    dialled: str
    call_id: str
    sent_at: float
    ringing_at: float | None = None
    answered_at: float | None = None
    ended_at: float | None = None
    final_code: int | None = None
    ended_by: str | None = None


@dataclass(slots=True)
class PhoneLog:
    """Everything a set of traces says, ordered by time."""

    offers: list[Offer] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)

    def of(self, phone: str) -> list[Offer]:
        """The offers one phone got."""
        return [offer for offer in self.offers if offer.phone == phone]

    def answered(self) -> list[Offer]:
        """Offers that became a talk, in the order of the answers."""
        return sorted((o for o in self.offers if o.answered_at is not None), key=lambda o: o.answered_at or 0)


def read_messages(trace: Path) -> list[Message]:
    """Parse a trace; a message still being written at the end is left for the next reading."""
    if not trace.exists():
        return []
    parts = _SPLIT.split(trace.read_bytes())
    found: list[Message] = []
    for stamp, block in zip(parts[1::2], parts[2::2], strict=True):
        kind, _, text = block.partition(b"\n\n")
        lines = text.decode("utf-8", "replace").replace("\r\n", "\n").strip("\n").split("\n")
        if not lines[0] or b"message" not in kind or "\n\n" not in text.decode("utf-8", "replace").replace("\r", ""):
            continue
        at = datetime.fromisoformat(stamp.decode().replace("\t", " ")).astimezone().timestamp()
        found.append(Message(at=at, sent=b"sent" in kind, start=lines[0], headers=_headers(lines[1:])))
    return found


def read_offers(phone: str, trace: Path) -> list[Offer]:
    """The offers in one phone's trace; retransmissions change nothing."""
    offers: dict[str, Offer] = {}
    for message in read_messages(trace):
        call_id = message.headers.get("call-id", "")
        if message.method == "INVITE" and message.status is None and not message.sent:
            customer = user_of(message.headers.get("from", ""))
            dialled = user_of(message.start.split(" ")[1])
            offers.setdefault(
                call_id,
                Offer(phone=phone, call_id=call_id, customer=customer, dialled=dialled, offered_at=message.at),
            )
        elif call_id in offers:
            _progress(offers[call_id], message)
    return sorted(offers.values(), key=lambda offer: offer.offered_at)


def _progress(offer: Offer, message: Message) -> None:
    if offer.ended_at is not None:
        return
    if message.method == "INVITE" and message.sent and message.status is not None:
        if message.status == 200 and offer.answered_at is None:
            offer.answered_at, offer.result = message.at, "talking"
        elif message.status >= 300:
            offer.ended_at, offer.result, offer.ended_by = message.at, "rejected", "phone"
    elif message.method == "CANCEL" and message.status is None:
        elsewhere = "cause=26" in message.headers.get("reason", "") or "cause=200" in message.headers.get("reason", "")
        offer.result = "answered_elsewhere" if elsewhere else "cancelled"
        offer.ended_at, offer.ended_by = message.at, "pbx"
    elif message.method == "BYE" and message.status is None:
        offer.ended_at, offer.result = message.at, "talked"
        offer.ended_by = "phone" if message.sent else "pbx"


def read_attempts(trace: Path) -> list[Attempt]:
    """The calls in one caller's trace."""
    attempts: dict[str, Attempt] = {}
    for message in read_messages(trace):
        call_id = message.headers.get("call-id", "")
        if message.method == "INVITE" and message.status is None and message.sent:
            attempts.setdefault(call_id, _attempt(message, call_id))
        elif call_id in attempts:
            _attempt_progress(attempts[call_id], message)
    return sorted(attempts.values(), key=lambda attempt: attempt.sent_at)


def _attempt(message: Message, call_id: str) -> Attempt:
    number, dialled = user_of(message.headers.get("from", "")), user_of(message.headers.get("to", ""))
    return Attempt(number=number, dialled=dialled, call_id=call_id, sent_at=message.at)


def _attempt_progress(attempt: Attempt, message: Message) -> None:
    status = message.status
    if message.method == "INVITE" and status is not None and not message.sent and attempt.final_code is None:
        if status in (180, 183) and attempt.ringing_at is None:
            attempt.ringing_at = message.at
        elif status == 200:
            attempt.answered_at, attempt.final_code = message.at, status
        elif status >= 300 and status != 401:
            attempt.final_code = status
            attempt.ended_at = attempt.ended_at or message.at
            attempt.ended_by = attempt.ended_by or "pbx"
    elif message.method in ("BYE", "CANCEL") and status is None and attempt.ended_at is None:
        attempt.ended_at = message.at
        attempt.ended_by = "caller" if message.sent else "pbx"


def user_of(address: str) -> str:
    """User part of a From/To header, percent-decoded; empty when there is none."""
    match = _URI_USER.search(address.rpartition("<")[2] if "<" in address else address)
    return unquote(match.group(1) or "") if match else ""


def _headers(lines: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        if not line:
            break
        name, _, value = line.partition(":")
        headers.setdefault(name.strip().lower(), value.strip())
    return headers
