"""The file looked through before anything is written: what it would make, and everything that is doubtful."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TextIO

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter.crm.exchange.draft import EMPTY
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


def known(session: Session, rows: Sequence[Row]) -> dict[str, int]:
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


def look(findings: Findings, rows: Sequence[Row], there: dict[str, int], doubts: TextIO) -> None:
    """Counts the rows and writes down each doubt: row, column, the cell, the reading, the reason."""
    for row in rows:
        draft = row.draft
        for doubt in draft.doubts:
            findings.doubts[doubt.reason] += 1
            cell = row.cells[doubt.column] if doubt.column < len(row.cells) else ""
            line = [row.n, doubt.column, cell[:200], doubt.read, doubt.reason]
            doubts.write(json.dumps(line, ensure_ascii=False) + "\n")
        if draft.refused == EMPTY:
            findings.counts["empty"] += 1
            continue
        if draft.refused:
            findings.counts["refused"] += 1
            findings.doubts[draft.refused] += not any(d.reason == draft.refused for d in draft.doubts)
            if not any(d.reason == draft.refused for d in draft.doubts):
                doubts.write(json.dumps([row.n, -1, "", "", draft.refused], ensure_ascii=False) + "\n")
            continue
        names = [number.key for number, _ in draft.numbers if number.e164]
        email = [str(draft.values["email"]).lower()] if draft.values.get("email") else []
        numbers, names = names, names or email
        findings.counts["numbers"] += len(draft.numbers)
        if any(name in findings.seen for name in names):
            findings.counts["twice"] += 1
        elif any(there.get(name) for name in names):
            findings.counts["known"] += 1
        else:
            findings.counts["new"] += 1
        findings.seen.update([*numbers, *email])
