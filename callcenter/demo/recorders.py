"""The recorders of the simulated PBX, as its manager starts, silences and stops them."""

from __future__ import annotations

from dataclasses import dataclass, field

from callcenter.demo.spool import Dialogue, Spool


@dataclass(slots=True)
class Recorder:
    """``turns``: the moments at which it was silenced and given sound again, in turn."""

    file: str
    turns: list[float] = field(default_factory=list)
    stopped: bool = False

    def mute(self, now: float, *, on: bool) -> bool:
        """Whether that changed anything."""
        changes = on != bool(len(self.turns) % 2)
        if changes:
            self.turns.append(now)
        return changes


class Recorders:
    """Of each channel, by its Uniqueid."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._of: dict[str, list[Recorder]] = {}

    def start(self, uniqueid: str, file: str, since: float | None = None) -> str:
        """What the PBX calls the file; one that begins within a talk is silent before ``since``."""
        self._spool.begin(file)
        turns = [0.0, since] if since is not None else []
        self._of.setdefault(uniqueid, []).append(Recorder(file, turns))
        return self._spool.name(file)

    def running(self, uniqueid: str) -> list[Recorder]:
        return [one for one in self._of.get(uniqueid, ()) if not one.stopped]

    def drop(self, uniqueid: str) -> None:
        self._of.pop(uniqueid, None)

    def finish(self, uniqueid: str, dialogue: Dialogue, seconds: float, now: float) -> None:
        """The files are whole before the Hangup of their channel is told."""
        for one in self._of.pop(uniqueid, []):
            into = [at - (now - seconds) for at in (*one.turns, *[now] * (len(one.turns) % 2))]
            self._spool.finish(one.file, dialogue, seconds, zip(into[::2], into[1::2], strict=True))
