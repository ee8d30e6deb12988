"""What a person may see, as conditions of a query: the one place that narrows rows by rights.

Each condition says in SQL what ``rights.reaches`` says of one thing; a test holds them together. Every look-up of
customers' things goes through ``narrow`` or ``seen``, so what is hidden cannot be found, counted or guessed at.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from callcenter.crm.indexes import unindexed
from callcenter.crm.models.base import Row
from callcenter.crm.models.calls import CallRow, RecordingRow, SegmentRow
from callcenter.crm.models.customers import Customer
from callcenter.crm.models.people import User
from callcenter.crm.models.scores import Evaluation
from callcenter.crm.rights import Scope, Standing, Subject, Verb, Whose, allow, part_of, scope_of

S = TypeVar("S", bound="Select[*tuple[Any, ...]]")
Condition = ColumnElement[bool]
Column = InstrumentedAttribute[Any]
_part, _agent, _row, _card = aliased(SegmentRow), aliased(User), aliased(CallRow), aliased(Customer)
"""Made once: to make them costs more than the query. No condition here stands within another of their like."""


def narrow(found: S, actor: Standing, *kinds: type[Row]) -> S:
    """The statement with only those rows of ``kinds`` that the actor may see."""
    return found.where(*(seen(actor, kind) for kind in kinds))


def seen(actor: Standing, kind: type[Row]) -> Condition:
    """The same as a condition on ``kind``, one of the models here."""
    return _RULES[kind](actor)


def owned(actor: Standing, subject: Subject, owner: Column, team: Column) -> Condition:
    """Of things that have an owner and a team as columns. What has neither is open to everybody."""
    scope = scope_of(actor, subject)
    if scope is Scope.ALL:
        return true()
    mine = or_(owner == actor.id, and_(owner.is_(None), team.is_(None)))
    if scope is Scope.OWN:
        return mine
    return or_(mine, team.is_(None), team == actor.team) if actor.team else or_(mine, team.is_(None))


def of_team(actor: Standing, subject: Subject, team: Column) -> Condition:
    """Of things that a team shares: its own and those of no team; with the scope *all*, every team's."""
    if scope_of(actor, subject) is Scope.ALL:
        return true()
    return or_(team.is_(None), team == actor.team) if actor.team else team.is_(None)


def cards(actor: Standing) -> Condition:
    """Cards."""
    return owned(actor, Subject.CARDS, Customer.owner_id, Customer.team_id)


def on_readable_card(actor: Standing, card: Column) -> Condition:
    """Of what hangs on a card, by the column that names it: the actor may read that card."""
    return select(Customer.id).where(Customer.id == card, cards(actor)).exists()


def listed_calls(actor: Standing) -> Condition:
    """Calls that are the actor's business: those he had a part in, or his team; calls nobody took are every team's."""
    return _of_parts(actor, Subject.CALLS, CallRow.id, answered=False)


def calls(actor: Standing) -> Condition:
    """Calls that may be looked at: those above and whatever stands on a card the actor may read."""
    if scope_of(actor, Subject.CALLS) is Scope.ALL:
        return true()
    card = select(Customer.id).where(Customer.id == CallRow.customer_id, cards(actor))
    return or_(listed_calls(actor), card.exists())


def recordings(actor: Standing) -> Condition:
    """Recordings that may be listened to: of talks of one's own, or of one's team."""
    return on_audible_call(actor, RecordingRow.call_id)


def on_audible_call(actor: Standing, call: Column | ColumnElement[UUID]) -> Condition:
    """Of what hangs on a call, by the column that names it: the actor may listen to its recordings."""
    return _of_parts(actor, Subject.RECORDINGS, call, answered=True)


def people(actor: Standing) -> Condition:
    """Colleagues on the floor."""
    scope = scope_of(actor, Subject.FLOOR)
    if scope is Scope.ALL:
        return true()
    if scope is Scope.OWN:
        return User.id == actor.id
    of_none = User.team_id.is_(None)
    return or_(User.id == actor.id, of_none, User.team_id == actor.team) if actor.team else of_none


def evaluations(actor: Standing) -> Condition:
    """Evaluations: of oneself once they are published; for who evaluates also those of his people. Nobody sees another
    one's draft."""
    told = Evaluation.state != "draft"
    mine = and_(Evaluation.agent_id == actor.id, told)
    if not allow(actor, Verb.EVALUATE):
        return mine
    theirs = Evaluation.agent_id.in_(select(User.id).where(people(actor)))
    return or_(mine, and_(theirs, or_(told, Evaluation.evaluator_id == actor.id)))


def part(session: Session, agent: UUID | None) -> Whose:
    """Whose an agent's part in a call is, with his team as it is now."""
    return part_of(agent, session.scalar(select(User.team_id).where(User.id == agent)) if agent else None)


def _of_parts(actor: Standing, subject: Subject, call: Column | ColumnElement[UUID], *, answered: bool) -> Condition:
    """Of what belongs to a call: by those whose parts count, their teams, and the team of the card it is on."""
    scope = scope_of(actor, subject)
    if scope is Scope.ALL:
        return true()
    counts = and_(_part.call_id == call, _part.answered_at.is_not(None) if answered else true())
    mine = select(_part.id).where(counts, unindexed(_part.agent_id) == actor.id).exists()
    if scope is Scope.OWN:
        return mine
    took = select(_part.id).join(_agent, _agent.id == _part.agent_id).where(counts, _agent.team_id.is_not(None))
    on_card = (
        select(_card.id).join(_row, _row.customer_id == _card.id).where(_row.id == call, _card.team_id.is_not(None))
    )
    of_none = and_(~took.exists(), ~on_card.exists())
    if actor.team is None:
        return or_(mine, of_none)
    ours = or_(took.where(_agent.team_id == actor.team).exists(), on_card.where(_card.team_id == actor.team).exists())
    return or_(mine, ours, of_none)


_RULES: Final = {
    Customer: cards,
    CallRow: calls,
    RecordingRow: recordings,
    User: people,
    Evaluation: evaluations,
}
