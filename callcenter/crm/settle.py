"""May this person settle, draft or waive this part of a call now? Reads what it needs, decides, changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from callcenter.call import UNSETTLED, OutcomeState, Role
from callcenter.crm import customers, deferrals, outcome_rules, outcomes, visible
from callcenter.crm.code_rules import Choice, Offer
from callcenter.crm.models.calls import CallRow, SegmentRow
from callcenter.crm.models.customers import Customer
from callcenter.crm.models.outcomes import OutcomeRow
from callcenter.crm.models.people import User
from callcenter.crm.outcome_rules import OutcomeRule, OutcomeRulesBody
from callcenter.crm.rights import Actor, Verb, Whose, allow, part_of
from callcenter.errors import Forbidden, NotFound, Refused
from callcenter.events import CallKey
from callcenter.statement import Statement
from callcenter.terms import Demand, Then

_CORRECTED_WITHIN: Final = timedelta(hours=24)
_OPEN: Final = UNSETTLED | {OutcomeState.DEFERRED}
_talk: Final = Statement(
    lambda _: (
        select(SegmentRow.id, SegmentRow.call_id, SegmentRow.seq, SegmentRow.agent_id, User.team_id, SegmentRow.queue)
        .add_columns(SegmentRow.answered_at, SegmentRow.outcome_state)
        .add_columns(CallRow.pbx, CallRow.uniqueid, CallRow.direction, CallRow.customer_id)
        .join(CallRow, CallRow.id == SegmentRow.call_id)
        .outerjoin(User, User.id == SegmentRow.agent_id)
        .where(SegmentRow.id == bindparam("segment"))
    )
)


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


@dataclass(frozen=True, slots=True)
class _Talk:
    """A part as it stands in the records, with what its call and its agent's team say of it."""

    id: UUID
    call: UUID
    seq: int
    agent: UUID | None
    team: UUID | None
    queue: str
    answered_at: datetime | None
    state: OutcomeState
    pbx: str
    uniqueid: str
    direction: str
    customer: UUID | None

    @property
    def whose(self) -> Whose:
        return part_of(self.agent, self.team)

    def part(self) -> Part:
        key = CallKey(pbx=self.pbx, uniqueid=self.uniqueid)
        return Part(id=self.id, call=key, seq=self.seq, agent=self.agent, customer=self.customer)

    def rule(self, rules: OutcomeRulesBody) -> OutcomeRule:
        return rules.of(self.pbx, self.queue, self.direction)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a talk offers its agent: the codes, and of which card the fields count. ``used_up``: so many outcomes for
    short talks a rule gives in an hour, where this is one more; 0: it is none."""

    offer: Offer
    card: Customer | None
    used_up: int = 0


def asked(session: Session, segment_id: UUID, actor: Actor) -> Asked:
    """What may be chosen for this part of a call. Raises NotFound, Forbidden."""
    talk, rules = _settled_by(session, segment_id, actor), outcome_rules.read(session)
    return Asked(
        offer=talk.rule(rules).offer(), card=_card(session, talk, actor), used_up=_used_up(session, talk, rules)
    )


def logged(session: Session, segment_id: UUID, actor: Actor, now: datetime, choice: Choice) -> Part:
    """The part whose outcome may be logged as ``choice``, with the ids of its codes.

    Raises Refused, Invalid.
    """
    talk = _settled_by(session, segment_id, actor)
    if talk.state is OutcomeState.NONE:
        raise Refused("no outcome is owed here: nobody answered, or somebody else owns the call", code="nothing_owed")
    correction = talk.state not in _OPEN
    if correction and not allow(actor, Verb.WAIVE) and not _fresh(session, talk.id, now):
        raise Refused("it is settled; after a day only a supervisor may correct it", code="outcome_settled")
    offer = talk.rule(outcome_rules.read(session)).offer()
    code, extras = outcomes.chosen(session, offer, choice, lambda: _card(session, talk, actor))
    return replace(talk.part(), correction=correction, code=code, extras=extras)


def drafted(session: Session, segment_id: UUID, actor: Actor) -> SegmentRow:
    """The part on whose outcome its agent still writes, or whoever was handed it. Raises Refused."""
    talk, row = _seen(session, segment_id, actor), session.get_one(SegmentRow, segment_id)
    if talk.agent != actor.id and not deferrals.holds(session, segment_id, actor.id):
        raise Forbidden("this is another agent's part of the call")
    if talk.state not in _OPEN:
        raise Refused("no outcome is owed here", code="nothing_owed")
    return row


def put_off(session: Session, segment_id: UUID, actor: Actor) -> Part:
    """The part whose outcome may be logged later or by somebody else: one's own as long as the rules allow, or an
    agent's whom one may let off. Raises Refused."""
    talk = _seen(session, segment_id, actor)
    own, over = talk.agent == actor.id, allow(actor, Verb.WAIVE, talk.whose)
    if not own and not over:
        raise Forbidden("this is another agent's part of the call")
    if talk.state not in UNSETTLED:
        raise Refused("no outcome is owed here", code="nothing_owed")
    if own:
        rules = outcome_rules.read(session)
        if talk.rule(rules).demand is Demand.FULL:
            raise Refused("the rules of this queue leave no way round its form", code="no_early_exit")
        deferrals.refuse_more(session, actor.id, rules.deferrals)
    return talk.part()


