"""The chain over the audit trail: every line is sealed with a digest of itself and of the seal before it.

A line that was changed, taken out or put in between breaks the chain where it stood. Sealing follows a few seconds
behind the lines, so that transactions that write lines do not wait for each other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from callcenter.crm import audit
from callcenter.crm.models.office import Audit
from callcenter.crm.models.trail import AuditCut, AuditSeal

BEGINNING: Final = "0" * 64
_LOCK: Final = 0x617564
_BATCH: Final = 1000
_LATE: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Where the chain stands: ``digest`` is worth writing down elsewhere."""

    seq: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """``broken_at`` is the first link that does not hold, with ``why``: changed, missing or gap; None: all hold.

    ``unsealed`` counts lines that should have been sealed long ago. ``head_found`` tells of the digest asked for.
    """

    links: int
    head: Link
    broken_at: int | None
    why: str
    unsealed: int
    head_found: bool

    @property
    def whole(self) -> bool:
        return self.broken_at is None and self.unsealed == 0 and self.head_found


def digest(before: str, line: Audit) -> str:
    """What seals a line that follows ``before``."""
    told = [
        str(line.id),
        line.at.astimezone(UTC).isoformat(timespec="microseconds"),
        str(line.actor_id) if line.actor_id else None,
        line.actor_name,
        line.verb,
        line.thing,
        line.thing_id,
        line.details,
    ]
    text = json.dumps(told, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(f"{before}{text}".encode()).hexdigest()


def seal(session: Session, *, everything: bool = False, limit: int = 500) -> int:
    """Seals lines that are not; how many. ``everything`` also looks for lines far behind the last seal."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    head = _head(session)
    lines = select(Audit).outerjoin(AuditSeal, AuditSeal.audit_id == Audit.id).where(AuditSeal.seq.is_(None))
    if not everything and (last := _last_at(session, head)):
        lines = lines.where(Audit.at >= last - _LATE)
    found = session.scalars(lines.order_by(Audit.id).limit(limit)).all()
    for line in found:
        head = Link(seq=head.seq + 1, digest=digest(head.digest, line))
        session.add(AuditSeal(seq=head.seq, audit_id=line.id, digest=head.digest))
    return len(found)


def check(session: Session, now: datetime, *, head: str = "") -> Checked:
    """Goes through the whole chain. ``head``: a digest written down earlier that must still be in it."""
    start = _cut(session)
    at, broken, why, known = start, None, "", not head or head in {BEGINNING, start.digest}
    for link, line in _links(session, start.seq):
        why = _wrong(at, link, line)
        if why:
            broken = link.seq
            break
        at = Link(seq=link.seq, digest=link.digest)
        known = known or link.digest == head
    loose = select(func.count()).select_from(Audit).outerjoin(AuditSeal, AuditSeal.audit_id == Audit.id)
    unsealed = session.scalar(loose.where(AuditSeal.seq.is_(None), Audit.at < now - _LATE)) or 0
    links = at.seq - start.seq
    return Checked(links=links, head=at, broken_at=broken, why=why, unsealed=unsealed, head_found=known)


def cut(session: Session, before: datetime, now: datetime) -> bool:
    """Marks the trail before that as to be thrown away; whether there is anything. The cut itself is a line."""
    young = select(func.min(AuditSeal.seq)).join(Audit, Audit.id == AuditSeal.audit_id).where(Audit.at >= before)
    first_kept = session.scalar(young.where(AuditSeal.seq > _cut(session).seq))
    end = first_kept - 1 if first_kept is not None else _head(session).seq
    if end <= _cut(session).seq:
        return False
    last = session.get_one(AuditSeal, end)
    session.add(AuditCut(seq=last.seq, digest=last.digest, before=before, at=now))
    audit.record(session, None, "cut", ("audit", str(last.seq)), now)
    return True


def drop(session: Session, limit: int = 500) -> int:
    """Throws away lines that were cut off; how many."""
    end = _cut(session).seq
    seals = session.scalars(select(AuditSeal).where(AuditSeal.seq <= end).order_by(AuditSeal.seq).limit(limit)).all()
    if seals:
        session.execute(delete(Audit).where(Audit.id.in_([seal.audit_id for seal in seals])))
        session.execute(delete(AuditSeal).where(AuditSeal.seq.in_([seal.seq for seal in seals])))
    return len(seals)


def to_cut(session: Session, before: datetime) -> int:
    """How many lines are older than that."""
    return session.scalar(select(func.count()).select_from(Audit).where(Audit.at < before)) or 0


def _wrong(at: Link, link: AuditSeal, line: Audit | None) -> str:
    if link.seq != at.seq + 1:
        return "gap"
    if line is None:
        return "missing"
    return "" if digest(at.digest, line) == link.digest else "changed"


def _links(session: Session, after: int) -> Iterator[tuple[AuditSeal, Audit | None]]:
    found = select(AuditSeal, Audit).outerjoin(Audit, Audit.id == AuditSeal.audit_id).order_by(AuditSeal.seq)
    while rows := session.execute(found.where(AuditSeal.seq > after).limit(_BATCH)).all():
        yield from ((link, line) for link, line in rows)
        after = rows[-1][0].seq
        session.expunge_all()


def _cut(session: Session) -> Link:
    row = session.scalars(select(AuditCut).order_by(AuditCut.seq.desc()).limit(1)).first()
    return Link(seq=row.seq, digest=row.digest) if row else Link(seq=0, digest=BEGINNING)


def _head(session: Session) -> Link:
    row = session.scalars(select(AuditSeal).order_by(AuditSeal.seq.desc()).limit(1)).first()
    return Link(seq=row.seq, digest=row.digest) if row else _cut(session)


def _last_at(session: Session, head: Link) -> datetime | None:
    at = select(Audit.at).join(AuditSeal, AuditSeal.audit_id == Audit.id).where(AuditSeal.seq == head.seq)
    return session.scalar(at)
