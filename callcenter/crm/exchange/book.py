"""Imports as rows: begun, planned, started, stopped, undone. Every change of state is one of these."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, delete, or_, select
from sqlalchemy.orm import Session

from callcenter.crm import audit, card_fields
from callcenter.crm.exchange import columns
from callcenter.crm.exchange.decide import Namesakes, Rule
from callcenter.crm.exchange.draft import Reading
from callcenter.crm.fold import fold
from callcenter.crm.models.cards import StatusRow
from callcenter.crm.models.imports import Import, ImportRow
from callcenter.crm.own_fields import OWN, OwnField
from callcenter.crm.rights import Actor, UserRole
from callcenter.errors import Invalid, NotFound, Refused
from callcenter.statement import Statement
from callcenter.tables import UtcDateTime

WORKING: Final = ("checking", "running", "undoing")
UNDO_DAYS: Final = 30
_ABOUT: Final = ("encoding", "delimiter", "sheet", "first")
LEASE: Final = timedelta(minutes=1)
_DUE: Final = (
    or_(*(Import.state == state for state in WORKING)),
    or_(Import.leased_until.is_(None), Import.leased_until < bindparam("now", type_=UtcDateTime())),
)
_any_due: Final = Statement(lambda _: select(Import.id).where(*_DUE).limit(1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How the sheet is to be read, and what is done with customers who are known."""

    mapping: Sequence[str]
    rule: Rule
    region: str


def begin(
    session: Session, id: UUID, filename: str, found: Mapping[str, Any], made: tuple[Actor | None, datetime]
) -> UUID:
    """A file that was read. ``found`` is what the converter told; ``region`` is in it. The mapping that was used last
    for the same headings is proposed again."""
    by, now = made
    headings = [str(heading) for heading in found["columns"]]
    key = hashlib.sha256(json.dumps(headings).encode()).hexdigest()
    last = session.scalars(
        select(Import)
        .where(Import.columns_key == key, Import.started_at.is_not(None))
        .order_by(Import.id.desc())
        .limit(1)
    ).first()
    row = Import(
        id=id,
        filename=filename[-200:],
        about={name: found[name] for name in ("encoding", "delimiter", "sheet", "first")}
        | {"remembered": last is not None},
        columns=headings,
        columns_key=key,
        mapping=last.mapping if last else columns.propose(headings, _headings(session)),
        rule=last.rule if last else Rule.FILL,
        region=found["region"],
        rows=found["rows"],
        created_by_id=by.id if by else None,
        created_at=now,
    )
    session.add(row)
    audit.record(session, by, "import_upload", ("import", str(id)), now, rows=row.rows)
    session.flush()
    return row.id


def get(session: Session, id: UUID, by: Actor | None, *, lock: bool = False) -> Import:
    """One's own; administrators everybody's. Raises NotFound."""
    row = session.get(Import, id, with_for_update=lock, populate_existing=lock)
    if row is None or (by and by.role is not UserRole.ADMIN and row.created_by_id != by.id):
        raise NotFound("no such import")
    return row


def whose(by: Actor) -> ColumnElement[bool]:
    """The same as a condition."""
    return Import.id.is_not(None) if by.role is UserRole.ADMIN else Import.created_by_id == by.id


def plan(session: Session, id: UUID, by: Actor | None, wanted: Plan) -> None:
    """Sets how it is read and has the file checked again. Raises Invalid, Refused."""
    row = get(session, id, by, lock=True)
    _must(row, "uploaded", "checking", "ready", "failed")
    if row.started_at is not None:
        raise Refused("it has begun already", code="import_state")
    if wrong := columns.faults(wanted.mapping, len(row.columns), list(_own(session))):
        raise Invalid("the columns cannot be read like that", fields=wrong)
    row.mapping, row.rule, row.region = list(wanted.mapping), wanted.rule, wanted.region
    row.state, row.row, row.position, row.findings, row.error = "checking", 0, 0, {}, ""
    row.leased_until = None


def run(session: Session, id: UUID, by: Actor | None, now: datetime, namesakes: Namesakes = Namesakes.CREATE) -> None:
    """Starts it, or goes on where it was stopped, with the same choice for ``namesakes``."""
    row = get(session, id, by, lock=True)
    _must(row, "ready", "stopped", "failed")
    if row.state == "ready":
        row.row, row.position, row.counts, row.started_at = 0, 0, {}, now
        row.about = row.about | {"namesakes": str(namesakes)}
    elif row.started_at is None:
        raise Refused("check it first", code="import_state")
    row.state, row.error, row.leased_until = "running", "", None
    audit.record(session, by, "import_run", ("import", str(id)), now, rule=row.rule, rows=row.rows)


