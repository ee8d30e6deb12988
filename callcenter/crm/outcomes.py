"""Outcome codes: what can come of a talk. Data, so that a call center names its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.crm.models.outcomes import OutcomeCode
from callcenter.errors import Invalid, NotFound
from callcenter.owing import TRANSFERRED
from callcenter.terms import SHORT_CALL, TIMED_OUT

NO_COMMENT, OPTIONAL, REQUIRED = "none", "optional", "required"
TRANSFERRED_LABELS: Final = {"en": "Transferred", "ru": "Переведён", "it": "Trasferito", "az": "Yönləndirildi"}
_BY_RULE: Final = {
    SHORT_CALL: {"en": "Short call", "ru": "Короткий звонок", "it": "Chiamata breve", "az": "Qısa zəng"},
    TIMED_OUT: {
        "en": "Not logged in time",
        "ru": "Не указан вовремя",
        "it": "Non indicato in tempo",
        "az": "Vaxtında qeyd edilməyib",
    },
}
"""Given by rules only: no form offers a code that is not active."""
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
    session.add(OutcomeCode(code=TRANSFERRED, labels=TRANSFERRED_LABELS, comment=OPTIONAL, position=len(_FIRST) + 1))
    for position, (code, labels) in enumerate(_BY_RULE.items(), start=200):
        session.add(OutcomeCode(code=code, labels=labels, comment=NO_COMMENT, position=position, active=False))


def every(session: Session) -> list[OutcomeCode]:
    """All codes, retired ones too, in the order in which people see them."""
    return list(session.scalars(select(OutcomeCode).order_by(OutcomeCode.position, OutcomeCode.code)))


def get(session: Session, code_id: UUID) -> OutcomeCode:
    found = session.get(OutcomeCode, code_id)
    if found is None:
        raise NotFound("no such outcome")
    return found


def create(session: Session, values: Mapping[str, Any]) -> UUID:
    """A new code. Raises Invalid when there is one like it."""
    if session.scalars(select(OutcomeCode.id).where(OutcomeCode.code == values["code"])).first():
        raise Invalid("there is such a code already", fields={"code": "taken"})
    made = OutcomeCode(**values)
    _key_is_free(session, made.key, None)
    session.add(made)
    session.flush()
    return made.id


def change(session: Session, code_id: UUID, values: Mapping[str, Any]) -> OutcomeCode:
    """Changes labels, rules and order; a code itself stays, as reports count by it."""
    found = get(session, code_id)
    if values.get("key") is not None:
        _key_is_free(session, values["key"], found.id)
    for name, value in values.items():
        setattr(found, name, value)
    found.version += 1
    return found


def chosen(session: Session, code: str, comment: str, promised: bool) -> UUID:
    """The id of an active code whose rules the comment, and what is ``promised``, keep. Raises Invalid."""
    found = session.scalars(select(OutcomeCode).where(OutcomeCode.code == code)).first()
    if found is None or not found.active:
        raise Invalid("there is no such outcome, or it is no longer used", fields={"outcome": "not_allowed"})
    if found.comment == REQUIRED and not comment.strip():
        raise Invalid("this outcome needs a comment", fields={"comment": "required"})
    if comment.strip() and len(comment.strip()) < found.comment_min:
        raise Invalid(f"{found.comment_min} characters at least", fields={"comment": "too_short"})
    if found.follow_up and not promised:
        raise Invalid("this outcome needs a call back", fields={"next_step": "required"})
    if found.comment == NO_COMMENT and comment.strip():
        raise Invalid("this outcome takes no comment", fields={"comment": "not_allowed"})
    return found.id


def _key_is_free(session: Session, key: int | None, but: UUID | None) -> None:
    taken = select(OutcomeCode.id).where(OutcomeCode.key == key, OutcomeCode.active.is_(True), OutcomeCode.id != but)
    if key is not None and session.scalars(taken).first():
        raise Invalid("another outcome has this key", fields={"key": "taken"})
