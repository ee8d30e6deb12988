"""Keeps the listening process: starts it when there is something to hear, ends it when it hangs, starts it anew."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from callcenter.errors import Unavailable
from callcenter.health import Health
from callcenter.log import logger

log = logger(__name__)
_START_SECONDS: Final = 120.0
_LEAST_SECONDS: Final = 60.0
_SLOWEST: Final = 5.0
"""Times the length of a recording after which the process is taken for hung."""
_LONGEST_LINE: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """``voices`` has a list of utterances a channel, each a list of words; ``model`` is who listened."""

    model: str
    voices: list[list[list[dict[str, Any]]]]


class NotHeard(Exception):
    """The file itself cannot be heard: trying again would change nothing."""


class Ears:
    """One process, one file at a time. ``model`` None: nobody listens here."""

    def __init__(self, model: Path | None, health: Health) -> None:
        self.model = model
        self._health = health
        self._process: asyncio.subprocess.Process | None = None
        self._name = ""

    @property
    def pid(self) -> int | None:
        """The listening process, while there is one."""
        return self._process.pid if self._process else None

    async def hear(self, file: Path, duration_s: float) -> Heard:
        """Raises NotHeard for a bad file, Unavailable when there is no engine or it died: try again later."""
        process = await self._awake()
        assert process.stdin is not None
        try:
            async with asyncio.timeout(max(_LEAST_SECONDS, _SLOWEST * duration_s)):
                process.stdin.write(json.dumps({"file": str(file)}).encode() + b"\n")
                await process.stdin.drain()
                answer = await self._line(process)
        except (TimeoutError, ConnectionError, EOFError) as wrong:
            await self.close()
            raise Unavailable(f"the listening process {type(wrong).__name__}", code="speech_worker_died") from wrong
        if "error" in answer:
            raise NotHeard(answer["error"])
        return Heard(model=self._name, voices=answer["voices"])

    async def close(self) -> None:
        process, self._process = self._process, None
        if process and process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _awake(self) -> asyncio.subprocess.Process:
        if self.model is None:
            raise Unavailable("no speech model is set", code="speech_off")
        if self._process and self._process.returncode is None:
            return self._process
        self._process = process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "callcenter.recording.listening",
            str(self.model),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=_LONGEST_LINE,
        )
        try:
            async with asyncio.timeout(_START_SECONDS):
                told = await self._line(process)
        except (TimeoutError, EOFError) as wrong:
            await self.close()
            raise await self._ill(f"the listening process does not start: {type(wrong).__name__}") from wrong
        if "fault" in told:
            await self.close()
            raise await self._ill(told["fault"])
        self._name = told["model"]
        await self._health.well("speech")
        log.info("speech_ready", model=self._name)
        return process

    async def _ill(self, remedy: str) -> Unavailable:
        await self._health.ill("speech", "speech_unavailable", remedy)
        return Unavailable(remedy, code="speech_unavailable")

    async def _line(self, process: asyncio.subprocess.Process) -> dict[str, Any]:
        assert process.stdout is not None
        line = await process.stdout.readline()
        if not line:
            raise EOFError
        answer: dict[str, Any] = json.loads(line)
        return answer
