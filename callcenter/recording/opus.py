"""WebM/Opus by way of ffmpeg, which need not be there: a tenth of the bytes, and every browser plays and seeks it."""

from __future__ import annotations

import asyncio
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from callcenter.errors import Unavailable

_LONGEST_SECONDS: Final = 1800.0
"""A day of sound takes a busy machine so long; what takes longer is hung."""
_QUIET: Final = ("-nostdin", "-hide_banner", "-loglevel", "error", "-y", "-threads", "1")
_SAME_BYTES: Final = ("-map_metadata", "-1", "-fflags", "+bitexact", "-flags", "+bitexact")
_PACKED: Final = ("-c:a", "libopus", "-b:a", "32k", "-cues_to_front", "1", "-f", "webm")
_RATE: Final = "16000"


class NotPacked(Exception):
    """ffmpeg is there and does not take this file; the text is its own."""


@dataclass(frozen=True, slots=True)
class Packer:
    """``ffmpeg``: where it is; None: this machine has none."""

    ffmpeg: str | None

    async def pack(self, wave: Path, to: Path) -> None:
        """Channels stay apart; the same sound gives the same bytes. Raises NotPacked, Unavailable without ffmpeg."""
        await _run(self.ffmpeg, wave, (*_SAME_BYTES, *_PACKED, str(to)))

    async def unpack(self, packed: Path, to: Path) -> None:
        """A WAV file as speech engines take it. Raises NotPacked, Unavailable without ffmpeg."""
        await _run(self.ffmpeg, packed, ("-ar", _RATE, "-c:a", "pcm_s16le", "-f", "wav", str(to)))


def found() -> Packer:
    """What this machine has."""
    return Packer(shutil.which("ffmpeg"))


async def _run(ffmpeg: str | None, source: Path, how: tuple[str, ...]) -> None:
    if ffmpeg is None:
        raise Unavailable("a packed recording needs ffmpeg: install it", code="ffmpeg_missing")
    nice = shutil.which("nice")
    process = await asyncio.create_subprocess_exec(
        *((nice, "-n", "10") if nice else ()),
        *(ffmpeg, *_QUIET, "-i", str(source), *how),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(_LONGEST_SECONDS):
            _, said = await process.communicate()
    except TimeoutError:
        raise NotPacked(f"ffmpeg is not done after {_LONGEST_SECONDS:.0f} s") from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode:
        raise NotPacked(said.decode(errors="replace").strip()[-300:] or f"ffmpeg ended with {process.returncode}")
