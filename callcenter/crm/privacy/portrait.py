"""Everything kept about a person as a ZIP: ``person.json`` by table, and the sounds."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from datetime import datetime
from typing import IO, Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.crm import sounds
from callcenter.crm.models.base import Row
from callcenter.crm.models.listening import CommentRow
from callcenter.crm.models.transcripts import Utterance
from callcenter.crm.privacy import person
from callcenter.crm.privacy.files import Files
from callcenter.crm.sounds import Sound
from callcenter.errors import Refused, Unavailable

_NOT_TOLD: Final = frozenset({"search_text", "version", "store_key", "path", "policy_id", "tail", "merged_into"})
_OF_STAFF: Final = frozenset({"given", "na", "share", "score", "published_score", "failed", "verdict"})
"""How an agent was judged is told to nobody else; what was written about the talk is."""
_READ_ME: Final = (
    "person.json holds everything that is kept about this person, by table: the card (customers), numbers "
    "(contact_points, phone_numbers), other addresses (contact_ways), calls with each agent's part (segments) and what "
    "came of it (outcomes), recordings with what was said (utterances) and what listeners said about it "
    "(recording_comments, evaluations), and the rest. Moments are UTC. audio/ holds the recordings by id.\n"
)


def rows(session: Session, customer: UUID) -> tuple[dict[str, list[dict[str, Any]]], dict[UUID, Sound]]:
    """By table, as JSON takes it; and the sounds by recording. Raises NotFound, Unavailable while a sound is worked
    on."""
    found = person.find(session, customer)
    told: dict[str, list[dict[str, Any]]] = {}
    for table, row in person.rows(session, found):
        told.setdefault(table, []).append(_plain(row))
    recordings = person.recordings(session, found)
    told["recordings"] = [_columns(row) for row in recordings]
    ids = [row.id for row in recordings]
    for kind in (Utterance, CommentRow):
        beside = session.scalars(select(kind).where(kind.recording_id.in_(ids)).order_by(kind.recording_id, kind.id))
        told[kind.__tablename__] = [_columns(row) for row in beside]
    try:
        return told, {row.id: sounds.played(session, row) for row in recordings if row.state == "stored"}
    except Refused as wrong:
        raise Unavailable(str(wrong), code=wrong.code) from wrong


async def pack(told: dict[str, list[dict[str, Any]]], heard: dict[UUID, Sound], files: Files, to: IO[bytes]) -> None:
    """Writes the ZIP. Raises Unavailable when a sound cannot be read: half an export would look like a whole one."""
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("READ ME.txt", _READ_ME)
        archive.writestr("person.json", json.dumps(told, ensure_ascii=False, indent=2))
        for recording, sound in heard.items():
            with archive.open(f"audio/{recording}.{sound.suffix}", "w", force_zip64=True) as file:
                async for piece in files.read(sound.key):
                    file.write(piece)


def _columns(row: Row) -> dict[str, Any]:
    return _plain({column.name: getattr(row, column.name) for column in row.__table__.columns})


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _text(value) for name, value in row.items() if name not in _NOT_TOLD | _OF_STAFF}


def _text(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
