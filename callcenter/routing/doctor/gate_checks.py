"""The gate: that it is loaded, of this version, and called by every queue. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from callcenter.routing.claim import PATIENCE_SECONDS
from callcenter.routing.doctor import queue_checks
from callcenter.routing.doctor.facts import Context, Facts
from callcenter.routing.doctor.findings import Finding, Remedy, Severity, Unseen
from callcenter.routing.doctor.pasting import addition, console, folder, installation
from callcenter.routing.doctor.sections import is_true

GATE: Final = "callcenter-member"
VERSION: Final = "15"
"""Of asterisk-conf/callcenter.conf, as its context callcenter-version says it."""
OWN: Final = (
    "callcenter-version", "callcenter-call", "callcenter-hidden", "callcenter-queue", "callcenter-direct",
    "callcenter-reach", "callcenter-record", "callcenter-announce", "callcenter-decline", "callcenter-unrecorded",
    "callcenter-record-leg", "callcenter-restore", "callcenter-restart", "callcenter-below", GATE, "callcenter-ring",
    "callcenter-answered", "callcenter-dialled", "callcenter-may", "callcenter-take", "callcenter-refuse",
    "callcenter-back", "callcenter-dial", "callcenter-click", "callcenter-spy", "callcenter-owe", "callcenter-leaves",
    "callcenter-left", "callcenter-of", "callcenter-whose",
    "callcenter-test", "callcenter-test-phone", "callcenter-route", "callcenter-ask", "callcenter-question",
    "callcenter-answer", "callcenter-person", "callcenter-say", "callcenter-marked",
)  # fmt: skip
HOOKS: Final[Mapping[str, str]] = {
    "from-pstn-custom": "callcenter-enters",
    "macro-dialout-one-predial-hook": "callcenter-phones",
    "macro-dialout-trunk-predial-hook": "callcenter-trunks",
}
"""The contexts that FreePBX leaves blank, and what of ours asterisk-conf/include calls there."""
_WHY: Final = "an agent could get his next call before the outcome of the last one is logged, whenever the CRM is down"


def loaded(facts: Facts) -> Iterator[Finding | Unseen]:
    """The dialplan has all of the gate, as this version ships it."""
    if isinstance(facts.contexts, Unseen):
        yield facts.contexts
        return
    missing = [name for name in OWN if name not in facts.contexts]
    if len(missing) == 1 and missing == ["callcenter-version"]:
        missing = []
    if missing:
        yield Finding(
            code="gate_not_loaded",
            severity=Severity.FAULT,
            thing="the dialplan",
            values={"contexts": ", ".join(missing)},
            what=f"it does not have {', '.join(missing[:4])}{' …' if len(missing) > 4 else ''}",
            why=_WHY,
            remedy=install(facts),
        )
        return
    version = version_of(facts.contexts)
    if version != VERSION:
        yield Finding(
            code="gate_of_other_version",
            severity=Severity.WARNING,
            thing="the dialplan",
            values={"loaded": version, "expected": VERSION},
            what=f"callcenter.conf is loaded in version {version or '0'}, this Callcenter ships {VERSION}",
            why="what was mended there since is not mended on this PBX",
            remedy=install(facts),
        )


def version_of(contexts: Mapping[str, Context]) -> str:
    """What callcenter.conf says of itself, "" for one that does not."""
    return next((arguments for _, _, arguments in contexts.get("callcenter-version", ())), "")


def install(facts: Facts) -> Remedy:
    """How the gate gets there, or a newer one."""
    if facts.freepbx:
        return installation(facts)
    return Remedy(
        file="extensions.conf",
        lines=("#include callcenter.conf",),
        commands=(f"cp asterisk-conf/callcenter.conf {folder(facts)}/callcenter.conf", console("dialplan reload")),
        advice="The line only where it is not there yet; the command in the folder Callcenter came in.",
    )


def called(facts: Facts) -> Iterator[Finding | Unseen]:
    """Every queue calls the gate when a member answers."""
    if hooked(facts):
        return
    for one in queue_checks.names(facts):
        if isinstance(one, Unseen):
            yield one
            continue
        name, found = one
        if GATE not in found.last(name, "membergosub"):
            yield _not_called(facts, name)


def hooked(facts: Facts) -> bool:
    """Whether calls come to the gate by FreePBX's own hooks, and queues need no line of ours."""
    if isinstance(facts.contexts, Unseen):
        return False
    return facts.freepbx and all(_leads(facts.contexts, *hook) for hook in list(HOOKS.items())[:2])


def _leads(contexts: Mapping[str, Context], hook: str, ours: str) -> bool:
    lines = contexts.get(hook, ())
    return any(app.lower() == "gosub" and arguments.startswith(f"{ours},") for _, app, arguments in lines)


def _not_called(facts: Facts, name: str) -> Finding:
    lines = (f"membergosub={GATE}", "setinterfacevar=yes")
    return Finding(
        code="gate_missing",
        severity=Severity.FAULT,
        thing=f"queue {name}",
        values={"queue": name},
        what="the gate's subroutine is not called when a member answers",
        why=_WHY,
        remedy=installation(facts) if facts.freepbx else addition(facts, "queues.conf", name, *lines),
    )


def interface_told(facts: Facts) -> Iterator[Finding | Unseen]:
    """A queue that calls the gate tells it which member answers."""
    for one in queue_checks.names(facts):
        if isinstance(one, Unseen):
            yield one
            continue
        name, found = one
        if GATE in found.last(name, "membergosub") and not is_true(found.last(name, "setinterfacevar")):
            yield Finding(
                code="setinterfacevar_off",
                severity=Severity.FAULT,
                thing=f"queue {name}",
                values={"queue": name},
                what="setinterfacevar is off",
                why="the gate is not told which member answered, and cannot pause him",
                remedy=addition(facts, "queues.conf", name, "setinterfacevar=yes"),
            )


def outgoing(facts: Facts) -> Iterator[Finding | Unseen]:
    """On a FreePBX: what agents dial themselves is owed for as well."""
    if isinstance(facts.contexts, Unseen):
        yield facts.contexts
    elif facts.freepbx and not _leads(facts.contexts, *list(HOOKS.items())[2]):
        yield Finding(
            code="outgoing_hook_missing",
            severity=Severity.WARNING,
            thing="the dialplan",
            what="macro-dialout-trunk-predial-hook does not call callcenter-trunks",
            why="whoever calls a customer himself owes an outcome only while the CRM runs",
            remedy=installation(facts, "It names the line for a hook of your own."),
        )


def alone(facts: Facts) -> Iterator[Finding | Unseen]:
    """No other installation has the gate. Who has said nothing for minutes is gone, and whoever looks next takes it."""
    if isinstance(facts.held, Unseen):
        yield facts.held
    elif facts.held and (facts.at - facts.held.at).total_seconds() < 2 * PATIENCE_SECONDS:
        machine = facts.held.holder.machine
        yield Finding(
            code="gate_elsewhere",
            severity=Severity.FAULT,
            thing="the gate",
            values={"machine": machine, "at": facts.held.at.isoformat()},
            what=f"another Callcenter has it, on {machine}",
            why="this one pauses nobody, lets nobody go and switches no recordings here: of two that did, each "
            "would let the other's agents go",
            remedy=Remedy(
                advice="End one of the two, or give it a PBX of its own; a minute later the other one takes over."
            ),
        )
