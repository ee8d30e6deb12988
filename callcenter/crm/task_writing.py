"""What somebody wrote about a task, judged: the customer, number, person and team it names must be there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from aiohttp import web
from sqlalchemy.orm import Session

from callcenter import phone
from callcenter.api import SETTINGS
from callcenter.crm import call_list, customers
from callcenter.crm.access import actor
from callcenter.crm.identify import number_row
from callcenter.crm.models.people import Team, User
from callcenter.errors import Invalid


def columns(session: Session, request: web.Request, values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a request as columns. Raises Invalid, NotFound."""
    found = {name: value for name, value in values.items() if name not in ("number", "call_id")}
    if found.get("customer_id"):
        found["customer_id"] = customers.get(session, found["customer_id"], actor(request)).id
    if number := values.get("number"):
        found["number_id"] = _number(session, number, request.app[SETTINGS].region)
    if call_id := values.get("call_id"):
        found |= _of_call(session, request, call_id, found)
    _there(session, User, found.get("assignee_id"), "assignee_id")
    _there(session, Team, found.get("team_id"), "team_id")
    due, until = found.get("due_at"), found.get("due_until")
    if due and until and until < due:
        raise Invalid("the end is before the beginning", fields={"due_until": "out_of_range"})
    return found


def _number(session: Session, text: str, region: str) -> UUID:
    number = phone.parse(text, region)
    if phone.is_withheld(text) or number.key == "raw:":
        raise Invalid("this is no telephone number", fields={"number": "not_a_number"})
    return number_row(session, number)


def _of_call(session: Session, request: web.Request, call_id: UUID, given: Mapping[str, Any]) -> dict[str, Any]:
    """From which call it comes, and thereby about whom it is where nobody says."""
    row = call_list.get(session, call_id, actor(request))
    about = {"customer_id": row.customer_id, "number_id": row.number_id}
    return {"origin_call_id": row.id} | {name: value for name, value in about.items() if not given.get(name)}


def _there(session: Session, kind: type[User] | type[Team], row: UUID | None, field: str) -> None:
    if row is None:
        return
    found = session.get(kind, row)
    if found is None or (isinstance(found, User) and not found.active):
        raise Invalid("there is nobody like that", fields={field: "unknown"})
