"""Outcome codes: what can come of a talk. Data, so that a call center names its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from callcenter.crm import card_fields, code_rules, messages, own_fields, statuses
from callcenter.crm.code_rules import NO_COMMENT, OPTIONAL, REQUIRED, CardField, Choice, Code, Offer, System, Tree
from callcenter.crm.models.customers import Customer
from callcenter.crm.models.outcomes import OutcomeCode, OutcomeExtra
from callcenter.crm.own_fields import OWN
from callcenter.crm.upsert import table_of
from callcenter.errors import Invalid, NotFound
from callcenter.owing import TRANSFERRED
from callcenter.statement import Statement
from callcenter.terms import SHORT_CALL, TIMED_OUT

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
        "no_interest",
        OPTIONAL,
        {"en": "Not interested", "ru": "Не интересно", "it": "Non interessato", "az": "Maraqlanmır"},
    ),
    ("other", REQUIRED, {"en": "Other", "ru": "Другое", "it": "Altro", "az": "Digər"}),
)
_SYSTEM: Final[Mapping[System, Mapping[str, str]]] = {
    System.WRONG_NUMBER: {"en": "Wrong number", "ru": "Ошиблись номером", "it": "Numero errato", "az": "Səhv nömrə"},
    System.SPAM: {"en": "Spam", "ru": "Спам", "it": "Spam", "az": "Spam"},
    System.SILENT: {"en": "Silent call", "ru": "Тишина в трубке", "it": "Chiamata muta", "az": "Səssiz zəng"},
    System.TEST: {"en": "Test call", "ru": "Проверочный звонок", "it": "Chiamata di prova", "az": "Sınaq zəngi"},
    System.NO_CUSTOMER: {"en": "No customer", "ru": "Не клиент", "it": "Non è un cliente", "az": "Müştəri deyil"},
}


_ORDER: Final = (OutcomeCode.position, OutcomeCode.code)
_read: Final = Statement(lambda _: select(table_of(OutcomeCode)).order_by(*_ORDER))
_beside: Final = Statement(
    lambda _: (
        select(OutcomeCode.code)
        .join(OutcomeExtra, OutcomeCode.id == OutcomeExtra.code_id)
        .where(OutcomeExtra.segment_id == bindparam("segment"))
        .order_by(OutcomeExtra.position)
    )
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
    for position, (system, names) in enumerate(_SYSTEM.items(), start=301):
        row = OutcomeCode(code=system, labels=dict(names), comment=NO_COMMENT, position=position, system=system)
        row.confirm = system is System.SPAM
        session.add(row)


def every(session: Session) -> list[OutcomeCode]:
    """All codes, retired ones too, in the order in which people see them: what is in a group behind it."""
    return _in_order(session.scalars(select(OutcomeCode).order_by(*_ORDER)))


def _in_order(rows: Iterable[Any]) -> list[Any]:
    under: dict[UUID | None, list[Any]] = {}
    for row in rows:
        under.setdefault(row.parent_id, []).append(row)
    return list(_unfolded(under, None))


def _unfolded(under: Mapping[UUID | None, list[Any]], parent: UUID | None) -> list[Any]:
    return [one for row in under.get(parent, ()) for one in (row, *_unfolded(under, row.id))]


def tree(session: Session) -> Tree:
    """The same as rules read them."""
    return _tree(_in_order(_read(session, {})))


def _tree(rows: Sequence[Any]) -> Tree:
    names = {row.id: row.code for row in rows}
    return Tree(codes={row.code: _value(row, names) for row in rows})


def get(session: Session, code_id: UUID) -> OutcomeCode:
    found = session.get(OutcomeCode, code_id)
    if found is None:
        raise NotFound("no such outcome")
    return found


def create(session: Session, values: Mapping[str, Any]) -> UUID:
    """A new code. Raises Invalid when there is one like it, or where it cannot stand."""
    if session.scalars(select(OutcomeCode.id).where(OutcomeCode.code == values["code"])).first():
        raise Invalid("there is such a code already", fields={"code": "taken"})
    made = OutcomeCode(system="", **values)
    _judge(session, made)
    session.add(made)
    session.flush()
    return made.id


def change(session: Session, code_id: UUID, values: Mapping[str, Any]) -> OutcomeCode:
    """Changes labels, rules and order; a code itself stays, as reports count by it. Raises Invalid."""
    found = get(session, code_id)
    with session.no_autoflush:
        for name, value in values.items():
            setattr(found, name, value)
        _judge(session, found)
    found.version += 1
    return found


def move(session: Session, code_id: UUID, parent: UUID | None, before: UUID | None) -> OutcomeCode:
    """Puts the code, with all under it, into another group (None: the root) or another place among its brothers: before
    one of them, else last. Raises Invalid."""
    moved = change(session, code_id, {"parent_id": parent})
    rows = [row for row in every(session) if row.parent_id == parent and row.id != code_id]
    at = next((n for n, row in enumerate(rows) if row.id == before), len(rows))
    for position, row in enumerate([*rows[:at], moved, *rows[at:]], start=1):
        row.position = position
    session.flush()
    return moved


def chosen(
    session: Session, offer: Offer, choice: Choice, card: Callable[[], Customer | None]
) -> tuple[UUID, tuple[UUID, ...]]:
    """The ids of the primary code and of those beside it, where the choice satisfies them. Raises Invalid. The card is
    looked at where a code asks for fields of it."""
    rows = _in_order(_read(session, {}))
    known = _tree(rows)
    if any(known.codes[code].needs for code in (choice.outcome, *choice.extras) if code in known.codes):
        choice = replace(choice, lacking=lacking(session, card()))
    if wrong := code_rules.faults(known, offer, choice):
        raise Invalid("this outcome lacks something, or is not offered here", fields=wrong)
    ids = {row.code: row.id for row in rows}
    return ids[choice.outcome], tuple(ids[code] for code in choice.extras)


def extras(session: Session, segments: Collection[UUID]) -> dict[UUID, list[str]]:
    """The codes beside the primary ones, by segment."""
    told = {segment: [row.code for row in _beside(session, {"segment": segment})] for segment in segments}
    return {segment: codes for segment, codes in told.items() if codes}


def lacking(session: Session, card: Customer | None) -> frozenset[str]:
    """Which fields of the card are empty, those of the call center's own too that such a card has."""
    if card is None:
        return frozenset()
    empty = frozenset(CardField) - code_rules.filled({name: getattr(card, name) for name in CardField})
    return empty | own_fields.lacking(card_fields.used(session).values(), card.kind, card.extra)


