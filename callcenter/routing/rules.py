"""The rules of presence: one row of the policies, read again whenever it is changed."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from sqlalchemy.orm import Session

from callcenter.crm.models.office import Policy
from callcenter.routing.staff import Rules

KEY: Final = "presence"
_CHOICES: Final = {"static_desks": ("pause", "leave"), "removals": ("undo", "adopt")}


def read(session: Session) -> Rules:
    """What a row does not say, or says in words of another version, is as by default."""
    row = session.get(Policy, KEY)
    told: dict[str, Any] = row.value if row and isinstance(row.value, dict) else {}
    chosen = {name: told[name] for name, known in _CHOICES.items() if told.get(name) in known}
    limit = told.get("missed_limit", 0)
    return Rules(**chosen, missed_limit=limit if isinstance(limit, int) and limit >= 0 else 0)


def version(session: Session) -> int:
    """Of the rules; 0 before anybody changed them."""
    row = session.get(Policy, KEY)
    return row.version if row else 0


def write(session: Session, rules: Rules) -> None:
    row = session.get(Policy, KEY)
    if row is None:
        session.add(Policy(key=KEY, value=asdict(rules)))
    else:
        row.value, row.version = asdict(rules), row.version + 1
