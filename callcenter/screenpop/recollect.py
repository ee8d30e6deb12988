"""What the boards need from the database: read at the start and when people change, never while a phone rings."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.call import UNSETTLED
from callcenter.card import Card
from callcenter.crm import maps, outcome_rules, queues, teams
from callcenter.crm.drafts import read, written
from callcenter.crm.identify import card, standing_for
from callcenter.crm.models.calls import SegmentRow
from callcenter.crm.models.desks import Extension
from callcenter.crm.models.people import SignIn, User
from callcenter.crm.rights import Standing, UserRole, read_scopes
from callcenter.draft import Draft
from callcenter.screenpop.lines import Directory, Person


def directory(session: Session) -> Directory:
    """Who is who, and which member interfaces belong to which extension."""
    kept, _ = teams.scopes(session)
    people = session.scalars(select(User)).all()
    extensions = session.scalars(select(Extension)).all()
    return Directory(
        people={user.id: _person(user, kept) for user in people},
        stations={(e.pbx, interface): e.number for e in extensions for interface in e.interfaces},
        dids=maps.labels(session),
        queues=queues.labels(session),
        rules=outcome_rules.rules(session),
    )


def _person(user: User, kept: dict[str, Any]) -> Person:
    role = UserRole(user.role)
    standing = Standing(id=user.id, role=role, team=user.team_id, scopes=read_scopes(kept, role))
    return Person(id=user.id, username=user.username, display_name=user.display_name, standing=standing)


def drafts(session: Session) -> dict[UUID, Draft]:
    """Unfinished outcomes by segment."""
    begun = select(SegmentRow).where(SegmentRow.outcome_state.in_(UNSETTLED), written())
    return {row.id: read(row) for row in session.scalars(begun)}


def draft(session: Session, segment: UUID) -> Draft:
    """What is written of one outcome."""
    row = session.get(SegmentRow, segment)
    return read(row) if row else Draft()


def card_of(session: Session, customer: UUID) -> Card | None:
    """The card as it is now."""
    row = standing_for(session, customer)
    return card(session, row) if row else None


def valid(session: Session, sign_ins: Collection[UUID], now: datetime) -> set[UUID]:
    """Those of the sessions that still count."""
    living = (
        select(SignIn.id)
        .join(User, User.id == SignIn.user_id)
        .where(SignIn.id.in_(sign_ins), SignIn.revoked_at.is_(None), SignIn.expires_at > now, User.active)
    )
    return set(session.scalars(living))
