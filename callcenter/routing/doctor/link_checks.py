"""Getting in, and the clock on the other side. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from callcenter.routing.doctor.facts import Door, Facts
from callcenter.routing.doctor.findings import Finding, Remedy, Severity, Unseen
from callcenter.routing.doctor.pasting import addition, console

_SKEW_S: Final = 2.0
_WHY: Final = "without the link no pop, no recording and no outcome comes into being"
_LOGIN: Final = frozenset({"wrong_password", "lost"})
_NO_CONTACT: Final[Mapping[str, str]] = {
    "refused": "nothing listens there",
    "unreachable": "nothing answers there",
    "timeout": "something answers there that does not speak AMI",
    "tls": "the encrypted connection cannot be made",
    "broken_off": "it let us in and then gave no answer",
}


def reachable(facts: Facts) -> Iterator[Finding | Unseen]:
    """Something answers at the address, and it is Asterisk's manager."""
    door = facts.door
    if not door.refused or door.refused in _LOGIN:
        return
    where = f"{door.host}:{door.port}"
    yield Finding(
        code={"timeout": "not_ami"}.get(door.refused, door.refused),
        severity=Severity.FAULT,
        thing=f"PBX {facts.pbx}",
        values={"address": where},
        what=_NO_CONTACT.get(door.refused, door.told),
        why=_WHY,
        remedy=_contact(facts, where),
    )


def _contact(facts: Facts, where: str) -> Remedy:
    door = facts.door
    if door.refused == "refused":
        listen = ("enabled=yes", f"port={door.port}", *(() if door.local else ("bindaddr=0.0.0.0",)))
        advice = f"Asterisk must run, and CALLCENTER_PBX__{facts.pbx.upper()}__PORT be the port of its manager."
        return addition(facts, "manager.conf", "general", *listen, advice=advice)
    if door.refused == "tls":
        return Remedy(
            advice=f"{door.told}. See what it offers: openssl s_client -connect {where}",
            commands=(f"openssl s_client -connect {where} </dev/null",),
        )
    if door.refused == "timeout":
        return Remedy(
            advice="Another service has this port, or it wants TLS and we speak plain text (or the other way round): "
            f"look at port, tlsenable and tlsbindaddr in manager.conf, and at CALLCENTER_PBX__{facts.pbx.upper()}__TLS."
        )
    if door.refused == "broken_off":
        commands = (console("core show taskprocessors"), "tail -n 100 /var/log/asterisk/messages")
        return Remedy(commands=commands, advice="Look how busy the PBX is, and run the doctor again.")
    return Remedy(
        advice=f"{door.told}.",
        commands=(f"nc -vz {door.host} {door.port}",),
    )


def encrypted(facts: Facts) -> Iterator[Finding | Unseen]:
    """Nobody on the way reads the secret and every customer's number."""
    door = facts.door
    if door.tls or door.local:
        return
    if not door.ours:
        yield nothing_asked(door)
        return
    own = f"CALLCENTER_PBX__{facts.pbx.upper()}__"
    yield Finding(
        code="plain_text",
        severity=Severity.WARNING,
        thing=f"the way to {door.host}:{door.port}",
        values={"address": f"{door.host}:{door.port}"},
        what="the AMI is spoken in plain text over a network",
        why="who listens on the way reads the secret, which can start calls and programs, and every number",
        remedy=addition(
            facts,
            "manager.conf",
            "general",
            "tlsenable=yes",
            "tlsbindaddr=0.0.0.0:5039",
            "tlscertfile=/etc/asterisk/keys/manager.pem",
            advice=f"Then for Callcenter: {own}TLS=true, {own}PORT=5039 and, for a certificate of your own, "
            f"{own}TLS_CA=<its authority>. manager.pem holds certificate and key.",
        ),
    )


def login(facts: Facts) -> Iterator[Finding | Unseen]:
    """The PBX lets our user in."""
    door = facts.door
    if door.refused not in _LOGIN:
        if door.refused:
            yield nothing_asked(door)
        return
    secret = f"secret=<the value of CALLCENTER_PBX__{facts.pbx.upper()}__SECRET>"
    yield Finding(
        code="login_refused",
        severity=Severity.FAULT,
        thing=f"user {door.username}",
        values={"username": door.username},
        what="the PBX does not let the user in; it does not tell whether for the secret or for the address",
        why=_WHY,
        remedy=Remedy(
            file="manager.conf",
            lines=(f"[{door.username}](+)", f"permit={_here(door)}"),
            commands=(console("manager reload"), console(f"manager show user {door.username}")),
            advice=f"That is for the address (on a FreePBX in manager_custom.conf). For the secret: {secret}. A user "
            "that is missing altogether is made by asterisk-conf/include/install.",
        ),
    )


def _here(door: Door) -> str:
    return f"{door.ours}/255.255.255.255" if door.ours and ":" not in door.ours else (door.ours or "<our address>")


def nothing_asked(door: Door) -> Unseen:
    """What every check says while we are not in."""
    return Unseen(
        code="no_link",
        thing=f"{door.host}:{door.port}",
        why="the PBX could not be asked",
        remedy=Remedy(advice="Mend the link first."),
    )


def clock(facts: Facts) -> Iterator[Finding | Unseen]:
    """Both clocks say the same."""
    if isinstance(facts.skew_s, Unseen):
        yield facts.skew_s
    elif abs(facts.skew_s) > _SKEW_S:
        off = f"{abs(facts.skew_s):.0f} s {'ahead of' if facts.skew_s > 0 else 'behind'}"
        yield Finding(
            code="clock_skewed",
            severity=Severity.WARNING,
            thing="the PBX's clock",
            values={"seconds": f"{facts.skew_s:.0f}"},
            what=f"it is {off} ours",
            why="calls get the PBX's times, outcomes and reports ours: waiting times and service levels come out wrong",
            remedy=Remedy(commands=("timedatectl set-ntp true", "timedatectl status"), advice="On both machines."),
        )
