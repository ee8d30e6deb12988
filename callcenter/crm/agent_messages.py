"""Lines from supervisors to agents: kept, and read once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.crm.models.floor import AgentMessage, AgentMessageReader
from callcenter.crm.models.people import User
from callcenter.errors import NotFound

_SHOWN_AT_MOST: Final = 50


def send(session: Session, message: AgentMessage, readers: Iterable[UUID]) -> UUID:
    """Keeps it for these people."""
    session.add(message)
    session.flush()
    session.add_all(AgentMessageReader(message_id=message.id, user_id=reader) for reader in readers)
    session.flush()
    return message.id


def unread(session: Session, reader: UUID) -> list[tuple[AgentMessage, User]]:
    """What he has not read, the oldest first, and who wrote it."""
    found = session.execute(
        select(AgentMessage, User)
        .join(AgentMessageReader, AgentMessageReader.message_id == AgentMessage.id)
        .join(User, User.id == AgentMessage.by_id)
        .where(AgentMessageReader.user_id == reader, AgentMessageReader.read_at.is_(None))
        .order_by(AgentMessage.at, AgentMessage.id)
        .limit(_SHOWN_AT_MOST)
    )
    return [(message, author) for message, author in found]


def read(session: Session, message: UUID, reader: UUID, now: datetime) -> UUID:
    """He has read it; who wrote it. Raises NotFound where it is not for him."""
    row = session.get(AgentMessageReader, (message, reader), with_for_update=True)
    if row is None:
        raise NotFound("there is no such message")
    row.read_at = row.read_at or now
    return session.get_one(AgentMessage, message).by_id


def sent(session: Session, author: UUID) -> list[tuple[AgentMessage, list[tuple[User, datetime | None]]]]:
    """What he wrote, the newest first, and who has read it when."""
    latest = (
        select(AgentMessage)
        .where(AgentMessage.by_id == author)
        .order_by(AgentMessage.at.desc(), AgentMessage.id.desc())
    )
    messages = list(session.scalars(latest.limit(_SHOWN_AT_MOST)))
    readers: dict[UUID, list[tuple[User, datetime | None]]] = defaultdict(list)
    rows = session.execute(
        select(AgentMessageReader.message_id, User, AgentMessageReader.read_at)
        .join(User, User.id == AgentMessageReader.user_id)
        .where(AgentMessageReader.message_id.in_([message.id for message in messages]))
        .order_by(User.display_name, User.id)
    )
    for message, user, read_at in rows:
        readers[message].append((user, read_at))
    return [(message, readers[message.id]) for message in messages]
