"""Whose cards an import may write on: those of the person who started it, as his rights are now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from callcenter.crm import users
from callcenter.crm.models.customers import Customer
from callcenter.crm.rights import Standing, Verb, allow, card_of
from callcenter.errors import Forbidden


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """``by`` None: the administrator of the machine, from the command line."""

    by: Standing | None

    @property
    def person(self) -> UUID | None:
        return self.by.id if self.by else None

    def writes(self, card: Customer) -> bool:
        """Whether the card may be written on."""
        return self.by is None or allow(self.by, Verb.WRITE_CARDS, card_of(card.owner_id, card.team_id))

    def claim(self) -> dict[str, Any]:
        """Whose new cards are: the team's, nobody's in particular. A list is no one person's customers."""
        return {"owner_id": None, "team_id": self.by.team if self.by else None}


def of(session: Session, person: UUID | None) -> Reach:
    """The reach of the person now. Raises Forbidden when he may not import any more."""
    if person is None:
        return Reach(by=None)
    standing = users.standing(session, person)
    if standing is None:
        raise Forbidden("whoever started it does not work here any more", code="importer_gone")
    if not allow(standing, Verb.IMPORT):
        raise Forbidden("whoever started it may not import any more", code="importer_gone")
    return Reach(by=standing)
