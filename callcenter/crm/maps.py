"""The map of a PBX as people confirmed it: rules, extensions and numbers of ours, one version for all of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from callcenter.crm import rosters, sessions
from callcenter.crm.models.desks import Extension, MapRule, RosterRow
from callcenter.crm.models.office import Policy
from callcenter.crm.models.pbx import Did
from callcenter.errors import Refused
from callcenter.pbxmap import Kind, Rule
from callcenter.prefixes import Prefix


class ExtensionInUse(Refused):
    code = "extension_in_use"


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """An extension: its number, the devices it rings, the member interfaces by which queues call it."""

    number: str
    devices: tuple[str, ...]
    interfaces: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxDocument:
    """All that is confirmed of one PBX. ``dids`` are labels by number; ``version`` 0: nobody has said anything."""

    rules: tuple[Rule, ...]
    stations: tuple[Station, ...]
    dids: Mapping[str, str]
    confirmed: bool
    version: int


def confirmed_key(pbx: str) -> str:
    """The policy that says whether an administrator has confirmed the map; its version is the map's."""
    return f"map_confirmed:{pbx}"


def rules(session: Session, pbx: str) -> tuple[Rule, ...]:
    """The map of a PBX, in the order in which rules are tried."""
    rows = session.scalars(select(MapRule).where(MapRule.pbx == pbx).order_by(MapRule.position))
    return tuple(
        Rule(
            pattern=row.pattern,
            kind=Kind(row.kind),
            region=row.region,
            arriving=tuple(Prefix(**one) for one in row.arriving),
            dialling=tuple(Prefix(**one) for one in row.dialling),
        )
        for row in rows
    )


def document(session: Session, pbx: str) -> PbxDocument:
    """What stands now."""
    found = rules(session, pbx)
    policy = session.get(Policy, confirmed_key(pbx))
    return PbxDocument(
        rules=found,
        stations=stations(session, pbx),
        dids=dids(session, pbx),
        confirmed=bool(policy.value) if policy else bool(found),
        version=policy.version if policy else 0,
    )


def stations(session: Session, pbx: str) -> tuple[Station, ...]:
    """The extensions, by number. One without devices is only remembered for its history."""
    rows = session.scalars(select(Extension).where(Extension.pbx == pbx).order_by(Extension.number))
    return tuple(
        Station(number=row.number, devices=tuple(row.devices), interfaces=tuple(row.interfaces))
        for row in rows
        if row.devices or row.interfaces
    )


def dids(session: Session, pbx: str) -> dict[str, str]:
    """Labels by number."""
    rows = session.execute(select(Did.number, Did.label).where(Did.pbx == pbx).order_by(Did.number))
    return {row.number: row.label for row in rows}


def labels(session: Session) -> dict[tuple[str, str], str]:
    """What agents read for the numbers of ours that have a label, by PBX and ``did_key``."""
    rows = session.execute(select(Did.pbx, Did.number, Did.label).where(Did.label != ""))
    return {(pbx, did_key(number)): label for pbx, number, label in rows}


def did_key(number: str) -> str:
    """One of our numbers as it is compared: providers send it with and without its plus."""
    return number.strip().removeprefix("+")


def described(session: Session, pbx: str) -> bool:
    return session.scalars(select(MapRule.id).where(MapRule.pbx == pbx).limit(1)).first() is not None


def write_rules(session: Session, pbx: str, wanted: Sequence[Rule]) -> None:
    """These and no others, in this order."""
    session.execute(delete(MapRule).where(MapRule.pbx == pbx))
    for position, rule in enumerate(wanted):
        row = MapRule(pbx=pbx, position=position, pattern=rule.pattern, kind=rule.kind, region=rule.region)
        row.arriving = [asdict(prefix) for prefix in rule.arriving]
        row.dialling = [asdict(prefix) for prefix in rule.dialling]
        session.add(row)


def write_stations(session: Session, pbx: str, wanted: Iterable[Station], now: datetime) -> None:
    """These and no others. Raises ExtensionInUse for one that is taken away from under somebody."""
    for one in wanted:
        rosters.put_extension(session, pbx, one.number, one.devices, one.interfaces)
    named = {one.number for one in wanted}
    used = set(session.scalars(select(RosterRow.extension_id)))
    for row in session.scalars(select(Extension).where(Extension.pbx == pbx)).all():
        if row.number in named:
            continue
        if row.id not in used:
            session.delete(row)
            continue
        _vacate(session, row, now)


def _vacate(session: Session, extension: Extension, now: datetime) -> None:
    """History hangs on an extension that somebody sat at: it stays, without anything that rings."""
    sitting = session.scalars(
        select(RosterRow).where(RosterRow.extension_id == extension.id, RosterRow.until.is_(None))
    ).all()
    if any(sessions.living(session, row.agent_id, now) for row in sitting):
        raise ExtensionInUse(f"somebody sits at extension {extension.number}; he must leave it first")
    for row in sitting:
        row.until = now
    extension.devices, extension.interfaces = [], []


def write_dids(session: Session, pbx: str, wanted: Mapping[str, str]) -> None:
    """These and no others."""
    session.execute(delete(Did).where(Did.pbx == pbx))
    session.add_all(Did(pbx=pbx, number=number, label=label) for number, label in wanted.items())


def confirm(session: Session, pbx: str, confirmed: bool) -> int:
    """Says whether an administrator stands behind the map; the map's new version."""
    policy = session.get(Policy, confirmed_key(pbx)) or Policy(key=confirmed_key(pbx), value=None, version=0)
    policy.value, policy.version = confirmed, policy.version + 1
    session.add(policy)
    return policy.version


def clashes(stations: Sequence[Station], rules: Sequence[Rule], numbers: Sequence[str]) -> dict[str, str]:
    """What contradicts itself, by field: a pattern, a number, a device or an interface that is named twice."""
    found: dict[str, str] = {}
    found |= _twice([(f"map.{n}.pattern", [rule.pattern]) for n, rule in enumerate(rules)])
    found |= _twice([(f"dids.{n}.number", [did_key(number)]) for n, number in enumerate(numbers)])
    found |= _twice([(f"extensions.{n}.number", [one.number]) for n, one in enumerate(stations)])
    found |= _twice([(f"extensions.{n}.devices", one.devices) for n, one in enumerate(stations)])
    found |= _twice([(f"extensions.{n}.interfaces", one.interfaces) for n, one in enumerate(stations)])
    return found


def _twice(fields: Iterable[tuple[str, Collection[str]]]) -> dict[str, str]:
    taken: set[str] = set()
    found: dict[str, str] = {}
    for field, names in fields:
        if taken & set(names) or len(set(names)) < len(names):
            found[field] = "taken"
        taken |= set(names)
    return found
