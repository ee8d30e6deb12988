"""SIPp scenarios as text: one agent phone, one customer, one colleague.

SIPp 3.6 traps met here: `rrs="true"` or [next_url] stays empty and the BYE is malformed; [branch] changes
with every message, so requests of one INVITE transaction carry a branch of our own; a 487 answers the
INVITE, so the INVITE's CSeq is remembered while the CANCEL is the last message.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_HEAD = '<?xml version="1.0" encoding="UTF-8" ?>\n<!DOCTYPE scenario SYSTEM "sipp.dtd">\n<scenario name="{name}">\n'
_SDP = """v=0
o=user1 53655765 2353687637 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [rtpstream_audio_port] RTP/AVP 0 101
a=rtpmap:0 PCMU/8000
a=rtpmap:101 telephone-event/8000
"""
_BRANCH = "z9hG4bKlab-[pid]-[call_number]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialling:
    """What a UAC scenario needs: `user`/`display` go into From as they are (already SIP-escaped).

    `privacy` asks that the number be hidden; `asserted` is the one that the provider vouches for.
    """

    user: str
    display: str
    to: str
    patience_ms: int
    talk_ms: int | None
    password: str | None = None
    privacy: bool = False
    asserted: str = ""


def _send(lines: list[str], body: str = "", attributes: str = "") -> str:
    length = ["Content-Type: application/sdp", "Content-Length: [len]"] if body else ["Content-Length: 0"]
    text = "\n".join([*lines, *length, "", body])
    return f"<send{attributes}><![CDATA[\n\n{text}\n]]></send>\n"


def _reply(status: str, cseq: str = "[last_CSeq:]", body: str = "") -> str:
    lines = [
        f"SIP/2.0 {status}", "[last_Via:]", "[last_From:]", "[last_To:];tag=[pid]lab[call_number]", "[last_Call-ID:]",
        cseq, "Contact: <sip:[local_ip]:[local_port];transport=[transport]>",
    ]  # fmt: skip
    return _send(lines, body)


def _play(sound: Path | None) -> str:
    return f'<nop><action><exec rtp_stream="{sound},-1,0"/></action></nop>\n' if sound else ""


def _within(limit_ms: int | None, label: str) -> str:
    """Attributes of a recv that goes to `label` when nothing came in time; None waits for ever."""
    return "" if limit_ms is None else f' timeout="{limit_ms}" ontimeout="{label}"'


def ringing_phone(answer_ms: int | None, talk_ms: int | None, sound: Path | None) -> str:
    """A phone that rings; answers after `answer_ms` (None: never); hangs up after `talk_ms` (None: never)."""
    cancel = f'<recv request="CANCEL"{_within(answer_ms, "answer")}/>'
    end = f'<recv request="BYE"{_within(talk_ms, "hangup")}/>'
    bye = [
        "BYE [next_url] SIP/2.0", "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]",
        "From: [$us];tag=[pid]lab[call_number]", "To: [$them]", "[last_Call-ID:]", "CSeq: 7 BYE", "Max-Forwards: 70",
    ]  # fmt: skip
    return (
        _HEAD.format(name="phone")
        + '<recv request="INVITE" crlf="true" rrs="true"><action>'
        + '<ereg regexp="[0-9]+ INVITE" search_in="hdr" header="CSeq:" assign_to="cseq"/>'
        + '<ereg regexp="[^ ].*" search_in="hdr" header="To:" assign_to="us"/>'
        + '<ereg regexp="[^ ].*" search_in="hdr" header="From:" assign_to="them"/>'
        + "</action></recv>\n"
        + _reply("180 Ringing")
        + cancel
        + _reply("200 OK").replace(";tag=[pid]lab[call_number]", "")
        + _reply("487 Request Terminated", "CSeq: [$cseq]")
        + '<recv request="ACK" next="done"/>\n<label id="answer"/>\n'
        + _reply("200 OK", body=_SDP)
        + '<recv request="ACK"/>\n'
        + _play(sound)
        + end
        + _reply("200 OK").replace(";tag=[pid]lab[call_number]", "").replace("<send>", '<send next="done">')
        + '<label id="hangup"/>\n'
        + _send(bye)
        + '<recv response="200"/>\n<label id="done"/>\n</scenario>\n'
    )


def busy_phone(status: str = "486 Busy Here", *, rings: bool = False) -> str:
    """A phone that refuses every call; one that rings is refused by a person."""
    first = _reply("180 Ringing") + '<pause milliseconds="500"/>\n' if rings else ""
    steps = '<recv request="INVITE"/>\n' + first + _reply(status) + '<recv request="ACK"/>\n</scenario>\n'
    return _HEAD.format(name="busy") + steps


def moved_phone(contact: str) -> str:
    """A phone that sends every call on to another number (302)."""
    moved = _reply("302 Moved Temporarily").replace(
        "<sip:[local_ip]:[local_port];transport=[transport]>", f"<{contact}>"
    )
    return _HEAD.format(name="moved") + '<recv request="INVITE"/>\n' + moved + '<recv request="ACK"/>\n</scenario>\n'


def caller(call: Dialling, sound: Path | None) -> str:
    """Ring `call.to`; give up after the patience with CANCEL, or talk and hang up."""
    wait = _within(call.patience_ms, "giveup")
    talk = _within(call.talk_ms, "hangup")
    optional = "".join(f'<recv response="{code}" optional="true"{wait}/>\n' for code in (100, 180, 181, 183))
    opening = _request("INVITE", call, _BRANCH, 1, body=_SDP)
    last, login = 1, ""
    if call.password is not None:
        last = 2
        login = (
            '<recv response="100" optional="true"/>\n<recv response="401" auth="true"/>\n'
            + _request("ACK", call, _BRANCH, 1, to_tag=True)
            + _request("INVITE", call, _BRANCH + "b", 2, body=_SDP)
        )
    branch = _BRANCH if last == 1 else _BRANCH + "b"
    return (
        _HEAD.format(name="caller") + opening + login + optional
        + f'<recv response="200" rrs="true"{wait}/>\n'
        + _request("ACK", call, "[branch]", last, to_tag=True, target="[next_url]")
        + _play(sound)
        + f'<recv request="BYE"{talk}/>\n'
        + _reply("200 OK").replace(";tag=[pid]lab[call_number]", "").replace("<send>", '<send next="done">')
        + '<label id="hangup"/>\n'
        + _request("BYE", call, "[branch]", last + 1, to_tag=True, target="[next_url]")
        + '<recv response="200" next="done"/>\n<label id="giveup"/>\n'
        + _request("CANCEL", call, branch, last)
        + '<recv response="200"/>\n<recv response="487"/>\n'
        + _request("ACK", call, branch, last, to_tag=True)
        + '<label id="done"/>\n</scenario>\n'
    )  # fmt: skip


def _request(
    method: str, call: Dialling, branch: str, cseq: int, *, body: str = "", to_tag: bool = False, target: str = ""
) -> str:
    display = f'"{call.display}" ' if call.display else ""
    user = f"{call.user}@" if call.user else ""
    uri = f"sip:{call.to}@[remote_ip]:[remote_port]"
    lines = [
        f"{method} {target or uri} SIP/2.0",
        f"Via: SIP/2.0/[transport] [local_ip]:[local_port];branch={branch}",
        f"From: {display}<sip:{user}[local_ip]:[local_port]>;tag=[pid]lab[call_number]",
        f"To: <{uri}>" + ("[peer_tag_param]" if to_tag else ""),
        "Call-ID: [call_id]",
        f"CSeq: {cseq} {method}",
        "Contact: <sip:lab@[local_ip]:[local_port];transport=[transport]>",
        "Max-Forwards: 70",
    ]
    if method == "INVITE" and call.privacy:
        lines.append("Privacy: id")
    if method == "INVITE" and call.asserted:
        lines.append(f"P-Asserted-Identity: <sip:{call.asserted}@[local_ip]>")
    if method == "INVITE" and cseq == 2 and call.password is not None:
        lines.append(f"[authentication username={call.user} password={call.password}]")
    return _send(lines, body)
