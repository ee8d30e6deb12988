"""Outcome codes: what can come of a talk. Data, so that a call center names its own."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.crm.models import OutcomeCode

NO_COMMENT, OPTIONAL, REQUIRED = "none", "optional", "required"
_FIRST: Final = (
    ("solved", OPTIONAL, {"en": "Solved", "ru": "Решено", "it": "Risolto", "az": "Həll olundu"}),
    ("callback", OPTIONAL, {"en": "Call back", "ru": "Перезвонить", "it": "Richiamare", "az": "Geri zəng"}),
    ("order", OPTIONAL, {"en": "Order", "ru": "Заказ", "it": "Ordine", "az": "Sifariş"}),
    ("complaint", REQUIRED, {"en": "Complaint", "ru": "Жалоба", "it": "Reclamo", "az": "Şikayət"}),
    (
        "wrong_number",
        NO_COMMENT,
        {"en": "Wrong number", "ru": "Ошиблись номером", "it": "Numero errato", "az": "Səhv nömrə"},
    ),
    (
        "no_interest",
        OPTIONAL,
        {"en": "Not interested", "ru": "Не интересно", "it": "Non interessato", "az": "Maraqlanmır"},
    ),
    ("other", REQUIRED, {"en": "Other", "ru": "Другое", "it": "Altro", "az": "Digər"}),
)


def seed(session: Session) -> None:
    """The codes a new call center starts with; nothing where there are codes already."""
    if session.scalars(select(OutcomeCode.id).limit(1)).first():
        return
    for position, (code, comment, labels) in enumerate(_FIRST, start=1):
        session.add(OutcomeCode(code=code, labels=labels, comment=comment, key=position, position=position))
