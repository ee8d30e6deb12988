"""One row of the policies as a checked value: read where needed, so that a change counts at once."""

from __future__ import annotations

from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from callcenter.crm.models.office import Policy
from callcenter.statement import Statement

P = TypeVar("P", bound=BaseModel)
_find: Final = Statement(lambda _: select(Policy.value).where(Policy.key == bindparam("policy")))


def read(session: Session, key: str, kind: type[P]) -> P:
    """What was decided; the usual where nobody decided, or where a newer version wrote what this one cannot read."""
    rows = _find(session, {"policy": key})
    try:
        return kind.model_validate(rows[0].value) if rows else kind()
    except ValidationError:
        return kind()


def version(session: Session, key: str) -> int:
    """0 before anybody decided."""
    row = session.get(Policy, key)
    return row.version if row else 0


def hold(session: Session, key: str) -> None:
    """Nobody else changes it until the commit."""
    session.get(Policy, key, with_for_update=True)


def write(session: Session, key: str, policy: BaseModel) -> None:
    """This holds from now on."""
    row = session.get(Policy, key, with_for_update=True)
    if row is None:
        session.add(Policy(key=key, value=policy.model_dump(mode="json")))
    else:
        row.value, row.version = policy.model_dump(mode="json"), row.version + 1
    session.flush()
