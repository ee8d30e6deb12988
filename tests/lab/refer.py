"""What the transfer button of a phone sends: REFER in the customer's dialog, with Replaces after asking a colleague.

SIPp plays one dialog a call and cannot speak of another one, so the request is written here from what the two traces
say and sent from a socket of its own; Asterisk knows a dialog by its tags, not by the port.
"""

from __future__ import annotations

import re
import socket
import uuid
from urllib.parse import quote

from tests.lab.phonelog import Message, read_messages
from tests.lab.phones import Caller, Phone
from tests.until import until

_TAG = re.compile(r";tag=([^;>\s]+)")
_URI = re.compile(r"<([^>]+)>")


def refer(phone: Phone, target: str, consult: Caller | None = None) -> int:
    """`phone` sends the customer it talks with to `target`, to the very talk of `consult` where there is one.

    Returns the status Asterisk answers with, 202 when it tries.
    """
    dialog = until(lambda: _dialog(phone), 10, "a talk to transfer")
    assert dialog is not None
    invite, answer = dialog
    server = ("127.0.0.1", phone.pbx.ports.sip)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.bind(("127.0.0.1", 0))
        wire.settimeout(5)
        port = wire.getsockname()[1]
        goal = f"sip:{target}@{server[0]}:{server[1]}" + (_replaces(consult) if consult else "")
        lines = [
            f"REFER {_found(_URI, invite.headers['contact'])} SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:{port};rport;branch=z9hG4bK{uuid.uuid4().hex}",
            f"From: {answer.headers['to']}",
            f"To: {invite.headers['from']}",
            f"Call-ID: {invite.headers['call-id']}",
            "CSeq: 5 REFER",
            f"Contact: <sip:phone@127.0.0.1:{phone.port}>",
            "Max-Forwards: 70",
            f"Refer-To: <{goal}>",
            "Content-Length: 0",
        ]
        wire.sendto(("\r\n".join(lines) + "\r\n\r\n").encode(), server)
        return int(wire.recv(65536).split(b" ")[1])


def _dialog(phone: Phone) -> tuple[Message, Message] | None:
    """The newest INVITE the phone got and its own 200 to it."""
    messages = read_messages(phone.trace)
    answers = [m for m in messages if m.sent and m.status == 200 and m.method == "INVITE"]
    if not answers:
        return None
    asked = [m for m in messages if not m.sent and m.start.startswith("INVITE ")]
    invite = next(m for m in asked if m.headers["call-id"] == answers[-1].headers["call-id"])
    return invite, answers[-1]


def _replaces(consult: Caller) -> str:
    answer = until(
        lambda: next((m for m in read_messages(consult.trace) if m.status == 200 and m.method == "INVITE"), None),
        10,
        "the colleague's answer",
    )
    assert answer is not None
    theirs, ours = _found(_TAG, answer.headers["to"]), _found(_TAG, answer.headers["from"])
    return "?Replaces=" + quote(f"{answer.headers['call-id']};to-tag={theirs};from-tag={ours}", safe="")


def _found(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    assert match, text
    return match.group(1)