def stop(session: Session, id: UUID, by: Actor | None, now: datetime) -> None:
    """Ends it after the batch that is being written. What is written stays, and can be undone."""
    row = get(session, id, by, lock=True)
    _must(row, "running", "checking")
    row.state = "stopped" if row.state == "running" else "uploaded"
    row.finished_at = now if row.state == "stopped" else None
    audit.record(session, by, "import_stop", ("import", str(id)), now, row=row.row)


def undo(session: Session, id: UUID, by: Actor | None, now: datetime) -> None:
    """Takes the whole import back, row by row from its end."""
    row = get(session, id, by, lock=True)
    _must(row, "done", "stopped", "failed")
    if row.started_at is None:
        raise Refused("nothing was imported", code="import_state")
    if too_late(row, now):
        raise Refused(f"after {UNDO_DAYS} days what was there before is not kept any more", code="undo_too_late")
    row.state, row.error, row.leased_until = "undoing", "", None
    audit.record(session, by, "import_undo", ("import", str(id)), now)


def discard(session: Session, id: UUID, by: Actor | None, now: datetime) -> None:
    """Forgets a file that was not imported."""
    row = get(session, id, by, lock=True)
    if row.started_at is not None:
        raise Refused("it was imported: undo it instead", code="import_state")
    session.execute(delete(ImportRow).where(ImportRow.import_id == id))
    session.delete(row)
    audit.record(session, by, "import_discard", ("import", str(id)), now)


def with_reading(session: Session, id: UUID, by: Actor | None) -> tuple[Import, Reading]:
    """One's own, and how its sheet is read. Raises NotFound."""
    row = get(session, id, by)
    return row, reading(session, row)


def reading(session: Session, row: Import) -> Reading:
    """How the sheet is read, with the statuses that are in use."""
    statuses: dict[str, str] = {}
    for status in session.scalars(select(StatusRow).where(StatusRow.active)):
        statuses |= {fold(label): status.code for label in (*status.labels.values(), status.code)}
    mapping, headings = tuple(row.mapping), tuple(row.columns)
    return Reading(mapping=mapping, headings=headings, region=row.region, statuses=statuses, own=_own(session))


def _own(session: Session) -> dict[str, OwnField]:
    return {field.name: field for field in card_fields.used(session).values()}


def _headings(session: Session) -> dict[str, str]:
    """What the call center's own fields may be called at the head of a column."""
    rows = [row for row in card_fields.every(session) if row.active]
    return {fold(said): f"{OWN}{row.code}" for row in rows for said in (row.code, *row.labels.values())}


def too_late(row: Import, now: datetime) -> bool:
    return row.finished_at is not None and now - row.finished_at > timedelta(days=UNDO_DAYS)


def claim(session: Session, now: datetime, only: UUID | None = None) -> UUID | None:
    """The next import there is work at, held for this worker."""
    if not _any_due(session, {"now": now}):  # asked every other second, and the answer nearly always is no
        return None
    due = select(Import).where(*_DUE)
    if only:
        due = due.where(Import.id == only)
    row = session.scalars(due.order_by(Import.id).limit(1).with_for_update(skip_locked=True), {"now": now}).first()
    if row is None:
        return None
    row.leased_until = now + LEASE
    return row.id


def forget(session: Session, now: datetime, most: int = 500) -> int:
    """Drops what is kept of rows for an undo that is too late, and files nobody went on with; how many rows went."""
    old = now - timedelta(days=UNDO_DAYS)
    stale = select(Import.id).where(
        or_(Import.finished_at < old, (Import.started_at.is_(None)) & (Import.created_at < old))
    )
    some = session.execute(
        select(ImportRow.import_id, ImportRow.n).where(ImportRow.import_id.in_(stale)).limit(most)
    ).all()
    for import_id, n in some:
        session.execute(delete(ImportRow).where(ImportRow.import_id == import_id, ImportRow.n == n))
    return len(some)


def with_files(session: Session) -> set[UUID]:
    """Imports that still need their files."""
    return set(session.scalars(select(Import.id).where(Import.state.not_in(("done", "undoing", "undone")))))


def _must(row: Import, *states: str) -> None:
    if row.state not in states:
        raise Refused(f"the import is {row.state}", code="import_state")
