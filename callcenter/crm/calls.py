"""Calls as rows: written from the difference of two values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, case, delete, select, update
from sqlalchemy.orm import Session

from callcenter.call import Call, Offer, QueueVisit, Segment
from callcenter.crm import call_consent, call_pauses, drafts, hiding_policy, passages
from callcenter.crm.identify import Identified
from callcenter.crm.models.calls import (
    CallCandidate,
    CallRow,
    GapRow,
    OfferRow,
    QueueVisitRow,
    SegmentRow,
)
from callcenter.crm.models.customers import Customer
from callcenter.crm.models.outcomes import OutcomeExtra, OutcomeRow
from callcenter.crm.upsert import change, inserting, put, table_of, update_row, upsert
from callcenter.events import Gap
from callcenter.statement import Statement
from callcenter.tables import UtcDateTime
from callcenter.values import replace


def _later(at: ColumnElement[datetime]) -> ColumnElement[datetime]:
    """Calls that are filled in come after those that were later."""
    known = Customer.last_contact_at
    return case((known > at, known), else_=at)


_call_of: Final = Statement(
    lambda _: select(table_of(SegmentRow).c.call_id).where(SegmentRow.id == bindparam("segment"))
)
_add_candidate: Final = inserting(CallCandidate)
_count: Final = Statement(
    lambda _: (
        update(table_of(Customer))
        .where(Customer.id == bindparam("customer"))
        .values(calls=Customer.calls + 1, last_contact_at=_later(bindparam("started_at", type_=UtcDateTime())))
    )
)


class Known(Exception):
    """A call that was taken for a new one has rows."""


def save(session: Session, before: Call | None, after: Call, who: Identified | None) -> Call:
    """Writes what differs from the rows of ``before`` (None: a new call, of ``who``); the call with its rows' ids.

    Raises Known where ``before`` is None and there are rows after all.
    """
    counted = (before.customer if before else None) or (after.customer if who and who.fresh else None)
    if before is None:
        after = _insert(session, after, who)
    else:
        change(session, CallRow, {"id": _id(after)}, _call_values(before), _call_values(after))
    if before and after.gaps != before.gaps:
        update_row(session, CallRow, _id(after), _origin_values(after))
    if before and after.number_raw != before.number_raw:
        update_row(session, CallRow, _id(after), _number_values(after, who))
        _add_candidates(session, _id(after), who)
    if after.customer and after.customer != counted:
        _count(session, {"customer": after.customer, "started_at": after.started_at})
    known = before.queues if before else ()
    for seq, visit in enumerate(after.queues):
        if known[seq : seq + 1] != (visit,):
            upsert(session, QueueVisitRow, {"call_id": after.id, "seq": seq}, _visit_values(visit))
    for seq, gap in enumerate(after.gaps):
        if gap not in (before.gaps if before else ()):
            upsert(session, GapRow, {"call_id": after.id, "seq": seq}, _gap_values(gap))
    call_pauses.save(session, before, after)
    call_consent.save(session, before, after)
    old = before.segments if before else ()
    return replace(after, segments=tuple(_write_segment(session, old, after.id, s) for s in after.segments))


def settle(session: Session, segment: UUID, values: dict[str, Any], extras: Sequence[UUID] = ()) -> None:
    """Keeps how a debt was settled (state, code_id, comment, by_id, at), with the codes beside the primary one, and
    lets the draft go."""
    kept = {**values, "comment": hiding_policy.hide(session, values["comment"])}
    row, said_before = put(session, OutcomeRow, {"segment_id": segment}, kept)
    call = _call_of(session, {"segment": segment})[0].call_id
    index = passages.put if said_before else passages.add
    index(session, [_words(row, call, kept["at"], kept["comment"])])
    if said_before:
        session.execute(delete(OutcomeExtra).where(OutcomeExtra.segment_id == segment))
    session.add_all(OutcomeExtra(segment_id=segment, code_id=one, position=at) for at, one in enumerate(extras))
    update_row(session, SegmentRow, segment, drafts.NONE)


def index_outcome(session: Session, segment: UUID) -> None:
    """Makes the words of a settled debt found."""
    row = session.execute(
        select(OutcomeRow.id, OutcomeRow.comment, OutcomeRow.at, SegmentRow.call_id)
        .join(SegmentRow, SegmentRow.id == OutcomeRow.segment_id)
        .where(OutcomeRow.segment_id == segment)
    ).one()
    passages.put(session, [_words(row.id, row.call_id, row.at, row.comment)])


def _words(outcome: UUID, call: UUID, at: datetime, text: str) -> passages.Found:
    return passages.Found(kind=passages.OUTCOME, source=outcome, call=call, at=at, text=text)


def _insert(session: Session, call: Call, who: Identified | None) -> Call:
    values = _call_values(call) | _origin_values(call) | _number_values(call, who)
    call_id, known = put(session, CallRow, {"pbx": call.key.pbx, "uniqueid": call.key.uniqueid}, values)
    if known:
        raise Known(call.key)
    _add_candidates(session, call_id, who)
    return replace(call, id=call_id)


def _add_candidates(session: Session, call_id: UUID, who: Identified | None) -> None:
    for at, one in enumerate(who.candidates if who else ()):
        place = {"call_id": call_id, "customer_id": one.card.id, "position": at}
        _add_candidate(session, place | {"match": one.match, "reason": one.reason})


def _id(call: Call) -> UUID:
    if call.id is None:
        raise AssertionError(f"call {call.key} was never inserted")
    return call.id


def _call_values(call: Call) -> dict[str, Any]:
    return {
        "state": call.state,
        "result": call.result,
        "customer_id": call.customer,
        "answered_at": call.answered_at,
        "ended_at": call.ended_at,
        "cause": call.cause,
        "note": call.note,
        "parked": call.parked,
        "hung_up": call.hung_up,
    }


def _number_values(call: Call, who: Identified | None) -> dict[str, Any]:
    """Of a call that was found living without a number it is known only when the PBX's own word on it comes in."""
    number_id = who.number_id if who else None
    return {"number_raw": call.number_raw, "number_id": number_id, "withheld": call.withheld}


