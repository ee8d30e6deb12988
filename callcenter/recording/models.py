"""Speech models on this machine's disk: folders that an engine reads, each with a name that people choose by."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from callcenter.config import Settings

HOW: Final = (
    "to turn talks into text, install a speech model: callcenter speech list tells which there are, "
    "callcenter speech install NAME fetches one"
)
_CHOOSE: Final = "of several speech models, CALLCENTER_SPEECH__MODEL names the usual one: {}"
OFF: Final = "off"
"""What a queue says whose talks are not turned into text: no model's name."""
_VOSK: Final = "am"
_WHISPER: Final = "model.bin"
_LANGUAGE: Final = re.compile(r"vosk-model-(?:small-|big-|tiny-)?([a-z]{2})\b")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """``engine``: vosk, whisper, or "" where the folder holds neither; ``language`` as in ISO 639, "" where the name
    does not tell."""

    name: str
    path: Path
    engine: str
    language: str


def of(path: Path) -> Model:
    """The model in a folder, whatever there is."""
    name = path.absolute().name
    engine = "vosk" if (path / _VOSK).is_dir() else "whisper" if (path / _WHISPER).is_file() else ""
    known = _LANGUAGE.match(name)
    return Model(name=name, path=path, engine=engine, language=known[1] if known else "")


def nameable(name: str) -> bool:
    """Whether a folder may be called so: a plain name, no path."""
    return _NAME.fullmatch(name) is not None and name != OFF


class Models:
    """What is installed, looked at anew each time: a model that is put there is there without a restart.

    ``folder`` holds those that ``callcenter speech install`` put there. ``chosen`` is the one that hears what no queue
    says otherwise for: a folder anywhere, or the name of one of those; None: the only one that is installed.
    """

    def __init__(self, folder: Path, chosen: Path | None) -> None:
        self.folder = folder
        self._chosen = chosen

    @classmethod
    def of(cls, settings: Settings) -> Models:
        return cls(settings.state / "speech", settings.speech.model)

    def installed(self) -> list[Model]:
        """By name; the chosen one also where its folder is elsewhere."""
        try:
            found = [of(path) for path in self.folder.iterdir() if nameable(path.name)]
        except OSError:
            found = []
        there = {one.name: one for one in found if one.engine}
        if (chosen := self._chosen_one()) and chosen.engine:
            there.setdefault(chosen.name, chosen)
        return sorted(there.values(), key=lambda one: one.name)

    def named(self, name: str) -> Model | None:
        return next((one for one in self.installed() if one.name == name), None)

    def names(self) -> tuple[tuple[str, ...], str]:
        """Of all that are installed, and of the chosen one, there or not, "" where none is."""
        chosen = self._chosen_one()
        return tuple(one.name for one in self.installed()), chosen.name if chosen else ""

    def usual(self) -> Model | None:
        """Who hears what no queue says otherwise for; None: nobody. One that is chosen and is not there is returned,
        so that its absence is told."""
        if self._chosen is not None:
            return self._chosen_one()
        installed = self.installed()
        return installed[0] if len(installed) == 1 else None

    def any(self) -> bool:
        """Whether anybody can listen."""
        return self._chosen is not None or bool(self.installed())

    def usual_or_lack(self) -> tuple[str, Model | None]:
        """The usual one, or what to do that there is one."""
        if found := self.usual():
            return "", found
        names = ", ".join(one.name for one in self.installed())
        return (_CHOOSE.format(names) if names else HOW), None

    def _chosen_one(self) -> Model | None:
        if self._chosen is None:
            return None
        inside = self.folder / self._chosen.name
        return of(inside if not self._chosen.is_dir() and inside.is_dir() else self._chosen)
