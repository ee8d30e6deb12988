"""Speech models: which there are, to install one, to try one."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from callcenter.cli.parts import Commands, command, settings_of

if TYPE_CHECKING:
    from callcenter.config import Settings
    from callcenter.recording.ears import Ears
    from callcenter.recording.models import Model, Models

_SAMPLE: Final = "late_delivery"


def offer(commands: Commands) -> None:
    about = "speech models: talks are turned into text on this machine"
    speech = commands.add_parser("speech", help=about, description=about).add_subparsers(required=True)
    command(speech, "list", _list, "which are installed, and which can be")
    install = command(speech, "install", _install, "install one and try it")
    install.add_argument("source", help="a name of the list, a folder, a zip file, or its https:// address")
    install.add_argument("--sha256", default="", help="what the zip file must be")
    check = command(speech, "check", _check, "load a model and let it hear a talk that is built in")
    check.add_argument("name", nargs="?", default="", help="of those installed (default: the usual one)")


def _list(options: argparse.Namespace) -> int:
    from callcenter.recording import install

    there = _models(settings_of(options))
    installed, (lack, usual) = there.installed(), there.usual_or_lack()
    for one in installed:
        mark = "*" if usual and one.path == usual.path else " "
        print(f"{mark} {one.name:32} {one.language or '-':3} {one.engine:8} {_megabytes(one.path):6.0f} MB")
    print("* hears what no queue says otherwise for" if usual else lack)
    print("\nto be had with callcenter speech install NAME; more at https://alphacephei.com/vosk/models")
    for name, words in install.KNOWN.items():
        if name not in {one.name for one in installed}:
            print(f"  {name:32} {words}")
    return 0


def _install(options: argparse.Namespace) -> int:
    from callcenter.recording import install

    there = _models(settings_of(options))
    source = install.Source(what=options.source, sha256=options.sha256)
    with install.laid_out(source, there, lambda words: print(words, file=sys.stderr)) as model:
        well = asyncio.run(_tried(model))
        if not well:
            print(f"{model.name} is not installed", file=sys.stderr)
            return 1
        put = install.put(model, there)
    lack, usual = there.usual_or_lack()
    print(f"{put.name} is installed in {put.path}")
    print("a running service takes it up within a minute" if usual and usual.path == put.path else lack)
    return 0


def _check(options: argparse.Namespace) -> int:
    there = _models(settings_of(options))
    lack, usual = there.usual_or_lack()
    model = there.named(options.name) if options.name else usual
    if model is None:
        print(f"there is no model {options.name}; see: callcenter speech list" if options.name else lack)
        return 1
    return 0 if asyncio.run(_tried(model)) else 1


async def _tried(model: Model) -> bool:
    """Loads it and lets it hear; says what came of it."""
    from callcenter.errors import Unavailable
    from callcenter.recording.ears import Ears, NotHeard

    ears = Ears()
    try:
        began = time.monotonic()
        await ears.load(model)
        print(f"{model.name} is loaded in {time.monotonic() - began:.1f} s, {_memory(ears.pid):.0f} MB of memory")
        return await _heard(ears, model)
    except (Unavailable, NotHeard) as wrong:
        print(str(wrong))
        return False
    finally:
        await ears.close()


async def _heard(ears: Ears, model: Model) -> bool:
    from callcenter.demo import spool
    from callcenter.recording.spoken import spoken

    talk = next(one for one in spool.dialogues() if one.name == _SAMPLE)
    data = spool.pcm(talk, talk.seconds)
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        file.write(spool.header(len(data)) + data)
        file.flush()
        began = time.monotonic()
        heard = await ears.hear(Path(file.name), model)
        work = (time.monotonic() - began) / talk.seconds
    said = spoken(heard.voices)
    for one in said:
        print(f"  {one.start_s:6.1f} s  {one.speaker:8}  {one.text}")
    print(f"{work:.3f} s of work for a second of a talk: a core keeps up with {1 / work:.0f} talks at once")
    if model.language not in {"", "en"}:
        print("the talk is English, which this model is not for: what it heard means nothing, that it works does")
        return True
    if {one.speaker for one in said} != {"customer", "agent"}:
        print("it understood nothing of an English talk of two people")
        return False
    return True


def _models(settings: Settings) -> Models:
    from callcenter.recording.models import Models

    return Models.of(settings)


def _megabytes(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1024**2


def _memory(pid: int | None) -> float:
    """Megabytes the process took at most so far; 0 where the system does not tell."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((float(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), 0.0)
