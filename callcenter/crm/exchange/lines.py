"""Files of an import, in a folder of the service: the sheet as it came, its rows as lines of JSON, what is doubtful.

They hold customers' data: only the service's user may read them, and they go when the import is through.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final, TextIO
from uuid import UUID

from callcenter.crm.exchange import limits
from callcenter.crm.exchange.draft import Reading, read
from callcenter.crm.exchange.writing import Row
from callcenter.errors import Invalid, Unavailable

_KINDS: Final = ("sheet", "lines", "doubts", "namesakes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """``folder`` is made when first needed."""

    folder: Path

    def path(self, id: UUID, kind: str) -> Path:
        return self.folder / f"{id}.{kind}"

    async def receive(self, id: UUID, pieces: AsyncIterable[bytes]) -> None:
        """Keeps what is sent. Raises Invalid when it is too much."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        size = 0
        file = os.fdopen(os.open(self.path(id, "sheet"), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        try:
            with file:
                async for piece in pieces:
                    size += len(piece)
                    if size > limits.FILE_BYTES:
                        raise Invalid("the file is too large", code="sheet_too_large")
                    await asyncio.to_thread(file.write, piece)
        except BaseException:
            self.drop(id)
            raise

    async def convert(self, id: UUID) -> dict[str, Any]:
        """Reads the sheet in a process of its own; what it is. Raises Invalid."""
        os.close(os.open(self.path(id, "lines"), os.O_WRONLY | os.O_CREAT, 0o600))
        command = (sys.executable, "-m", "callcenter.crm.exchange.convert", *map(str, self._both(id)))
        child = await asyncio.create_subprocess_exec(
            *command,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            stdin=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(limits.SECONDS + 10):
                told, _ = await child.communicate()
        except TimeoutError:
            told = b""
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
            self.path(id, "sheet").unlink(missing_ok=True)
        found = _understood(told)
        if "error" in found:
            self.drop(id)
            raise Invalid("this file cannot be read as a sheet", code=found["error"])
        return found

    def rows(self, id: UUID, position: int, first: int, most: int, reading: Reading) -> tuple[list[Row], int]:
        """The next rows, read, and where they end. Blocks."""
        try:
            with self.path(id, "lines").open("rb") as file:
                file.seek(position)
                lines = list(islice(file, most))
        except FileNotFoundError:
            raise Unavailable("the file of this import is gone; import it again", code="import_file_gone") from None
        cells = [json.loads(line) for line in lines]
        found = [Row(n=first + i, cells=row, draft=read(row, reading)) for i, row in enumerate(cells)]
        return found, position + sum(map(len, lines))

    def write(self, id: UUID, kind: str) -> TextIO:
        """A new file, or the old one emptied."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        return os.fdopen(os.open(self.path(id, kind), flags, 0o600), "w", encoding="utf-8")

    def namesakes(self, id: UUID) -> frozenset[int]:
        """Rows whose name a customer bears already, as the check found. Blocks."""
        if not self.path(id, "namesakes").exists():
            return frozenset()
        with self.path(id, "namesakes").open(encoding="utf-8") as lines:
            return frozenset(json.loads(line)[0] for line in lines)

    def drop(self, id: UUID) -> None:
        """Forgets all files of the import."""
        for kind in _KINDS:
            self.path(id, kind).unlink(missing_ok=True)

    def held(self) -> set[UUID]:
        """Imports there are rows of. A sheet that is just being read is none yet."""
        return {UUID(file.stem) for file in self.folder.glob("*.lines") if not file.with_suffix(".sheet").exists()}

    def _both(self, id: UUID) -> tuple[Path, Path]:
        return self.path(id, "sheet").absolute(), self.path(id, "lines").absolute()


def _understood(told: bytes) -> dict[str, Any]:
    """What the child said; a child that was killed said nothing."""
    try:
        found: dict[str, Any] = json.loads(told)
    except ValueError:
        return {"error": "sheet_too_large"}
    return found
