"""Other systems are told of an outcome: a signed POST, tried for a day."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import aiohttp
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.clock import Clock
from callcenter.crm import audit, messages, outcomes
from callcenter.crm.models.calls import CallRow, SegmentRow
from callcenter.crm.models.customers import PhoneNumber
from callcenter.crm.models.messages import PreparedMessage
from callcenter.crm.models.office import Audit
from callcenter.crm.models.outcomes import OutcomeCode, OutcomeRow
from callcenter.crm.models.people import User
from callcenter.db import Database
from callcenter.errors import Unavailable
from callcenter.log import logger

log = logger(__name__)
_PATIENCE: Final = aiohttp.ClientTimeout(total=10, connect=5)
_TAKEN: Final = range(200, 300)
_GONE: Final = 410
_GIVEN_UP: Final = "webhook_given_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Where to, what, and the secret that signs it ("" for none)."""

    url: str
    body: bytes
    secret: str


class Hooks:
    """``job`` may be repeated: whoever is told keeps what he has by ``X-Callcenter-Delivery``."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def job(self, args: Mapping[str, Any]) -> None:
        """Raises Unavailable to be tried again."""
        segment, code = UUID(args["segment"]), UUID(args["code"])
        made = await self._db.read(lambda s: _delivery(s, segment, code, str(args["delivery"])))
        if made is None:
            return
        now = self._clock.now()
        fault = await self._send(made, str(args["delivery"]), now)
        if not fault:
            return
        if fault != str(_GONE) and now < datetime.fromisoformat(args["until"]):
            raise Unavailable(f"the webhook was not taken: {fault}", code="webhook_not_taken")
        log.error("webhook_given_up", code=str(code), fault=fault)
        await self._db.write(lambda s: _give_up(s, args, now))

    async def _send(self, made: Delivery, delivery: str, now: datetime) -> str:
        """What was wrong, "" where it was taken. Nobody is followed elsewhere: the address is what was agreed."""
        stamp = str(int(now.timestamp()))
        headers = {"Content-Type": "application/json", "X-Callcenter-Delivery": delivery}
        if made.secret:
            headers["X-Callcenter-Signature"] = f"t={stamp},v1={signature(made.secret, stamp, made.body)}"
        try:
            async with (
                aiohttp.ClientSession(timeout=_PATIENCE) as http,
                http.post(made.url, data=made.body, headers=headers, allow_redirects=False) as response,
            ):
                return "" if response.status in _TAKEN else str(response.status)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as wrong:
            return type(wrong).__name__


def _give_up(session: Session, args: Mapping[str, Any], now: datetime) -> None:
    """One line on the trail for a delivery, however often its job comes."""
    delivery, segment = str(args["delivery"]), str(args["segment"])
    session.get(SegmentRow, UUID(segment), with_for_update=True)
    ours = select(Audit.details).where(Audit.thing == "segment", Audit.thing_id == segment, Audit.verb == _GIVEN_UP)
    if all(details.get("delivery") != delivery for details in session.scalars(ours)):
        details = {"code": str(args["code"]), "delivery": delivery}
        audit.record(session, None, _GIVEN_UP, ("segment", segment), now, **details)


def signature(secret: str, stamp: str, body: bytes) -> str:
    """Of the seconds since 1970, a dot and the body: HMAC-SHA256 in hex."""
    return hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _delivery(session: Session, segment: UUID, code: UUID, delivery: str) -> Delivery | None:
    """None where the outcome is another by now, or nobody is to be told any more."""
    hook = session.get(OutcomeCode, code)
    found = session.execute(
        select(SegmentRow, CallRow, OutcomeRow, OutcomeCode.code)
        .join(CallRow, CallRow.id == SegmentRow.call_id)
        .join(OutcomeRow, OutcomeRow.segment_id == SegmentRow.id)
        .join(OutcomeCode, OutcomeCode.id == OutcomeRow.code_id)
        .where(SegmentRow.id == segment)
    ).first()
    if hook is None or not hook.webhook_url or found is None:
        return None
    part, call, outcome, primary = found
    extras = outcomes.extras(session, [segment]).get(segment, [])
    if hook.code not in (primary, *extras):
        return None
    told = {
        "event": "outcome_logged",
        "delivery": delivery,
        "outcome": primary,
        "extras": extras,
        "comment": outcome.comment,
        "at": outcome.at.isoformat(),
        **_talk(session, part, call),
        "message": _message(messages.of_segment(session, segment, hook.template_id)),
    }
    return Delivery(url=hook.webhook_url, body=json.dumps(told).encode(), secret=hook.webhook_secret)


def _talk(session: Session, part: SegmentRow, call: CallRow) -> dict[str, Any]:
    """Whose talk it was, with whom, in which call."""
    agent = session.get(User, part.agent_id) if part.agent_id else None
    number = session.get(PhoneNumber, call.number_id) if call.number_id else None
    return {
        "agent": agent.username if agent else None,
        "segment_id": str(part.id),
        "customer_id": str(call.customer_id) if call.customer_id else None,
        "call": {
            "id": str(call.id),
            "direction": call.direction,
            "number": (number.e164 or number.key.removeprefix("raw:")) if number else None,
            "queue": part.queue,
            "started_at": call.started_at.isoformat(),
            "talk_s": part.talk_s,
        },
    }


def _message(row: PreparedMessage | None) -> dict[str, str] | None:
    """What the code's template made ready, for a system that sends it."""
    if row is None:
        return None
    return {name: getattr(row, name) for name in ("kind", "language", "recipient", "subject", "text")}
