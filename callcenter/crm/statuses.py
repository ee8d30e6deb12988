"""Where customers stand, from the first contact on: data, so that a call center names its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.crm.models.cards import StatusRow
from callcenter.errors import Invalid, NotFound, Refused

FIRST: Final = "new"
"""What a card born of a call has: it can be renamed and recoloured, not retired."""
_FIRST: Final = (
    (FIRST, "grey", "sparkle", {"en": "New", "ru": "Новый", "it": "Nuovo", "az": "Yeni"}),
    ("cold", "blue", "snow", {"en": "Cold", "ru": "Холодный", "it": "Freddo", "az": "Soyuq"}),
    ("warm", "amber", "sun", {"en": "Warm", "ru": "Тёплый", "it": "Tiepido", "az": "İlıq"}),
    ("hot", "red", "fire", {"en": "Hot", "ru": "Горячий", "it": "Caldo", "az": "İsti"}),
    ("regular", "green", "check", {"en": "Regular", "ru": "Постоянный", "it": "Abituale", "az": "Daimi"}),
    ("vip", "purple", "star", {"en": "VIP", "ru": "VIP", "it": "VIP", "az": "VIP"}),
)


def seed(session: Session) -> None:
    """The statuses a new call center starts with; nothing where there are some already."""
    if session.scalars(select(StatusRow.id).limit(1)).first():
        return
    for position, (code, colour, icon, labels) in enumerate(_FIRST, start=1):
        session.add(StatusRow(code=code, colour=colour, icon=icon, labels=labels, position=position))


def every(session: Session) -> list[StatusRow]:
    """All, retired ones too, in the order in which people see them."""
    return list(session.scalars(select(StatusRow).order_by(StatusRow.position, StatusRow.code)))


def get(session: Session, status_id: UUID) -> StatusRow:
    found = session.get(StatusRow, status_id)
    if found is None:
        raise NotFound("no such status")
    return found


def create(session: Session, values: Mapping[str, Any]) -> UUID:
    if session.scalars(select(StatusRow.id).where(StatusRow.code == values["code"])).first():
        raise Invalid("there is such a status already", fields={"code": "taken"})
    made = StatusRow(**values)
    session.add(made)
    session.flush()
    return made.id


def change(session: Session, status_id: UUID, values: Mapping[str, Any]) -> StatusRow:
    """Changes how it is shown, or retires it; the code stays, as cards and reports name it."""
    found = get(session, status_id)
    if found.code == FIRST and values.get("active") is False:
        raise Refused("new cards have this status; it stays", code="status_needed")
    for name, value in values.items():
        setattr(found, name, value)
    found.version += 1
    session.flush()
    return found


def must_be_used(session: Session, code: str) -> None:
    """Raises Invalid when cards cannot get this status."""
    if session.scalars(select(StatusRow.id).where(StatusRow.code == code, StatusRow.active)).first() is None:
        raise Invalid("there is no such status, or it is no longer used", fields={"status": "not_allowed"})