def _origin_values(call: Call) -> dict[str, Any]:
    """What changes after the insert only where the PBX's own word on a call that was half seen comes in."""
    return {
        "direction": call.direction,
        "name": call.name,
        "did": call.did,
        "trunk": call.trunk,
        "region": call.region,
        "number_read": call.number_read,
        "started_at": call.started_at,
    }


def _visit_values(visit: QueueVisit) -> dict[str, Any]:
    return {"queue": visit.queue, "joined_at": visit.joined_at, "left_at": visit.left_at, "result": visit.result}


def _gap_values(gap: Gap) -> dict[str, Any]:
    return {"from_at": gap.from_at, "to_at": gap.to_at, "cause": gap.cause, "filled_from": gap.filled_from}


def _segment_values(segment: Segment) -> dict[str, Any]:
    return {
        "agent_id": segment.agent,
        "extension": segment.extension,
        "device": segment.device.name,
        "leg": segment.leg,
        "role": segment.role,
        "via": segment.via,
        "queue": segment.queue,
        "answered_at": segment.answered_at,
        "ended_at": segment.ended_at,
        "talking": segment.talking,
        "hold_s": segment.hold_s,
        "talk_s": segment.talk_s,
        "leg_ended": segment.leg_ended,
        "handed_to": segment.handed_to,
        "outcome_state": segment.outcome_state,
    }


def _write_segment(session: Session, known: Sequence[Segment], call_id: UUID | None, segment: Segment) -> Segment:
    old = known[segment.seq] if segment.seq < len(known) else None
    if old == segment:
        return segment
    if old and old.id:
        segment_id = old.id
        change(session, SegmentRow, {"id": segment_id}, _segment_values(old), _segment_values(segment))
    else:
        natural = {"call_id": call_id, "seq": segment.seq}
        segment_id = upsert(session, SegmentRow, natural, _segment_values(segment))
    known_offers = old.offers if old else ()
    for seq, offer in enumerate(segment.offers):
        place = {"segment_id": segment_id, "seq": seq}
        if seq >= len(known_offers):
            upsert(session, OfferRow, place, _offer_values(offer))
        elif known_offers[seq] != offer:
            change(session, OfferRow, place, _offer_values(known_offers[seq]), _offer_values(offer))
    return replace(segment, id=segment_id)


def _offer_values(offer: Offer) -> dict[str, Any]:
    return {
        "leg": offer.leg,
        "device": offer.device.name,
        "offered_at": offer.offered_at,
        "ended_at": offer.ended_at,
        "result": offer.result,
    }
