"""The channels that came lately, counted by peer. Bounded; no number of a customer is in it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.orm import Session

from callcenter.crm.models.calls import CallRow
from callcenter.crm.models.pbx import SeenPeer
from callcenter.crm.upsert import update_row, upsert
from callcenter.statement import Statement

KEPT_AT_MOST: Final = 1000
"""Peers of one PBX; scanners that knock at an open door bring new addresses all the time."""
KEPT_FOR: Final = timedelta(days=30)
_NUMBERS: Final = 300

_known: Final = Statement(
    lambda _: select(SeenPeer.id, SeenPeer.times).where(
        SeenPeer.pbx == bindparam("at_pbx"), SeenPeer.peer == bindparam("name")
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A peer came ``times`` times; ``linkedid`` is the call it came in last, ``context`` where it began there."""

    pbx: str
    peer: str
    times: int
    first_at: datetime
    last_at: datetime
    context: str
    linkedid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A number as a trunk sent it."""

    trunk: str
    number: str
    region: str
    outbound: bool


def note(session: Session, batch: Collection[Sighting], now: datetime) -> None:
    """Adds these to what was seen; lets the oldest go."""
    for one in sorted(batch, key=lambda s: (s.pbx, s.peer)):
        _note(session, one)
    for pbx in {one.pbx for one in batch}:
        _forget(session, pbx, now)


def _forget(session: Session, pbx: str, now: datetime) -> None:
    of_pbx = SeenPeer.pbx == pbx
    session.execute(delete(SeenPeer).where(of_pbx, SeenPeer.last_at < now - KEPT_FOR))
    if (session.scalar(select(func.count()).select_from(SeenPeer).where(of_pbx)) or 0) > KEPT_AT_MOST:
        latest = select(SeenPeer.id).where(of_pbx).order_by(SeenPeer.last_at.desc(), SeenPeer.id).limit(KEPT_AT_MOST)
        session.execute(delete(SeenPeer).where(of_pbx, SeenPeer.id.not_in(latest)))


def _note(session: Session, one: Sighting) -> None:
    last = {"last_at": one.last_at, "context": one.context, "linkedid": one.linkedid}
    for known in _known(session, {"at_pbx": one.pbx, "name": one.peer}):
        update_row(session, SeenPeer, known.id, {**last, "times": known.times + one.times})
        return
    upsert(
        session, SeenPeer, {"pbx": one.pbx, "peer": one.peer}, {**last, "times": one.times, "first_at": one.first_at}
    )


def peers(session: Session, pbx: str) -> list[SeenPeer]:
    """All that are remembered, the latest first."""
    return list(session.scalars(select(SeenPeer).where(SeenPeer.pbx == pbx).order_by(SeenPeer.last_at.desc())))


def calls_by(session: Session, pbx: str, uniqueids: Collection[str]) -> dict[str, CallRow]:
    """The calls whose customers' channels these are."""
    rows = session.scalars(select(CallRow).where(CallRow.pbx == pbx, CallRow.uniqueid.in_(uniqueids)))
    return {row.uniqueid: row for row in rows}


def callers(session: Session, pbx: str, since: datetime) -> list[Caller]:
    """The last numbers that trunks sent or were given."""
    rows = session.execute(
        select(CallRow.trunk, CallRow.number_raw, CallRow.region, CallRow.direction)
        .where(CallRow.pbx == pbx, CallRow.started_at >= since, CallRow.withheld.is_(False), CallRow.trunk != "")
        .order_by(CallRow.started_at.desc())
        .limit(_NUMBERS)
    )
    return [Caller(trunk=t, number=n, region=r, outbound=d == "outbound") for t, n, r, d in rows]


def called(session: Session, pbx: str, since: datetime) -> list[str]:
    """The numbers of ours that were called."""
    query = select(CallRow.did).where(CallRow.pbx == pbx, CallRow.started_at >= since, CallRow.did != "")
    return sorted(set(session.scalars(query.distinct().limit(_NUMBERS))))
