"""What people decided about routing: calendars, and what is asked for each queue. Pure but for rows."""

from __future__ import annotations

from datetime import date, tzinfo
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError
from sqlalchemy.orm import Session

from callcenter.api import Line
from callcenter.crm import policy_row
from callcenter.crm.schemas import Zone

CALENDARS: Final = "calendars"
RULES: Final = "routing"
DAY_M: Final = 24 * 60
Clock = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$")]
Name = Annotated[Line, StringConstraints(min_length=1, max_length=100)]
Sound = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9/_.-]{0,100}$")]
Box = Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9_-]{1,40}(@[A-Za-z0-9_-]{1,40})?)?$")]
Status = Annotated[str, StringConstraints(min_length=1, max_length=60)]
Priority = Annotated[int, Field(ge=0, le=100)]


class _Kept(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Closed(StrEnum):
    """What becomes of a caller outside business hours, after he was told: nothing, he may leave a message, or he is
    called back. Who leaves a message is called back, too."""

    ANNOUNCE = "announce"
    VOICEMAIL = "voicemail"
    CALL_BACK = "call_back"


class Interval(_Kept):
    """From ``opens`` until ``closes`` by the calendar's clock; past midnight where it closes before it opens."""

    opens: Clock
    closes: Clock

    @model_validator(mode="after")
    def _lasts(self) -> Interval:
        if self.opens == self.closes or self.opens == "24:00":
            raise PydanticCustomError("not_allowed", "it has no length")
        return self

    @property
    def from_m(self) -> int:
        """Minutes of the day."""
        return minutes(self.opens)

    @property
    def to_m(self) -> int:
        """Minutes from the beginning of the day it opens on: past 1440 on the next one."""
        closes = minutes(self.closes)
        return closes if closes > self.from_m else closes + DAY_M


class Holiday(_Kept):
    """A date with hours of its own, none: closed all day. ``yearly``: on this day of every year."""

    on: date
    name: Name
    yearly: bool = False
    hours: list[Interval] = Field(default_factory=list, max_length=8)

    def falls_on(self, day: date) -> bool:
        return (day.month, day.day) == (self.on.month, self.on.day) if self.yearly else day == self.on


class Calendar(_Kept):
    """Business hours: intervals of the seven days from Monday on."""

    id: UUID
    name: Name
    zone: Zone
    week: list[Annotated[list[Interval], Field(max_length=8)]] = Field(min_length=7, max_length=7)
    holidays: list[Holiday] = Field(default_factory=list, max_length=400)

    @property
    def tz(self) -> tzinfo:
        return ZoneInfo(self.zone or "UTC")


class Calendars(_Kept):
    calendars: list[Calendar] = Field(default_factory=list, max_length=50)

    @model_validator(mode="after")
    def _apart(self) -> Calendars:
        if len({one.id for one in self.calendars}) != len(self.calendars):
            raise PydanticCustomError("not_allowed", "two calendars have one id")
        return self

    def of(self, wanted: UUID | None) -> Calendar | None:
        return next((one for one in self.calendars if one.id == wanted), None)


class StatusPriority(_Kept):
    status: Status
    priority: Priority


class RoutingRule(_Kept):
    """What of routing is used for one queue of a PBX; nothing is before somebody says so.

    ``call_back_agent``, ``owner`` and ``last_agent`` (who talked with the customer within ``last_days``, and works in
    this queue) are rung first, for ``wait_s``, in this order. Priorities are those of Asterisk's queues: a higher one
    is answered before; of several the highest counts. ``sound``, ``mailbox``: what a caller hears outside the hours of
    ``calendar``, and where he may speak then; ``refusal``: what a blocked number hears.
    """

    pbx: Name
    queue: Name
    blocked: bool = False
    refusal: Sound = ""
    calendar: UUID | None = None
    closed: Closed = Closed.ANNOUNCE
    sound: Sound = ""
    mailbox: Box = ""
    call_back_agent: bool = False
    owner: bool = False
    last_agent: bool = False
    last_days: Annotated[int, Field(ge=1, le=365)] = 30
    wait_s: Annotated[int, Field(ge=5, le=120)] = 15
    vip: Priority = 0
    statuses: list[StatusPriority] = Field(default_factory=list, max_length=50)
    call_back: Priority = 0
    language: bool = False
    name: bool = False

    @property
    def asks(self) -> bool:
        """Whether anything is to be asked at all."""
        people = self.call_back_agent or self.owner or self.last_agent
        ahead = self.vip or self.call_back or any(one.priority for one in self.statuses)
        return bool(self.blocked or self.calendar or people or ahead or self.language or self.name)


class RoutingRules(_Kept):
    queues: list[RoutingRule] = Field(default_factory=list, max_length=500)

    @model_validator(mode="after")
    def _apart(self) -> RoutingRules:
        if len({(one.pbx, one.queue) for one in self.queues}) != len(self.queues):
            raise PydanticCustomError("not_allowed", "two rules are of one queue")
        return self

    def of(self, pbx: str, queue: str) -> RoutingRule | None:
        return next((one for one in self.queues if (one.pbx, one.queue) == (pbx, queue)), None)


class Policy(_Kept):
    """Both, as they are now."""

    rules: RoutingRules = RoutingRules()
    calendars: Calendars = Calendars()


def read(session: Session) -> Policy:
    return Policy(
        rules=policy_row.read(session, RULES, RoutingRules), calendars=policy_row.read(session, CALENDARS, Calendars)
    )


def minutes(clock: str) -> int:
    """``09:30`` is 570."""
    return int(clock[:2]) * 60 + int(clock[3:])