def _value(row: Any, names: Mapping[UUID, str]) -> Code:
    return Code(
        code=row.code,
        parent=names.get(row.parent_id, "") if row.parent_id else "",
        group=bool(row.is_group),
        active=row.active is not False,
        comment=row.comment or OPTIONAL,
        comment_min=row.comment_min or 0,
        follow_up=bool(row.follow_up),
        confirm=bool(row.confirm),
        do_not_call=bool(row.do_not_call),
        needs=frozenset(name for name in row.needs or () if name in set(CardField) or name.startswith(OWN)),
        system=System(row.system) if row.system else None,
    )


def _judge(session: Session, row: OutcomeCode) -> None:
    """Raises Invalid for a key that is taken, a status there is not, and a place in the tree that cannot be."""
    taken = select(OutcomeCode.id).where(
        OutcomeCode.key == row.key, OutcomeCode.active.is_(True), OutcomeCode.code != row.code
    )
    if row.key is not None and session.scalars(taken).first():
        raise Invalid("another outcome has this key", fields={"key": "taken"})
    added = {name for name in row.needs or () if name.startswith(OWN)}
    if added - {field.name for field in card_fields.used(session).values()}:
        raise Invalid("there is no such field", fields={"needs": "not_allowed"})
    if row.template_id:
        messages.must_be_used(session, row.template_id)
    if row.set_status:
        _used(session, row.set_status)
    if row.system and (row.comment != NO_COMMENT or row.follow_up or row.needs):
        raise Invalid("one stroke logs it: it asks for nothing", fields={"system": "not_allowed"})
    rows = session.scalars(select(OutcomeCode)).all()
    names = {one.id: one.code for one in rows}
    if row.parent_id is not None and row.parent_id not in names:
        raise Invalid("there is no such group", fields={"parent_id": "not_allowed"})
    stands = Tree(codes={one.code: _value(one, names) for one in rows if one.code != row.code})
    own = _value(row, names)
    if wrong := code_rules.misplaced(replace(stands, codes={**stands.codes, own.code: replace(own, parent="")}), own):
        raise Invalid("it cannot stand there", fields=wrong)


def _used(session: Session, status: str) -> None:
    try:
        statuses.must_be_used(session, status)
    except Invalid:
        raise Invalid("there is no such status", fields={"set_status": "not_allowed"}) from None
