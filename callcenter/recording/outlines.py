"""Outlines of stored recordings: measured when the first listener asks, and kept beside the row."""

from __future__ import annotations

import asyncio

import obstore
from obstore.store import ObjectStore
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.crm.models.calls import RecordingRow
from callcenter.crm.models.listening import OutlineRow
from callcenter.crm.upsert import upsert
from callcenter.db import Database
from callcenter.recording.files import HEAD, form
from callcenter.recording.outline import Outline

_PIECE = 1024 * 1024


async def find(db: Database, store: ObjectStore, row: RecordingRow) -> OutlineRow:
    """Raises NotARecording; obstore's and OSError when the store does not answer."""
    known = select(OutlineRow).where(OutlineRow.recording_id == row.id)
    if found := await db.read(lambda s: s.scalar(known)):
        return found
    measured = await measure(store, row)
    values = {"bar_s": measured.bar_s, "channels": len(measured.bars), "bars": b"".join(measured.bars)}

    def write(session: Session) -> OutlineRow:
        if session.get_one(RecordingRow, row.id).state == "stored":
            upsert(session, OutlineRow, {"recording_id": row.id}, values)
        return OutlineRow(recording_id=row.id, **values)

    return await db.write(write)


async def measure(store: ObjectStore, row: RecordingRow) -> Outline:
    """Reads the recording once, a piece at a time, so that an hour of it needs no more memory than a minute."""
    head = bytes(await obstore.get_range_async(store, row.store_key, start=0, end=min(HEAD, row.size)))
    wave = form(head, row.size)
    outline, left, skip = Outline(wave), wave.data_bytes, wave.data_at
    async for chunk in (await obstore.get_async(store, row.store_key)).stream(min_chunk_size=_PIECE):
        piece = bytes(chunk)[skip:][:left]
        skip = max(0, skip - len(chunk))
        left -= len(piece)
        await asyncio.to_thread(outline.feed, piece)
    outline.end()
    return outline
