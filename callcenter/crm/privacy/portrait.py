"""Everything kept about a person as a ZIP: ``person.json`` by table, and the sounds."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from datetime import datetime
from typing import IO, Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from callcenter.crm.models.calls import RecordingRow
from callcenter.crm.privacy import person
from callcenter.crm.privacy.files import Files

_NOT_TOLD: Final = frozenset({"search_text", "version", "store_key", "path", "policy_id", "tail", "merged_into"})
_READ_ME: Final = (
    "person.json holds everything that is kept about this person, by table: the card (customers), numbers "
    "(contact_points, phone_numbers), other addresses (contact_ways), calls with each agent's part (segments) and what "
    "came of it (outcomes), and the rest. Moments are UTC. audio/ holds the recordings by id.\n"
)


def rows(session: Session, customer: UUID) -> tuple[dict[str, list[dict[str, Any]]], list[RecordingRow]]:
    """By table, as JSON takes it; and the recordings. Raises NotFound."""
    found = person.find(session, customer)
    told: dict[str, list[dict[str, Any]]] = {}
    for table, row in person.rows(session, found):
        told.setdefault(table, []).append(_plain(row))
    sounds = person.recordings(session, found)
    told["recordings"] = [_plain({c.name: getattr(row, c.name) for c in row.__table__.columns}) for row in sounds]
    return told, sounds


async def pack(told: dict[str, list[dict[str, Any]]], sounds: list[RecordingRow], files: Files, to: IO[bytes]) -> None:
    """Writes the ZIP. Raises Unavailable when a sound cannot be read: half an export would look like a whole one."""
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("READ ME.txt", _READ_ME)
        archive.writestr("person.json", json.dumps(told, ensure_ascii=False, indent=2))
        for row in sounds:
            if row.state == "stored":
                with archive.open(f"audio/{row.id}.wav", "w", force_zip64=True) as sound:
                    async for piece in files.read(row.store_key):
                        sound.write(piece)


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _text(value) for name, value in row.items() if name not in _NOT_TOLD}


def _text(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
