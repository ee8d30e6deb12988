"""Fields that administrators add to cards, and what is written in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from callcenter.crm.fold import fold
from callcenter.crm.models.cards import CardFieldRow
from callcenter.crm.models.customers import Customer
from callcenter.crm.own_fields import MOST, FieldKind, Holder, OwnField, read
from callcenter.errors import Invalid, NotFound, Refused


def every(session: Session) -> list[CardFieldRow]:
    """All, retired ones too, in the order in which people see them."""
    return list(session.scalars(select(CardFieldRow).order_by(CardFieldRow.position, CardFieldRow.code)))


def used(session: Session) -> dict[str, OwnField]:
    """Those that cards have, by code, as rules read them."""
    return {row.code: value(row) for row in every(session) if row.active}


def value(row: CardFieldRow) -> OwnField:
    return OwnField(
        code=row.code,
        kind=FieldKind(row.kind),
        holder=Holder(row.holder),
        options=tuple(row.options),
        active=row.active,
    )


def get(session: Session, field_id: UUID) -> CardFieldRow:
    found = session.get(CardFieldRow, field_id)
    if found is None:
        raise NotFound("no such field")
    return found


def create(session: Session, values: Mapping[str, Any]) -> UUID:
    """A new field on all cards. Raises Invalid, Refused."""
    if session.scalars(select(CardFieldRow.id).where(CardFieldRow.code == values["code"])).first():
        raise Invalid("there is such a field already", fields={"code": "taken"})
    if (session.scalar(select(func.count()).select_from(CardFieldRow).where(CardFieldRow.active)) or 0) >= MOST:
        raise Refused("a card has no more fields than these", code="too_many_fields")
    made = CardFieldRow(**values)
    _judge(made)
    session.add(made)
    session.flush()
    return made.id


def change(session: Session, field_id: UUID, values: Mapping[str, Any]) -> CardFieldRow:
    """Changes how it is called and what may be chosen, or hides it; what cards hold stays, and what it is of too."""
    found = get(session, field_id)
    with session.no_autoflush:
        for name, new in values.items():
            setattr(found, name, new)
        _judge(found)
    found.version += 1
    session.flush()
    return found


def taken(session: Session, values: Mapping[str, Any], before: Mapping[str, str]) -> Mapping[str, Any]:
    """``fields`` of what was sent, judged, as the card will hold them in ``extra``. Raises Invalid."""
    if "fields" not in values:
        return values
    known, wrong, now = used(session), {}, dict(before)
    for code, text in values["fields"].items():
        said, fault = read(known[code], text) if code in known else ("", "not_allowed")
        if fault:
            wrong[f"fields.{code}"] = fault
        now[code] = said
    if wrong:
        raise Invalid("some of the card's own fields cannot be read", fields=wrong)
    rest = {name: new for name, new in values.items() if name != "fields"}
    return {**rest, "extra": {code: said for code, said in now.items() if said}}


def holds(session: Session, code: str, text: str) -> ColumnElement[bool]:
    """Cards whose field says so; without ``text``, whose field says anything. Raises Invalid."""
    field = used(session).get(code)
    if field is None:
        raise Invalid("there is no such field", fields={"field": "not_allowed"})
    said, fault = read(field, text)
    if fault:
        raise Invalid("no card can hold that", fields={"value": fault})
    column: ColumnElement[str] = Customer.extra[code].as_string()
    return column == said if said else column.is_not(None)


def names(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Which fields differ, as the audit trail calls them: never what stands in them."""
    return [f"fields.{code}" for code in sorted(before.keys() | now.keys()) if before.get(code) != now.get(code)]


def _judge(row: CardFieldRow) -> None:
    """Raises Invalid for a choice without options, options that read alike, and options of what is no choice."""
    options = list(row.options or ())
    if row.kind == FieldKind.CHOICE and not options:
        raise Invalid("there is nothing to choose", fields={"options": "required"})
    if row.kind != FieldKind.CHOICE and options:
        raise Invalid("only a choice has options", fields={"options": "not_allowed"})
    if len({fold(one) for one in options}) < len(options):
        raise Invalid("two options read alike", fields={"options": "taken"})
