"""How a call looks on its agent's screen: pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from callcenter import phone
from callcenter.call import Call, Segment
from callcenter.card import Candidate, Card, Tie
from callcenter.crm.rights import Standing, Verb, allow, card_of
from callcenter.draft import Draft
from callcenter.owing import TRANSFERRED
from callcenter.rehearsal import answers_for
from callcenter.screenpop.lines import Directory
from callcenter.screenpop.shown import FloorCall, Guess, Phase, Pop
from callcenter.values import replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A number as a screen shows it; ``zone`` only where the number lies in exactly one."""

    number: str = ""
    display: str = ""
    region: str = ""
    zone: str | None = None


@lru_cache(maxsize=1024)
def caller(raw: str, region: str) -> Caller:
    """What a number tells; nothing when it is withheld."""
    if phone.is_withheld(raw):
        return Caller()
    known = phone.parse(raw, region)
    return Caller(
        number=known.e164 or known.raw,
        display=known.grouped,
        region=known.region,
        zone=known.zone or None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Whose call it may be."""

    card: Card | None
    candidates: tuple[Candidate, ...] = ()

    def seen_by(self, standing: Standing | None) -> Who:
        """The same without the cards that a person may not see: a ringing phone is no way around his rights."""
        if self.card is None and not self.candidates:
            return self
        shown = tuple(replace(c, card=_less(standing, c.card)) for c in self.candidates if _may_see(standing, c.card))
        card = _less(standing, self.card) if self.card and _may_see(standing, self.card) else None
        return Who(card=card, candidates=shown)

    def names(self, customer: UUID) -> bool:
        return any(c.id == customer for c in (self.card, *(g.card for g in self.candidates)) if c)


def _less(standing: Standing | None, card: Card) -> Card:
    """Without the organisations that the person may not see."""
    if not card.works_for:
        return card
    return replace(card, works_for=tuple(tie for tie in card.works_for if _may_see(standing, tie)))


def _may_see(standing: Standing | None, card: Card | Tie) -> bool:
    whose = card_of(card.owner_id, card.team_id)
    return whose.unclaimed if standing is None else allow(standing, Verb.READ_CARDS, whose)


def pop(call: Call, segment: Segment, phase: Phase, who: Who, draft: Draft) -> Pop:
    """The pop of a segment that is shown in ``phase``. Its call and segment have been inserted. See ``labelled``."""
    if call.id is None or segment.id is None:
        raise AssertionError(f"call {call.key} was never inserted")
    seen = caller(call.number, call.region)
    joined = [v.joined_at for v in call.queues if v.queue == segment.queue]
    return Pop(
        id=segment.id,
        call_id=call.id,
        phase=phase,
        offered_at=_offered_at(call, segment),
        answered_at=segment.answered_at,
        ended_at=(segment.ended_at or call.ended_at) if phase is Phase.WRAPUP else None,
        direction=call.direction,
        number=seen.number,
        number_display=seen.display,
        region=seen.region,
        local_time_zone=seen.zone,
        withheld=call.withheld,
        name=call.name,
        did=call.did,
        did_label="",
        queue=segment.queue,
        queue_label="",
        waiting_since=joined[-1] if joined else None,
        via=segment.via,
        customer=who.card,
        candidates=tuple(Guess(customer=c.card, match=c.match, reason=c.reason) for c in who.candidates),
        outcome_state=segment.outcome_state,
        draft=draft,
        role=segment.role,
        test=answers_for(segment.device.name) is not None,
        recorded=call.recorded,
        paused_until=call.pause.until if call.pause else None,
    )


def proposed(to: str, saved: Draft | None) -> Draft:
    """What an agent who passed the customer on to ``to`` is asked to confirm; what he wrote himself stays."""
    if saved is None:
        return Draft(outcome=TRANSFERRED, comment=f"→ {to}")
    return saved if saved.outcome else replace(saved, outcome=TRANSFERRED)


def labelled(face: Pop, pbx: str, directory: Directory) -> Pop:
    """The pop with what people named the number that was called and the queue."""
    did = directory.dids.get((pbx, face.did.removeprefix("+")), "")
    queue = directory.queues.get((pbx, face.queue), "")
    return replace(face, did_label=did, queue_label=queue) if did or queue else face


def floor_call(pop: Pop) -> FloorCall:
    """A pop as supervisors see it."""
    since = {Phase.RINGING: pop.offered_at, Phase.TALKING: pop.answered_at, Phase.WRAPUP: pop.ended_at}[pop.phase]
    return FloorCall(
        segment_id=pop.id,
        call_id=pop.call_id,
        phase=pop.phase,
        since=since or pop.offered_at,
        who=(pop.customer.name if pop.customer else "") or pop.number_display,
        queue=pop.queue,
    )


def _offered_at(call: Call, segment: Segment) -> datetime:
    """When this round of ringing began; the answer where nothing rang."""
    ringing = [o.offered_at for o in segment.offers if o.ended_at is None]
    last = segment.offers[-1].offered_at if segment.offers else segment.answered_at
    return min(ringing, default=last or call.started_at)
