"""May this person settle, draft or waive this part of a call now? Reads what it needs, decides, changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from callcenter.call import UNSETTLED, OutcomeState, Role
from callcenter.crm import customers, deferrals, outcome_rules, outcomes, visible
from callcenter.crm.code_rules import Choice, Offer
from callcenter.crm.models.calls import CallRow, SegmentRow
from callcenter.crm.models.customers import Customer
from callcenter.crm.models.outcomes import OutcomeRow
from callcenter.crm.rights import Actor, Verb, allow
from callcenter.errors import Forbidden, NotFound, Refused
from callcenter.events import CallKey
from callcenter.terms import Demand, Then

_CORRECTED_WITHIN: Final = timedelta(hours=24)
_OPEN: Final = UNSETTLED | {OutcomeState.DEFERRED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A segment as it is spoken of in events. ``correction``: it was settled before."""

    id: UUID
    call: CallKey
    seq: int
    agent: UUID | None
    correction: bool = False
    code: UUID | None = None
    extras: tuple[UUID, ...] = ()
    customer: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a talk offers its agent: the codes, and of which card the fields count. ``used_up``: so many outcomes for
    short talks a rule gives in an hour, where this is one more; 0: it is none."""

    offer: Offer
    card: Customer | None
    used_up: int = 0


def asked(session: Session, segment_id: UUID, actor: Actor) -> Asked:
    """What may be chosen for this part of a call. Raises NotFound, Forbidden."""
    row, call = _settled_by(session, segment_id, actor)
    return replace(_asked(session, row, call, actor), used_up=_used_up(session, row, call))


def logged(session: Session, segment_id: UUID, actor: Actor, now: datetime, choice: Choice) -> Part:
    """The part whose outcome may be logged as ``choice``, with the ids of its codes.

    Raises Refused, Invalid.
    """
    row, call = _settled_by(session, segment_id, actor)
    state = OutcomeState(row.outcome_state)
    if state is OutcomeState.NONE:
        raise Refused("no outcome is owed here: nobody answered, or somebody else owns the call", code="nothing_owed")
    correction = state not in _OPEN
    if correction and not allow(actor, Verb.WAIVE) and not _fresh(session, row.id, now):
        raise Refused("it is settled; after a day only a supervisor may correct it", code="outcome_settled")
    talk = _asked(session, row, call, actor)
    judged = replace(choice, lacking=outcomes.lacking(session, talk.card))
    code, extras = outcomes.chosen(session, talk.offer, judged)
    return replace(_part(row, call), correction=correction, code=code, extras=extras)


def drafted(session: Session, segment_id: UUID, actor: Actor) -> SegmentRow:
    """The part on whose outcome its agent still writes, or whoever was handed it. Raises Refused."""
    row, _ = _seen(session, segment_id, actor)
    if row.agent_id != actor.id and not deferrals.holds(session, segment_id, actor.id):
        raise Forbidden("this is another agent's part of the call")
    if OutcomeState(row.outcome_state) not in _OPEN:
        raise Refused("no outcome is owed here", code="nothing_owed")
    return row


def put_off(session: Session, segment_id: UUID, actor: Actor) -> Part:
    """The part whose outcome may be logged later or by somebody else: one's own as long as the rules allow, or an
    agent's whom one may let off. Raises Refused."""
    row, call = _seen(session, segment_id, actor)
    own, over = row.agent_id == actor.id, allow(actor, Verb.WAIVE, visible.part(session, row.agent_id))
    if not own and not over:
        raise Forbidden("this is another agent's part of the call")
    if OutcomeState(row.outcome_state) not in UNSETTLED:
        raise Refused("no outcome is owed here", code="nothing_owed")
    if own:
        rules = outcome_rules.read(session)
        if rules.of(call.pbx, row.queue, call.direction).demand is Demand.FULL:
            raise Refused("the rules of this queue leave no way round its form", code="no_early_exit")
        deferrals.refuse_more(session, actor.id, rules.deferrals)
    return _part(row, call)


def waived(session: Session, segment_id: UUID, actor: Actor) -> Part:
    """The part whose agent may be let off. Raises Refused."""
    row, call = _seen(session, segment_id, actor)
    if not allow(actor, Verb.WAIVE, visible.part(session, row.agent_id)):
        raise Forbidden("this is another team's part of the call")
    if OutcomeState(row.outcome_state) not in _OPEN:
        raise Refused("no outcome is owed here", code="nothing_owed")
    return _part(row, call)


