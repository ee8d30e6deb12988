"""Who sits where: extensions, their devices, and the bindings of agents to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from callcenter.crm import audit, sessions
from callcenter.crm.models.desks import Extension, RosterRow
from callcenter.crm.models.people import SignIn, User
from callcenter.errors import Refused
from callcenter.roster import Binding, Device, Roster


class ExtensionUnknown(Refused):
    status = 404
    code = "extension_unknown"


class ExtensionTaken(Refused):
    code = "extension_taken"


class ExtensionAmbiguous(Refused):
    code = "extension_ambiguous"


def load(session: Session) -> Roster:
    """Every binding that holds now."""
    rows = session.execute(
        select(RosterRow, Extension)
        .join(Extension, Extension.id == RosterRow.extension_id)
        .where(RosterRow.until.is_(None))
    ).all()
    return Roster(
        bindings=tuple(
            Binding(
                agent=row.agent_id,
                extension=extension.number,
                devices=frozenset(Device(pbx=extension.pbx, name=name) for name in extension.devices),
                since=row.since,
            )
            for row, extension in rows
        )
    )


def find(session: Session, number: str, pbx: str = "") -> Extension:
    """The extension of that number, which several PBXs may have. Raises ExtensionUnknown, ExtensionAmbiguous."""
    found = [e for e in session.scalars(select(Extension).where(Extension.number == number)) if e.devices]
    found = [extension for extension in found if pbx in ("", extension.pbx)]
    if not found:
        raise ExtensionUnknown("there is no such extension; an administrator adds it on the PBX page")
    if len(found) > 1:
        raise ExtensionAmbiguous("several PBXs have an extension of this number; say which PBX is meant")
    return found[0]


def bind(session: Session, agent: UUID, extension: Extension, now: datetime, *, take_over: bool = False) -> UUID | None:
    """Seats the agent at an extension and nowhere else; who sat there until now. Raises ExtensionTaken.

    Whoever left without signing out does not block a desk: once all his sessions are over it is free.
    """
    sitting = session.scalars(
        select(RosterRow).where(RosterRow.extension_id == extension.id, RosterRow.until.is_(None))
    ).first()
    if sitting and sitting.agent_id == agent:
        return None
    if sitting and not take_over and sessions.living(session, sitting.agent_id, now):
        raise ExtensionTaken("somebody else sits at this extension")
    if sitting:
        sitting.until = now
    unbind(session, agent, now)
    session.add(RosterRow(agent_id=agent, extension_id=extension.id, since=now))
    try:
        session.flush()
    except IntegrityError:
        # Two sat down at the same moment: the rows let one of them.
        raise ExtensionTaken("somebody else sits at this extension") from None
    return sitting.agent_id if sitting else None


def unbind(session: Session, agent: UUID, now: datetime) -> None:
    """The agent leaves his desk."""
    session.execute(update(RosterRow).where(RosterRow.agent_id == agent, RosterRow.until.is_(None)).values(until=now))


def vacate(session: Session, now: datetime) -> int:
    """Whoever was signed in and is so nowhere any more leaves his desk, and with it his queues; how many did.

    Desks that were laid out for people who have not come yet stay theirs.
    """
    at_work = sessions.at_work(session, now)
    came = select(SignIn.id).where(SignIn.user_id == RosterRow.agent_id).exists()
    sitting = session.scalars(select(RosterRow).where(RosterRow.until.is_(None), came))
    left = [row for row in sitting if row.agent_id not in at_work]
    for row in left:
        row.until = now
        audit.record(session, None, "vacate", ("user", str(row.agent_id)), now)
    return len(left)


def desk_of(session: Session, agent: UUID) -> Extension | None:
    """The extension at which the agent sits."""
    return session.scalar(
        select(Extension)
        .join(RosterRow, RosterRow.extension_id == Extension.id)
        .where(RosterRow.agent_id == agent, RosterRow.until.is_(None))
    )


def desks(session: Session) -> list[tuple[Extension, User | None]]:
    """All extensions and who sits there."""
    rows = session.execute(
        select(Extension, User)
        .outerjoin(RosterRow, (RosterRow.extension_id == Extension.id) & RosterRow.until.is_(None))
        .outerjoin(User, User.id == RosterRow.agent_id)
        .order_by(Extension.pbx, Extension.number)
    )
    return [(extension, user) for extension, user in rows]


def free(session: Session, now: datetime) -> list[Extension]:
    """Those at which nobody sits who is signed in, by number."""
    at_work = sessions.at_work(session, now)
    found = [e for e, user in desks(session) if e.devices and (user is None or user.id not in at_work)]
    return sorted(found, key=lambda extension: (extension.number, extension.pbx))


def twins(session: Session) -> frozenset[str]:
    """Numbers that more than one PBX has: such an extension is named together with its PBX."""
    times = Counter(extension.number for extension in interfaces(session) if extension.devices)
    return frozenset(number for number, n in times.items() if n > 1)


def interfaces(session: Session) -> list[Extension]:
    return list(session.scalars(select(Extension)))


def ever_used(session: Session) -> frozenset[UUID]:
    """Extensions at which somebody has sat."""
    return frozenset(session.scalars(select(RosterRow.extension_id).distinct()))


def put_extension(session: Session, pbx: str, number: str, devices: Iterable[str], members: Iterable[str]) -> Extension:
    """Adds an extension, or says what it rings and what queues call it."""
    found = session.scalars(select(Extension).where(Extension.pbx == pbx, Extension.number == number)).first()
    extension = found or Extension(pbx=pbx, number=number, devices=[], interfaces=[])
    extension.devices, extension.interfaces = sorted(devices), sorted(members)
    session.add(extension)
    session.flush()
    return extension
