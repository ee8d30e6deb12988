"""Two weeks of calls, as if the service had written them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter import jobs
from callcenter.crm.models.calls import CallCandidate, CallRow, OfferRow, QueueVisitRow, RecordingRow, SegmentRow
from callcenter.crm.models.customers import ContactPoint, Customer, PhoneNumber
from callcenter.crm.models.outcomes import OutcomeRow
from callcenter.demo.pbx import PBX_SPOOL
from callcenter.demo.spool import Spool, dialogues
from callcenter.recording.captured import KIND

DAYS: Final = 14
_CALLS: Final = 260
_RECORDED: Final = 10
_PBX: Final = "main"
_COMMENTS: Final = {
    "solved": ("Explained the delivery.", "Sent the invoice again.", "", ""),
    "callback": ("Will have the papers on Friday.", "Asked for the afternoon.", ""),
    "order": ("Two boxes, same address.", "As last month.", ""),
    "complaint": ("The parcel was damaged.", "Waited a week for the refund."),
    "other": ("Asked for the way to the shop.",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    id: UUID
    extension: str
    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Who is there: agents, customers, the outcome codes by name; ``spool`` is where the PBX keeps recordings."""

    now: datetime
    agents: list[Agent]
    cards: list[Customer]
    codes: dict[str, UUID]
    spool: Path


def write(session: Session, stage: Stage, rng: random.Random) -> None:
    """Calls of office hours, one customer in three never called; the newest talks have recordings."""
    callers = rng.sample(stage.cards, len(stage.cards) * 2 // 3)
    moments = sorted(_moment(stage.now, rng) for _ in range(_CALLS))
    for at, started in enumerate(moments):
        customer = rng.choice(callers)
        call = _call(session, customer, started, at)
        if rng.random() < 0.16:
            _abandoned(session, call, rng)
        else:
            _answered(session, stage, call, rng)
            if at >= _CALLS - _RECORDED:
                _recorded(session, stage, call, rng)
        customer.calls += 1
        customer.last_contact_at = started
    session.flush()


def _moment(now: datetime, rng: random.Random) -> datetime:
    """Between 7 and 17 UTC of one of the days gone by."""
    day = (now - timedelta(days=rng.randrange(1, DAYS + 1))).replace(hour=7, minute=0, second=0, microsecond=0)
    return day + timedelta(seconds=rng.randrange(10 * 3600))


def _call(session: Session, customer: Customer, started: datetime, at: int) -> CallRow:
    point, number = session.execute(
        select(ContactPoint, PhoneNumber)
        .join(PhoneNumber, PhoneNumber.id == ContactPoint.number_id)
        .where(ContactPoint.customer_id == customer.id, ContactPoint.is_primary)
    ).one()
    call = CallRow(
        pbx=_PBX,
        uniqueid=f"{int(started.timestamp())}.{at * 2}",
        direction="inbound",
        state="ended",
        number_raw=point.raw.removeprefix("+"),
        number_id=number.id,
        withheld=False,
        customer_id=customer.id,
        did="7001" if at % 3 else "7002",
        trunk="PJSIP/trunk",
        region=number.region,
        started_at=started,
        cause=16,
    )
    session.add(call)
    session.flush()
    session.add(
        CallCandidate(call_id=call.id, customer_id=customer.id, position=0, match="known", reason="same_number")
    )
    return call


def _visit(session: Session, call: CallRow, waited: float, result: str) -> str:
    queue = "support" if call.did == "7001" else "sales"
    left = call.started_at + timedelta(seconds=waited)
    session.add(
        QueueVisitRow(call_id=call.id, seq=0, queue=queue, joined_at=call.started_at, left_at=left, result=result)
    )
    return queue


def _abandoned(session: Session, call: CallRow, rng: random.Random) -> None:
    waited = rng.uniform(10, 120)
    _visit(session, call, waited, "abandoned")
    call.result, call.ended_at, call.cause = "abandoned", call.started_at + timedelta(seconds=waited), 127


def _answered(session: Session, stage: Stage, call: CallRow, rng: random.Random) -> None:
    """One in six first rings somebody who does not come."""
    agent, absent = rng.sample(stage.agents, 2)
    missed = rng.random() < 1 / 6
    offered = call.started_at + timedelta(seconds=rng.expovariate(1 / 8) + (16 if missed else 1))
    queue = _visit(session, call, (offered - call.started_at).total_seconds() + 4, "answered")
    if missed:
        _segment(session, call, absent, {"queue": queue, "seq": 0}, (offered - timedelta(seconds=15), offered, False))
    answered = offered + timedelta(seconds=rng.uniform(2, 6))
    ended = answered + timedelta(seconds=rng.uniform(25, 420))
    segment = _segment(session, call, agent, {"queue": queue, "seq": int(missed)}, (offered, answered, True))
    segment.answered_at, segment.ended_at, segment.outcome_state = answered, ended, "logged"
    segment.talk_s = (ended - answered).total_seconds()
    call.answered_at, call.ended_at, call.result = answered, ended, "answered"
    code = rng.choice([code for code in _COMMENTS if code in stage.codes])
    session.flush()
    settled = ended + timedelta(seconds=rng.uniform(4, 40))
    comment = rng.choice(_COMMENTS[code])
    session.add(
        OutcomeRow(
            segment_id=segment.id,
            state="logged",
            code_id=stage.codes[code],
            comment=comment,
            by_id=agent.id,
            at=settled,
        )
    )


def _segment(
    session: Session, call: CallRow, agent: Agent, place: dict[str, object], rang: tuple[datetime, datetime, bool]
) -> SegmentRow:
    """One agent's part with the one offer it came from: ``rang`` is from, until, and whether it was answered."""
    offered, ended, answered = rang
    leg = f"{call.uniqueid.partition('.')[0]}.{place['seq']}1"
    segment = SegmentRow(
        call_id=call.id,
        agent_id=agent.id,
        extension=agent.extension,
        device=agent.device,
        leg=leg,
        role="owner",
        via="queue",
        ended_at=ended,
        leg_ended=True,
        **place,
    )
    session.add(segment)
    session.flush()
    result = "answered" if answered else "no_answer"
    session.add(
        OfferRow(
            segment_id=segment.id,
            seq=0,
            leg=leg,
            device=agent.device,
            offered_at=offered,
            ended_at=ended,
            result=result,
        )
    )
    return segment


def _recorded(session: Session, stage: Stage, call: CallRow, rng: random.Random) -> None:
    """The PBX's file lies in the spool; the service's own job stores it."""
    spool, dialogue = Spool(stage.spool, PBX_SPOOL), rng.choice(dialogues())
    spool.begin(call.uniqueid)
    spool.finish(call.uniqueid, dialogue, dialogue.seconds)
    path = spool.name(call.uniqueid)
    row = RecordingRow(call_id=call.id, pbx=_PBX, path=path, state="waiting", started_at=call.started_at)
    session.add(row)
    session.flush()
    jobs.enqueue(session, KIND, {"recording": str(row.id)}, at=stage.now)
