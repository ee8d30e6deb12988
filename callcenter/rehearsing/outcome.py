"""What comes of a test call: logged the way an agent logs it; waived where the test ended before."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from callcenter.call import Call
from callcenter.crm import outcomes, settle
from callcenter.crm.code_rules import NO_COMMENT, REQUIRED, Choice, Offer, System
from callcenter.crm.rights import Actor
from callcenter.decision_events import OutcomeLogged, OutcomeWaived
from callcenter.errors import CallcenterError, Refused
from callcenter.log import logger
from callcenter.rehearsing.witness import Witness
from callcenter.routing.outside import Outside

log = logger(__name__)
_TAKE_SECONDS: Final = 5.0
_COMMENT: Final = "Test call"


async def log_outcome(out: Outside, saw: Witness, who: Actor) -> None:
    """Logs the first outcome there is, by the same rules as anybody's. Raises Refused, Invalid, TimeoutError."""
    segment = saw.segment
    if segment is None or segment.id is None:
        raise Refused("nobody answered", code="nothing_owed")
    part_of = segment.id
    now, mono = out.clock.now(), out.clock.monotonic()

    def judge(session: Session) -> tuple[settle.Part, str]:
        choice = _choice(session)
        return settle.logged(session, part_of, who, now, choice), choice.comment

    part, comment = await out.db.read(judge)
    if part.code is None:
        raise AssertionError("an outcome has a code")
    event = OutcomeLogged(
        call=part.call,
        at=now,
        mono=mono,
        segment=part.seq,
        outcome=part.code,
        by=who.id,
        comment=comment,
    )
    async with asyncio.timeout(_TAKE_SECONDS):
        await out.take(event)


def _choice(session: Session) -> Choice:
    """An outcome and the comment it takes: the one for test calls, else the one that asks for least."""
    tree = outcomes.tree(session)
    used = [tree.codes[code] for code in tree.offered(Offer())]
    if not used:
        raise Refused("there is no outcome", code="outcome_refused")
    first = min(used, key=lambda code: (code.system is not System.TEST, code.comment == REQUIRED))
    takes = NO_COMMENT if first.system else first.comment
    comment = "" if takes == NO_COMMENT else _COMMENT.ljust(first.comment_min, ".")
    return Choice(outcome=first.code, comment=comment, promised=True, confirmed=True)


async def waive(out: Outside, calls: Iterable[Call], by: UUID) -> None:
    """Nobody owes anything for these calls any more."""
    for call in calls:
        for segment in call.segments:
            if segment.owes:
                event = OutcomeWaived(
                    call=call.key,
                    at=out.clock.now(),
                    mono=out.clock.monotonic(),
                    segment=segment.seq,
                    by=by,
                    reason=_COMMENT,
                )
                await _take(out, event)


async def _take(out: Outside, event: OutcomeWaived) -> None:
    try:
        async with asyncio.timeout(_TAKE_SECONDS):
            await out.take(event)
    except (CallcenterError, TimeoutError) as wrong:
        log.warning("rehearsal_not_waived", call=str(event.call), error=type(wrong).__name__)
