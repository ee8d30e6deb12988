"""Where the call center is: the zone its days, and so its nights, are counted in. One row of the policies."""

from __future__ import annotations

from datetime import tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy.orm import Session

from callcenter.crm.models.office import Policy

KEY: Final = "zone"


def read(session: Session) -> tzinfo | None:
    """None: where this machine is."""
    row = session.get(Policy, KEY)
    try:
        return ZoneInfo(row.value) if row and isinstance(row.value, str) and row.value else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


def write(session: Session, name: str) -> None:
    """``""``: where this machine is."""
    row = session.get(Policy, KEY)
    if row is None:
        session.add(Policy(key=KEY, value=name))
    else:
        row.value, row.version = name, row.version + 1
