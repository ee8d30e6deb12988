"""The file looked through before anything is written: what it would make, and everything that is doubtful."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TextIO

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter.crm.exchange import namesakes
from callcenter.crm.exchange.draft import EMPTY
from callcenter.crm.exchange.namesakes import Namesake
from callcenter.crm.exchange.reach import Reach
from callcenter.crm.exchange.writing import Row
from callcenter.crm.handles import WayKind
from callcenter.crm.models.customers import ContactPoint, ContactWay, Customer, PhoneNumber


@dataclass(slots=True)
class Findings:
    """Counted over the rows so far. ``seen`` are numbers and addresses that stood in the file already."""

    counts: Counter[str] = field(default_factory=Counter)
    doubts: Counter[str] = field(default_factory=Counter)
    seen: set[str] = field(default_factory=set)

    def told(self) -> dict[str, Any]:
        return {"counts": dict(self.counts), "doubts": dict(self.doubts)}


@dataclass(frozen=True, slots=True, kw_only=True)
class There:
    """What the record holds of some rows: cards behind their numbers and addresses, and who bears their names."""

    known: Mapping[str, int]
    namesakes: Mapping[int, Sequence[Namesake]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """Where findings are written down."""

    doubts: TextIO
    namesakes: TextIO


def there(session: Session, rows: Sequence[Row], reach: Reach) -> There:
    """Looks the rows up."""
    known = _known(session, rows)
    strangers = [row for row in rows if not row.draft.refused and not any(known.get(name) for name in names(row))]
    return There(known=known, namesakes=namesakes.find(session, strangers, reach))


def _known(session: Session, rows: Sequence[Row]) -> dict[str, int]:
    """How many cards stand behind each number and address of the rows."""
    keys = {number.key for row in rows for number, _ in row.draft.numbers if number.e164}
    emails = {str(row.draft.values["email"]).lower() for row in rows if row.draft.values.get("email")}
    living = Customer.merged_into.is_(None)
    by_number = (
        select(PhoneNumber.key, func.count())
        .join(ContactPoint, ContactPoint.number_id == PhoneNumber.id)
        .join(Customer, Customer.id == ContactPoint.customer_id)
        .where(PhoneNumber.key.in_(keys), living)
        .group_by(PhoneNumber.key)
    )
    by_email = (
        select(ContactWay.key, func.count())
        .join(Customer, Customer.id == ContactWay.customer_id)
        .where(ContactWay.key.in_(emails), ContactWay.kind == WayKind.EMAIL, living)
        .group_by(ContactWay.key)
    )
    found = {key: count for key, count in session.execute(by_number)}  # noqa: C416 - rows are no pairs to mypy
    return found | {email: count for email, count in session.execute(by_email)}  # noqa: C416 - as above


def names(row: Row) -> list[str]:
    """What a row is known by: its numbers; its e-mail address only where it has none."""
    numbers = [number.key for number, _ in row.draft.numbers if number.e164]
    return numbers or ([str(row.draft.values["email"]).lower()] if row.draft.values.get("email") else [])


def look(findings: Findings, rows: Sequence[Row], there: There, paper: Paper) -> None:
    """Counts the rows and writes down each doubt (row, column, the cell, the reading, the reason), and of each row who
    bears its name (row, name, the cards)."""
    for row in rows:
        draft = row.draft
        for doubt in draft.doubts:
            findings.doubts[doubt.reason] += 1
            cell = row.cells[doubt.column] if doubt.column < len(row.cells) else ""
            line = [row.n, doubt.column, cell[:200], doubt.read, doubt.reason]
            paper.doubts.write(json.dumps(line, ensure_ascii=False) + "\n")
        if draft.refused == EMPTY:
            findings.counts["empty"] += 1
            continue
        if draft.refused:
            findings.counts["refused"] += 1
            findings.doubts[draft.refused] += not any(d.reason == draft.refused for d in draft.doubts)
            if not any(d.reason == draft.refused for d in draft.doubts):
                paper.doubts.write(json.dumps([row.n, -1, "", "", draft.refused], ensure_ascii=False) + "\n")
            continue
        known_by = names(row)
        findings.counts["numbers"] += len(draft.numbers)
        if any(name in findings.seen for name in known_by):
            findings.counts["twice"] += 1
        elif any(there.known.get(name) for name in known_by):
            findings.counts["known"] += 1
        else:
            findings.counts["new"] += 1
            if row.n in there.namesakes:
                findings.counts["namesakes"] += 1
                cards = [[str(one.card), one.name, one.organisation] for one in there.namesakes[row.n]]
                paper.namesakes.write(json.dumps([row.n, draft.values["name"], cards], ensure_ascii=False) + "\n")
        email = str(draft.values.get("email") or "").lower()
        findings.seen.update([*known_by, *([email] if email else [])])
