"""What is on record for a story: kept messages, desks of then, pops as they were delivered. Reads, judges nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from callcenter.ami import slices
from callcenter.ami.retelling import Step, retell
from callcenter.ami.slices import Found
from callcenter.crm import maps
from callcenter.crm.models.calls import CallRow, SegmentRow
from callcenter.crm.models.desks import Extension, RosterRow
from callcenter.crm.models.people import User
from callcenter.crm.models.pops import PopDelivery
from callcenter.events import CallKey
from callcenter.explaining.story import Delivery, Story, tell
from callcenter.pbxmap import PbxMap
from callcenter.roster import Binding, Device, Roster

BEFORE: Final = timedelta(seconds=30)
AFTER: Final = timedelta(seconds=30)
LONGEST: Final = timedelta(hours=8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A call as it is on record. ``withheld``: its number is not."""

    key: CallKey
    span: tuple[datetime, datetime]
    map: PbxMap
    roster: Roster
    deliveries: tuple[Delivery, ...]
    withheld: bool = False


def kept(session: Session, row: CallRow, region: str, now: datetime) -> Kept:
    """What the database holds of it."""
    end = min(row.ended_at or now, row.started_at + LONGEST)
    span = (row.started_at - BEFORE, end + AFTER)
    return Kept(
        key=CallKey(pbx=row.pbx, uniqueid=CallKey(pbx=row.pbx, uniqueid=row.uniqueid).told),
        span=span,
        map=PbxMap(pbx=row.pbx, region=region, rules=maps.rules(session, row.pbx)),
        roster=roster(session, span),
        deliveries=deliveries(session, row.id),
        withheld=row.withheld,
    )


def roster(session: Session, span: tuple[datetime, datetime]) -> Roster:
    """Who sat where meanwhile, at the phones that the extensions have today."""
    rows = session.execute(
        select(RosterRow, Extension)
        .join(Extension, Extension.id == RosterRow.extension_id)
        .where(RosterRow.since < span[1], or_(RosterRow.until.is_(None), RosterRow.until > span[0]))
    ).all()
    return Roster(
        bindings=tuple(
            Binding(
                agent=row.agent_id,
                extension=extension.number,
                devices=frozenset(Device(pbx=extension.pbx, name=name) for name in extension.devices),
                since=row.since,
                until=row.until,
            )
            for row, extension in rows
        )
    )


def deliveries(session: Session, call: UUID) -> tuple[Delivery, ...]:
    """What screens were told of the call's pops at the time."""
    rows = session.execute(
        select(PopDelivery, SegmentRow.seq)
        .join(SegmentRow, SegmentRow.id == PopDelivery.segment_id)
        .where(SegmentRow.call_id == call)
        .order_by(PopDelivery.at)
    )
    return tuple(
        Delivery(segment=seq, agent=row.agent_id, at=row.at, tabs=row.tabs, sent_ms=row.sent_ms, paint_ms=row.paint_ms)
        for row, seq in rows
    )


def names(session: Session, agents: Collection[UUID]) -> dict[UUID, str]:
    rows = session.scalars(select(User).where(User.id.in_(agents)))
    return {user.id: user.display_name or user.username for user in rows}


def replayed(found: Found, map: PbxMap) -> list[Step]:
    return list(retell(((place.moment, place.message) for place in found.places), map))


def story(folder: Path, of: Kept) -> tuple[Found, Story]:
    """The call's messages and what they came to. Blocks; raises OSError where the journal cannot be read."""
    found = slices.family(folder, of.key.pbx, of.key.uniqueid, of.span)
    told = tell(replayed(found, of.map), of.key, of.roster, of.deliveries)
    return found, told.without_number() if of.withheld else told


def state(found: Found, began: datetime) -> str:
    """``kept``, or ``gone`` where the call is older than what is kept, ``cut`` where there is too much of it."""
    if found.since is None or began < found.since - timedelta(seconds=5):
        return "partly" if found.places else "gone"
    return "cut" if found.cut else "kept" if found.places else "gone"


def agents(lines: Sequence[Story]) -> set[UUID]:
    """Everybody who is named in the stories."""
    shown = {s.agent for story in lines for line in story.lines for s in line.shown}
    return shown | {v.agent for story in lines for v in story.verdicts if v.agent}