def waived(session: Session, segment_id: UUID, actor: Actor) -> Part:
    """The part whose agent may be let off. Raises Refused."""
    talk = _seen(session, segment_id, actor)
    if not allow(actor, Verb.WAIVE, talk.whose):
        raise Forbidden("this is another team's part of the call")
    if talk.state not in _OPEN:
        raise Refused("no outcome is owed here", code="nothing_owed")
    return talk.part()


def unowned(session: Session, segment_id: UUID) -> Part:
    """The talk that is nobody's, for whoever may claim it or let it be. Raises NotFound, Refused."""
    talk = _found(session, segment_id)
    if talk is None or talk.answered_at is None:
        raise NotFound("no such talk")
    if talk.agent is not None or talk.state is not OutcomeState.NONE:
        raise Refused("somebody else has claimed it", code="already_claimed")
    return talk.part()


def only_owed(session: Session, call_id: UUID, actor: Actor) -> UUID:
    """The one part of the call for which the actor owes an outcome. Raises Refused when there is not exactly one."""
    owed = select(SegmentRow.id).where(
        SegmentRow.call_id == call_id, SegmentRow.agent_id == actor.id, SegmentRow.outcome_state.in_(_OPEN)
    )
    found = list(session.scalars(owed))
    if len(found) != 1:
        raise Refused("name the segment: there is not exactly one outcome that you owe here", code="outcome_ambiguous")
    return found[0]


def _card(session: Session, talk: _Talk, actor: Actor) -> Customer | None:
    """Of a card that the actor may not see nothing is asked: he could not fill it."""
    return customers.seen(session, talk.customer, actor) if talk.customer else None


def _used_up(session: Session, talk: _Talk, rules: OutcomeRulesBody) -> int:
    """As the terms judge it when the talk ends (``callcenter.terms``): said again in words."""
    rule = talk.rule(rules)
    if rule.then is not Then.AUTOMATIC or talk.agent is None or talk.state not in UNSETTLED:
        return 0
    own = (SegmentRow.call_id == talk.call, SegmentRow.agent_id == talk.agent, SegmentRow.role == Role.OWNER)
    parts = session.scalars(select(SegmentRow).where(*own, SegmentRow.answered_at.is_not(None))).all()
    ends = [part.ended_at for part in parts if part.ended_at]
    if len(ends) < len(parts) or sum(part.talk_s for part in parts) >= rule.under_s:
        return 0
    given = outcome_rules.given(session, max(ends), talk.agent).within_an_hour(talk.agent, max(ends))
    return rules.short_per_hour if given >= rules.short_per_hour else 0


def _settled_by(session: Session, segment_id: UUID, actor: Actor) -> _Talk:
    talk = _seen(session, segment_id, actor)
    if not allow(actor, Verb.SETTLE, talk.whose) and not deferrals.holds(session, segment_id, actor.id):
        raise Forbidden("this is another agent's part of the call")
    return talk


def _seen(session: Session, segment_id: UUID, actor: Actor) -> _Talk:
    """A part of his own everybody may see: whoever hangs up waits for this."""
    talk = _found(session, segment_id)
    if talk is None or not (talk.agent == actor.id or _sees(session, segment_id, actor)):
        raise NotFound("no such segment")
    return talk


def _found(session: Session, segment_id: UUID) -> _Talk | None:
    for row in _talk(session, {"segment": segment_id}):
        return _Talk(*row._replace(outcome_state=OutcomeState(row.outcome_state)))
    return None


def _sees(session: Session, segment_id: UUID, actor: Actor) -> bool:
    part = select(SegmentRow.id).join(CallRow, CallRow.id == SegmentRow.call_id).where(SegmentRow.id == segment_id)
    seen = or_(visible.seen(actor, CallRow), deferrals.held(actor.id))
    return session.scalar(part.where(seen)) is not None


def _fresh(session: Session, segment_id: UUID, now: datetime) -> bool:
    settled = session.scalar(select(OutcomeRow.at).where(OutcomeRow.segment_id == segment_id))
    return settled is not None and now - settled < _CORRECTED_WITHIN
