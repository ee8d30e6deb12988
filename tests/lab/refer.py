"""What the buttons of a phone send in its talk with a customer: transfer (REFER, with Replaces after advice) and hold.

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

    Returns the status Asterisk answers with, 202 when it tries. It lets the phone into the talk before the customer
    and hands nobody on until he is there, whatever it answered: so that is waited for.
    """
    until(phone.hears_somebody, 10, f"somebody who hears {phone.extension}")
    goal = f"sip:{target}@127.0.0.1:{phone.pbx.ports.sip}" + (_replaces(consult) if consult else "")
    return _asked(phone, "REFER", 7, [f"Refer-To: <{goal}>"])


def hold(phone: Phone) -> None:
    """`phone` puts the customer on hold: it goes on sending and will not hear (RFC 3264 section 8.4)."""
    assert _asked(phone, "INVITE", 5, [], _media("sendonly")) == 200


def resume(phone: Phone) -> None:
    """And talks with him again."""
    assert _asked(phone, "INVITE", 6, [], _media("sendrecv")) == 200


def _media(direction: str) -> str:
    version = 1 if direction == "sendonly" else 2
    lines = [
        "v=0", f"o=user1 53655765 {2353687637 + version} IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0",
        "m=audio 9 RTP/AVP 0 101", "a=rtpmap:0 PCMU/8000", "a=rtpmap:101 telephone-event/8000", f"a={direction}",
    ]  # fmt: skip
    return "".join(f"{line}\r\n" for line in lines)


def _asked(phone: Phone, method: str, cseq: int, headers: list[str], body: str = "") -> int:
    """Sends a request in the dialog of the phone's newest talk; the final status of the answer."""
    dialog = until(lambda: _dialog(phone), 10, "a talk to act on")
    assert dialog is not None
    server = ("127.0.0.1", phone.pbx.ports.sip)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.bind(("127.0.0.1", 0))
        wire.settimeout(5)
        branch = f"z9hG4bK{uuid.uuid4().hex}"
        wire.sendto(_request(phone, dialog, wire.getsockname()[1], branch, (method, cseq), headers, body), server)
        status = 100
        while status < 200:
            status = int(wire.recv(65536).split(b" ")[1])
        if method == "INVITE":
            wire.sendto(_request(phone, dialog, wire.getsockname()[1], branch + "a", ("ACK", cseq), [], ""), server)
        return status


def _request(
    phone: Phone,
    dialog: tuple[Message, Message],
    port: int,
    branch: str,
    what: tuple[str, int],
    headers: list[str],
    body: str,
) -> bytes:
    invite, answer = dialog
    lines = [
        f"{what[0]} {_found(_URI, invite.headers['contact'])} SIP/2.0",
        f"Via: SIP/2.0/UDP 127.0.0.1:{port};rport;branch={branch}",
        f"From: {answer.headers['to']}",
        f"To: {invite.headers['from']}",
        f"Call-ID: {invite.headers['call-id']}",
        f"CSeq: {what[1]} {what[0]}",
        f"Contact: <sip:phone@127.0.0.1:{phone.port}>",
        "Max-Forwards: 70",
        *headers,
        *(["Content-Type: application/sdp"] if body else []),
        f"Content-Length: {len(body)}",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


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
