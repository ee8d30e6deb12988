"""Whom a click calls and from where: judged, written down before the PBX is asked, and kept up to date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from callcenter import phone
from callcenter.crm import customers, do_not_call, points, rosters, tasks
from callcenter.crm.models.calls import CallRow
from callcenter.crm.models.customers import PhoneNumber
from callcenter.crm.models.desks import Extension
from callcenter.crm.models.office import Policy
from callcenter.crm.models.tasks import DialRow
from callcenter.crm.rights import Actor
from callcenter.errors import Invalid, Refused
from callcenter.roster import OUTSIDE

KEY: Final = "dialling"
_FEWEST, _MOST = 3, 15
Number = Annotated[str, StringConstraints(pattern=r"^\+?[0-9]{0,15}$")]
Context = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,79}$")]
Peer = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]+/[A-Za-z0-9_.@-]{1,79}$|^$", max_length=80)]


class Dialling(BaseModel):
    """How calls go out of one PBX. ``shown``: the number of ours that customers see, ``""``: what the PBX shows anyway.
    ``trunk``: whose rules write the number, ``""``: none do. ``context``: where the dialplan takes it from there.
    ``ring_s``: how long one's own phone rings."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    shown: Number = ""
    trunk: Peer = ""
    context: Context = "callcenter-dial"
    ring_s: Annotated[int, Field(ge=1, le=120)] = 25


class DiallingPolicy(BaseModel):
    """By name of the PBX."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    pbx: dict[Annotated[str, StringConstraints(max_length=80)], Dialling] = Field(default_factory=dict, max_length=50)

    def of(self, pbx: str) -> Dialling:
        return self.pbx.get(pbx, Dialling())


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What was clicked: the first of these that is given says the number. ``all_the_same``: though the customer is not
    to be called."""

    number: str = ""
    task: UUID | None = None
    customer: UUID | None = None
    all_the_same: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """``number`` in E.164, or in digits where it is a short one."""

    number: str
    customer: UUID | None
    task: UUID | None


def read(session: Session) -> DiallingPolicy:
    """The rules now."""
    row = session.get(Policy, KEY)
    try:
        return DiallingPolicy.model_validate(row.value) if row else DiallingPolicy()
    except ValidationError:
        return DiallingPolicy()


def write(session: Session, policy: DiallingPolicy) -> None:
    """These rules from now on."""
    row = session.get(Policy, KEY, with_for_update=True)
    if row is None:
        session.add(Policy(key=KEY, value=policy.model_dump(mode="json")))
    else:
        row.value, row.version = policy.model_dump(mode="json"), row.version + 1
    session.flush()


def target(session: Session, wanted: Wanted, actor: Actor, now: datetime, place: tuple[str, str]) -> Target:
    """Whom to call; a task is taken thereby. ``place``: the PBX that calls, and the country of numbers without one.
    Raises Invalid, NotFound, Refused."""
    pbx, region = place
    number = wanted.number
    customer = customers.get(session, wanted.customer, actor).id if wanted.customer else None
    if wanted.task:
        task = tasks.held(session, wanted.task, actor, now)
        tasks.claim(session, task, actor, now)
        customer = customer or _survivor(session, task.customer_id)
        number = number or (_known(session, task.number_id) if task.number_id else "")
    if customer:
        number = number or _primary(session, customer)
    dialled = _dialable(session, number, region, pbx)
    if not wanted.all_the_same:
        do_not_call.refuse(session, dialled, region, customer)
    return Target(number=dialled, customer=customer, task=wanted.task)


def phones(extension: Extension) -> tuple[str, ...]:
    """What a click rings: a telephone elsewhere is no phone of the PBX."""
    return tuple(name for name in extension.devices if not name.startswith(OUTSIDE))


def desk(session: Session, agent: UUID) -> Extension:
    """Where the agent sits, with the phone that rings first at the head of its devices. Raises Refused."""
    extension = rosters.desk_of(session, agent)
    if extension is None or not phones(extension):
        raise Refused("take a desk first: your own phone rings before the customer's", code="no_desk")
    return extension


def keep(session: Session, dial: UUID, state: str, reason: str, ended_at: datetime | None) -> None:
    """How it stands."""
    session.execute(update(DialRow).where(DialRow.id == dial).values(state=state, reason=reason, ended_at=ended_at))


def unfinished(session: Session) -> list[DialRow]:
    """Those that went on when the service last ended."""
    return list(session.scalars(select(DialRow).where(DialRow.ended_at.is_(None))))


def call_row(session: Session, dial: DialRow) -> CallRow | None:
    return session.get(CallRow, dial.call_id) if dial.call_id else None


def _survivor(session: Session, customer: UUID | None) -> UUID | None:
    """Whoever has the task may call its customer, whatever else he sees of the card."""
    card = customers.survivor(session, customer) if customer else None
    return card.id if card else None


def _known(session: Session, number: UUID) -> str:
    row = session.get_one(PhoneNumber, number)
    return row.e164 or row.key.removeprefix("raw:")


def _primary(session: Session, customer: UUID) -> str:
    numbers = points.of(session, [customer])[customer]
    if not numbers:
        raise Refused("there is no number on this card", code="no_number")
    point, row = numbers[0]
    return row.e164 or point.raw


def _dialable(session: Session, text: str, region: str, pbx: str) -> str:
    """What a phone can dial: digits, perhaps behind a plus, and nothing that a dialplan could take for more."""
    if phone.is_withheld(text):
        raise Invalid("this is no telephone number", fields={"number": "not_a_number"})
    known = phone.parse(text, region)
    digits = "".join(c for c in text if c.isascii() and c.isdigit())
    if known.e164 is None and (any(c.isalpha() for c in text) or not _FEWEST <= len(digits) <= _MOST):
        raise Invalid("this is no number that can be called", fields={"number": "not_a_number"})
    here = select(Extension.id).where(Extension.pbx == pbx, Extension.number == digits)
    if known.e164 is None and session.scalars(here).first():
        raise Refused("this is a colleague's extension: call him from your phone", code="internal_number")
    return known.e164 or digits
