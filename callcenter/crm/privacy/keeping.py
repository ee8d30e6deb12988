"""How long what is kept: one policy, changed while the service runs."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy.orm import Session

from callcenter.crm.models.office import Policy

KEY: Final = "keeping"
_DAYS_A_MONTH: Final = 30.44


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """``hour`` is local to ``timezone`` (empty: this machine's). ``cards_months`` None: cards stay. How long a
    recording is kept is its queue's own rule. ``pbx_files``: leave, or delete what the PBX has of what we do not keep.
    ``hidden_numbers``: keep the numbers of callers who hide them, where the trunk tells them.
    """

    hour: int = 3
    timezone: str = ""
    cards_months: int | None = None
    journal_days: int = 14
    audit_months: int = 36
    attempts_days: int = 30
    sign_ins_days: int = 90
    drafts_days: int = 30
    posts_days: int = 30
    jobs_days: int = 14
    evaluations_days: int = 730
    pbx_files: str = "leave"
    audit_card_views: bool = True
    hidden_numbers: bool = False

    def zone(self) -> tzinfo | None:
        return ZoneInfo(self.timezone) if self.timezone in available_timezones() else None

    def night(self, now: datetime) -> date:
        """The night that is due or was done last: it begins at the hour and bears the date of that moment."""
        local = now.astimezone(self.zone())
        return local.date() if local.hour >= self.hour else local.date() - timedelta(days=1)

    def next_at(self, now: datetime) -> datetime:
        """When the next night begins."""
        local = now.astimezone(self.zone())
        at = local.replace(hour=self.hour, minute=0, second=0, microsecond=0)
        return (at if at > local else at + timedelta(days=1)).astimezone(now.tzinfo)


def load(session: Session) -> Keeping:
    """The policy, with what nobody decided as it comes."""
    row = session.get(Policy, KEY)
    known = {field.name for field in fields(Keeping)}
    said: dict[str, Any] = row.value if row else {}
    return replace(Keeping(), **{name: value for name, value in said.items() if name in known})


def version(session: Session) -> int:
    row = session.get(Policy, KEY)
    return row.version if row else 0


def save(session: Session, keeping: Keeping) -> None:
    row = session.get(Policy, KEY, with_for_update=True)
    if row is None:
        session.add(Policy(key=KEY, value=asdict(keeping), version=1))
        return
    row.value = asdict(keeping)
    row.version += 1


def months_before(now: datetime, months: int) -> datetime:
    return now - timedelta(days=months * _DAYS_A_MONTH)
