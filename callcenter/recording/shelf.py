"""Everything about calls that lies in files: the store, the PBX's spool, the journals; what is removed, goes here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import obstore
from obstore.exceptions import BaseError as StoreError
from obstore.store import ObjectStore, S3Store

from callcenter.ami import journal
from callcenter.config import Recordings
from callcenter.crm.privacy.files import Removed, Words
from callcenter.errors import Unavailable
from callcenter.recording.files import remove

_CHUNK: Final = 1024 * 1024
_WHY: Final = 300


def lacks_bucket(wrong: FileNotFoundError) -> bool:
    """Whether all of the store is missing, not one sound: S3 tells the two apart in the body only, by a code
    (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html)."""
    return "<Code>NoSuchBucket</Code>" in str(wrong)


def why(wrong: Exception) -> str:
    """What a store said, without its page of XML and the client's own account."""
    return str(wrong).partition(": <?xml")[0].partition("\n")[0][:_WHY]


def away(wrong: Exception) -> Unavailable:
    return Unavailable(f"the recording store does not answer: {why(wrong)}", code="store_unavailable")


async def take_out(store: ObjectStore, key: str) -> None:
    """Removes a sound; one that is gone already is fine. Raises Unavailable.

    S3 deletes what is not there without a word (DeleteObjects), so when it finds nothing, its bucket is not there, or
    the server does not know that request: then the sound may well be.
    """
    try:
        await obstore.delete_async(store, key)
    except FileNotFoundError as wrong:
        if isinstance(store, S3Store):
            raise Unavailable("the recording store does not delete", code="store_unavailable") from wrong
    except (StoreError, OSError) as wrong:
        raise away(wrong) from wrong


class Shelf:
    """``spools`` says where each PBX's recordings are. ``flush`` makes the journals write what they still hold."""

    def __init__(
        self,
        store: ObjectStore,
        spools: Callable[[str], Recordings],
        journals: Path,
        flush: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._spools = spools
        self._journals = journals
        self._flush = flush

    async def drop(self, keys: Sequence[str]) -> int:
        for key in keys:
            await take_out(self._store, key)
        return len(keys)

    async def drop_on_pbx(self, files: Sequence[tuple[str, str]]) -> Removed:
        removed = [await asyncio.to_thread(remove, [path], self._spools(pbx)) for pbx, path in files]
        code = next((one.code for one in removed if one.code), "")
        return Removed(gone=sum(one.gone for one in removed), left=sum(one.left for one in removed), code=code)

    async def read(self, key: str) -> AsyncIterator[bytes]:
        try:
            found = await obstore.get_async(self._store, key)
            async for piece in found.stream(min_chunk_size=_CHUNK):
                yield bytes(piece)
        except (StoreError, OSError) as wrong:
            raise away(wrong) from wrong

    async def old_journals(self, before: datetime) -> int:
        return len(await asyncio.to_thread(journal.older, self._journals, before))

    async def drop_journals(self, before: datetime) -> int:
        return await asyncio.to_thread(journal.drop, self._journals, before)

    async def blot(self, words: Words) -> int:
        self._flush()
        return await asyncio.to_thread(journal.blot, self._journals, words.numbers, words.names)
