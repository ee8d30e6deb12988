"""Reasons agents give for a pause. Data, so that a call center names its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.crm.models.desks import PauseCode
from callcenter.errors import Invalid, NotFound

_FIRST: Final = (
    ("break", False, {"en": "Break", "ru": "Перерыв", "it": "Pausa", "az": "Fasilə"}),
    ("lunch", False, {"en": "Lunch", "ru": "Обед", "it": "Pranzo", "az": "Nahar"}),
    ("training", True, {"en": "Training", "ru": "Обучение", "it": "Formazione", "az": "Təlim"}),
    ("meeting", True, {"en": "Meeting", "ru": "Совещание", "it": "Riunione", "az": "İclas"}),
    (
        "paperwork",
        True,
        {"en": "Paperwork", "ru": "Работа с документами", "it": "Pratiche", "az": "Sənəd işləri"},
    ),
)


def seed(session: Session) -> None:
    """The codes a new call center starts with; nothing where there are codes already."""
    if session.scalars(select(PauseCode.id).limit(1)).first():
        return
    for position, (code, work, labels) in enumerate(_FIRST, start=1):
        session.add(PauseCode(code=code, labels=labels, work=work, position=position))


def every(session: Session) -> list[PauseCode]:
    """All codes, retired ones too, in the order in which people see them."""
    return list(session.scalars(select(PauseCode).order_by(PauseCode.position, PauseCode.code)))


def get(session: Session, code_id: UUID) -> PauseCode:
    found = session.get(PauseCode, code_id)
    if found is None:
        raise NotFound("no such pause code")
    return found


def create(session: Session, values: Mapping[str, Any]) -> UUID:
    """A new code. Raises Invalid when there is one like it."""
    if session.scalars(select(PauseCode.id).where(PauseCode.code == values["code"])).first():
        raise Invalid("there is such a code already", fields={"code": "taken"})
    made = PauseCode(**values)
    session.add(made)
    session.flush()
    return made.id


def change(session: Session, code_id: UUID, values: Mapping[str, Any]) -> PauseCode:
    """Changes labels, order and what it counts as; a code itself stays, as reports count by it."""
    found = get(session, code_id)
    for name, value in values.items():
        setattr(found, name, value)
    found.version += 1
    return found


def chosen(session: Session, code: str) -> str:
    """An active code. Raises Invalid."""
    found = session.scalars(select(PauseCode).where(PauseCode.code == code)).first()
    if found is None or not found.active:
        raise Invalid("there is no such pause, or it is no longer used", fields={"code": "not_allowed"})
    return found.code
