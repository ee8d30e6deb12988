"""Keeps a listening process: starts it when there is something to hear, ends it when it hangs, starts it anew."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from callcenter.errors import Unavailable
from callcenter.recording.models import Model

_LOAD_SECONDS: Final = 180.0
_SILENT_SECONDS: Final = 60.0
"""After which a process that says nothing is taken for hung; one that listens beats every few seconds."""
_LONGEST_LINE: Final = 64 * 1024 * 1024
_LAST_WORDS: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """``voices`` has a list of utterances a channel, each a list of words; ``model`` is who listened."""

    model: str
    voices: list[list[list[dict[str, Any]]]]


class NotHeard(Exception):
    """The file itself cannot be heard: trying again would change nothing."""


class Ears:
    """One process, one file at a time. ``silent_s``: how long it may say nothing, where its engine needs no more
    patience; ``hearing``: it has a file."""

    def __init__(self, silent_s: float = _SILENT_SECONDS) -> None:
        self._silent_s = silent_s
        self.hearing = False
        self._process: asyncio.subprocess.Process | None = None
        self._complaints: IO[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The listening process, while there is one."""
        return self._process.pid if self._process else None

    async def hear(self, file: Path, model: Model) -> Heard:
        """Raises NotHeard for a bad file, Unavailable where the model cannot be read (``speech_unavailable``) or the
        process died of this file or hung (``speech_worker_died``)."""
        name, patience = await self._asked(str(file), model)
        self.hearing, silent_s = True, self._silent_s * patience
        try:
            answer = await self._line(silent_s, code="speech_worker_died")
            while "beat" in answer:
                answer = await self._line(silent_s, code="speech_worker_died")
        finally:
            self.hearing = False
        if "error" in answer:
            raise NotHeard(answer["error"])
        return Heard(model=name, voices=answer["voices"])

    async def load(self, model: Model) -> None:
        """Has the model read, so that what is wrong with it is known before there is something to hear."""
        await self._asked("", model)

    async def close(self) -> None:
        process, self._process = self._process, None
        if process and process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        if self._complaints:
            self._complaints.close()
            self._complaints = None

    async def _asked(self, file: str, model: Model) -> tuple[str, int]:
        """Sends a question off; the model's name once it is loaded, and its patience."""
        process = await self._awake()
        assert process.stdin is not None
        question = json.dumps({"file": file, "model": str(model.path)})
        with suppress(ConnectionError):
            process.stdin.write(question.encode() + b"\n")
            await process.stdin.drain()
        answer = await self._line(_LOAD_SECONDS, code="speech_unavailable")
        if "fault" in answer:
            raise Unavailable(answer["fault"], code="speech_unavailable")
        return str(answer["loaded"]), int(answer["patience"])

    async def _awake(self) -> asyncio.subprocess.Process:
        if self._process and self._process.returncode is None:
            return self._process
        await self.close()
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "callcenter.recording.listening",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=self._complaints,
            limit=_LONGEST_LINE,
        )
        return self._process

    async def _line(self, seconds: float, *, code: str) -> dict[str, Any]:
        """What it says next. Whoever waits no longer leaves no answer behind for the next one to take for his."""
        assert self._process is not None
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(seconds):
                line = await self._process.stdout.readline()
        except TimeoutError as wrong:
            await self.close()
            raise Unavailable(f"the listening process said nothing for {seconds:.0f} s", code=code) from wrong
        except BaseException:
            await asyncio.shield(self.close())
            raise
        if not line:
            last = self._last_words()
            await self.close()
            raise Unavailable(f"the listening process ended{last}", code=code)
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _last_words(self) -> str:
        """Engines tell only there why they end."""
        assert self._complaints is not None
        end = self._complaints.seek(0, os.SEEK_END)
        self._complaints.seek(max(0, end - _LAST_WORDS))
        said = self._complaints.read().decode(errors="replace").strip()
        return f": {said.splitlines()[-1]}" if said else ""