def unowned(session: Session, segment_id: UUID) -> Part:
    """The talk that is nobody's, for whoever may claim it or let it be. Raises NotFound, Refused."""
    found = session.execute(
        select(SegmentRow, CallRow).join(CallRow, CallRow.id == SegmentRow.call_id).where(SegmentRow.id == segment_id)
    ).first()
    if found is None or found[0].answered_at is None:
        raise NotFound("no such talk")
    row, call = found
    if row.agent_id is not None or OutcomeState(row.outcome_state) is not OutcomeState.NONE:
        raise Refused("somebody else has claimed it", code="already_claimed")
    return _part(row, call)


def only_owed(session: Session, call_id: UUID, actor: Actor) -> UUID:
    """The one part of the call for which the actor owes an outcome. Raises Refused when there is not exactly one."""
    owed = select(SegmentRow.id).where(
        SegmentRow.call_id == call_id, SegmentRow.agent_id == actor.id, SegmentRow.outcome_state.in_(_OPEN)
    )
    found = list(session.scalars(owed))
    if len(found) != 1:
        raise Refused("name the segment: there is not exactly one outcome that you owe here", code="outcome_ambiguous")
    return found[0]


def _part(row: SegmentRow, call: CallRow) -> Part:
    key = CallKey(pbx=call.pbx, uniqueid=call.uniqueid)
    return Part(id=row.id, call=key, seq=row.seq, agent=row.agent_id, customer=call.customer_id)


def _asked(session: Session, row: SegmentRow, call: CallRow, actor: Actor) -> Asked:
    """Of a card that the actor may not see nothing is asked: he could not fill it."""
    rule = outcome_rules.read(session).of(call.pbx, row.queue, call.direction)
    card = customers.seen(session, call.customer_id, actor) if call.customer_id else None
    return Asked(offer=rule.offer(), card=card)


def _used_up(session: Session, row: SegmentRow, call: CallRow) -> int:
    """As the terms judge it when the talk ends (``callcenter.terms``): said again in words."""
    rules = outcome_rules.read(session)
    rule = rules.of(call.pbx, row.queue, call.direction)
    if rule.then is not Then.AUTOMATIC or row.agent_id is None or OutcomeState(row.outcome_state) not in UNSETTLED:
        return 0
    own = (SegmentRow.call_id == call.id, SegmentRow.agent_id == row.agent_id, SegmentRow.role == Role.OWNER)
    parts = session.scalars(select(SegmentRow).where(*own, SegmentRow.answered_at.is_not(None))).all()
    ends = [part.ended_at for part in parts if part.ended_at]
    if len(ends) < len(parts) or sum(part.talk_s for part in parts) >= rule.under_s:
        return 0
    given = outcome_rules.given(session, max(ends), row.agent_id).within_an_hour(row.agent_id, max(ends))
    return rules.short_per_hour if given >= rules.short_per_hour else 0


def _settled_by(session: Session, segment_id: UUID, actor: Actor) -> tuple[SegmentRow, CallRow]:
    row, call = _seen(session, segment_id, actor)
    his = allow(actor, Verb.SETTLE, visible.part(session, row.agent_id))
    if not his and not deferrals.holds(session, segment_id, actor.id):
        raise Forbidden("this is another agent's part of the call")
    return row, call


def _seen(session: Session, segment_id: UUID, actor: Actor) -> tuple[SegmentRow, CallRow]:
    """A part of his own everybody may see: whoever hangs up waits for this."""
    parts = select(SegmentRow, CallRow).join(CallRow, CallRow.id == SegmentRow.call_id)
    found = session.execute(parts.where(SegmentRow.id == segment_id)).first()
    if found is None or not (found[0].agent_id == actor.id or _sees(session, segment_id, actor)):
        raise NotFound("no such segment")
    return found[0], found[1]


def _sees(session: Session, segment_id: UUID, actor: Actor) -> bool:
    part = select(SegmentRow.id).join(CallRow, CallRow.id == SegmentRow.call_id).where(SegmentRow.id == segment_id)
    seen = or_(visible.seen(actor, CallRow), deferrals.held(actor.id))
    return session.scalar(part.where(seen)) is not None


def _fresh(session: Session, segment_id: UUID, now: datetime) -> bool:
    settled = session.scalar(select(OutcomeRow.at).where(OutcomeRow.segment_id == segment_id))
    return settled is not None and now - settled < _CORRECTED_WITHIN
