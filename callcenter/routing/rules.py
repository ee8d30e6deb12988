"""The rules of presence, and the zone a day is counted in: policy rows, read again whenever they are changed."""

from __future__ import annotations

from dataclasses import asdict
from datetime import tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy.orm import Session

from callcenter.crm.models.office import Policy
from callcenter.routing.staff import Rules

KEY: Final = "presence"
ZONE: Final = "zone"
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
    _put(session, KEY, asdict(rules))


def read_zone(session: Session) -> tzinfo | None:
    """Where the call center is; None: where this machine is."""
    row = session.get(Policy, ZONE)
    try:
        return ZoneInfo(row.value) if row and isinstance(row.value, str) and row.value else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


def write_zone(session: Session, name: str) -> None:
    """``""``: where this machine is."""
    _put(session, ZONE, name)


def _put(session: Session, key: str, value: Any) -> None:
    row = session.get(Policy, key)
    if row is None:
        session.add(Policy(key=key, value=value))
    else:
        row.value, row.version = value, row.version + 1
