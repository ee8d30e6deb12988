"""What lies outside the database, as retention and erasure need it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What names a person in a stream: ``numbers`` as digits only, ``names`` as they were shown."""

    numbers: tuple[str, ...]
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """Files that are gone, and those that could not be removed, with why in ``code``."""

    gone: int
    left: int
    code: str = ""


class Files(Protocol):
    """The recording store, the PBX's spool as far as it can be reached, and the journals. Blocks nobody; raises
    Unavailable when the store does not answer."""

    async def drop(self, keys: Sequence[str]) -> int:
        """Removes sounds from the store; how many. One that is gone already counts too."""
        ...

    async def drop_on_pbx(self, files: Sequence[tuple[str, str]]) -> Removed:
        """Removes a PBX's own files (its name and the file's each), and the two sides beside each."""
        ...

    def read(self, key: str) -> AsyncIterator[bytes]:
        """A sound out of the store, piece by piece."""
        ...

    async def old_journals(self, before: datetime) -> int:
        """How many journal files were last written to before that."""
        ...

    async def drop_journals(self, before: datetime) -> int:
        """Removes those; how many."""
        ...

    async def blot(self, words: Words) -> int:
        """Makes the words unreadable in every journal; in how many places."""
        ...
