"""What this machine needs for recordings beside the PBX: a speech model, and ffmpeg. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from callcenter.routing.doctor.facts import Facts, Machine
from callcenter.routing.doctor.findings import Finding, Remedy, Severity, Unseen
from callcenter.routing.doctor.pasting import SETTINGS

_LIST: Final = "callcenter speech list"
_INSTALL: Final = Remedy(
    commands=(_LIST, "callcenter speech install vosk-model-small-en-us-0.15", "callcenter speech check"),
    advice="Take the model of your callers' language. A running service uses it within a minute.",
)


def speech_model(facts: Facts) -> Iterator[Finding | Unseen]:
    """Talks are turned into text, by models that are there."""
    machine = facts.machine
    if machine is None:
        return
    if machine.chosen and machine.chosen not in machine.models:
        yield _absent("speech_model_absent", "CALLCENTER_SPEECH__MODEL", machine.chosen)
    elif not machine.models:
        yield _none()
    elif not machine.chosen and len(machine.models) > 1:
        yield _unchosen(machine)
    if isinstance(facts.books, Unseen):
        return
    for queue, model in sorted(facts.books.speech.items()):
        if model not in machine.models:
            yield _absent("speech_model_of_queue", f"queue {queue}", model)


def _none() -> Finding:
    return Finding(
        code="speech_model_missing",
        severity=Severity.NOTE,
        thing="speech",
        what="no speech model is installed",
        why="recordings are kept without a text, so that nobody can search what was said",
        remedy=_INSTALL,
    )


def _unchosen(machine: Machine) -> Finding:
    return Finding(
        code="speech_model_unchosen",
        severity=Severity.WARNING,
        thing="speech",
        values={"models": ", ".join(machine.models)},
        what=f"several models are installed and none is the usual one: {', '.join(machine.models)}",
        why="only the talks of queues that name a model get a text",
        remedy=Remedy(
            file=SETTINGS,
            lines=(f"CALLCENTER_SPEECH__MODEL={machine.models[0]}",),
            commands=("systemctl restart callcenter",),
        ),
    )


def _absent(code: str, thing: str, model: str) -> Finding:
    return Finding(
        code=code,
        severity=Severity.WARNING,
        thing=thing,
        values={"model": model},
        what=f"the speech model {model} is not there",
        why="its talks wait for a text that nobody writes",
        remedy=Remedy(
            commands=(_LIST, f"callcenter speech install {model}"),
            advice="Or choose one that is installed.",
        ),
    )


def packing(facts: Facts) -> Iterator[Finding | Unseen]:
    """Recordings are packed."""
    if facts.machine is not None and not facts.machine.ffmpeg:
        yield Finding(
            code="ffmpeg_missing",
            severity=Severity.NOTE,
            thing="ffmpeg",
            what="it is not installed",
            why="recordings stay WAV files, ten times as large as they need be",
            remedy=Remedy(
                commands=("apt-get install ffmpeg", "systemctl restart callcenter"),
                advice="What was stored before stays as it is.",
            ),
        )
