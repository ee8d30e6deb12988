"""The debt as it stands in the PBX's own database, and what must have happened when only it is left. Pure.

The dialplan writes ``callcenter-owes/<member interface> = <customer's Uniqueid>|<epoch>|<queue>|<number>|<DID>`` when
a call is answered, whether we are alive or not; a later call overwrites it. ``callcenter-debts/<member
interface>/<Uniqueid>`` says the same of each call, and is only ever taken away by us, call by call. Where an agent who
owes sits down at another PBX, we write the first of them there, with ``@<PBX>/`` before the Uniqueid: that PBX may have
a call of the same Uniqueid.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote, unquote

from callcenter.call import Call, Segment
from callcenter.events import (
    Arrived,
    CallEvent,
    CallKey,
    Direction,
    Ended,
    Joined,
    LegEnded,
    Offered,
    QueueJoined,
    QueueLeft,
    QueueResult,
    Via,
)
from callcenter.roster import AgentId, Device

FAMILY: Final = "callcenter-owes"
LIST: Final = "callcenter-debts"
_FIELDS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """Who answered is the key it stands under; ``at`` is when, to the second. ``pbx``: the call's, where that is not
    the one in whose database it stands."""

    uniqueid: str
    at: datetime
    queue: str
    number: str
    did: str
    pbx: str = ""

    def call(self, here: str) -> CallKey:
        """Its call, as the PBX says it that has the row."""
        return CallKey(pbx=self.pbx or here, uniqueid=self.uniqueid)

    def __str__(self) -> str:
        call = f"@{quote(self.pbx, safe='')}/{self.uniqueid}" if self.pbx else self.uniqueid
        encoded = (quote(text, safe="") for text in (self.number, self.did))
        return "|".join((call, str(int(self.at.timestamp())), self.queue, *encoded))


def read(value: str) -> Debt | None:
    """The debt that a value says, or None: nothing we could make sense of."""
    fields = [*value.split("|"), "", "", ""][:_FIELDS]
    if "|" not in value or not fields[0] or not fields[1].isdecimal():
        return None
    try:
        at = datetime.fromtimestamp(int(fields[1]), UTC)
    except (OverflowError, ValueError, OSError):
        return None
    pbx, slash, uniqueid = fields[0].removeprefix("@").partition("/")
    if not (fields[0].startswith("@") and slash):
        pbx, uniqueid = "", fields[0]
    number, did = unquote(fields[3]), unquote(fields[4])
    return Debt(uniqueid=uniqueid, at=at, queue=fields[2], number=number, did=did, pbx=unquote(pbx))


def leg_of(device: Device, debt: Debt) -> str:
    """A name for the agent's leg nobody saw; the same again when this is repeated."""
    return f"owed:{device.name}:{debt.uniqueid}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What only the debt is left of: ``device``, or one of those ``behind`` the same member, answered, and ``agent``
    sits there now. ``region`` reads the customer's number."""

    pbx: str
    device: Device
    behind: frozenset[Device]
    agent: AgentId | None
    debt: Debt
    region: str

    def took_part(self, segment: Segment) -> bool:
        mine = segment.device == self.device or segment.device in self.behind
        return segment.answered_at is not None and (mine or (self.agent is not None and segment.agent == self.agent))


def missing(answer: Answer, call: Call | None) -> list[CallEvent]:
    """The events that turn the debt into a call with a segment that owes; none of those that ``call`` already knows.

    Nobody saw when the talk ended, so no length is made up: it ends when it began.
    """
    stamp = _Stamp(call=CallKey(pbx=answer.pbx, uniqueid=answer.debt.uniqueid), at=answer.debt.at)
    leg = leg_of(answer.device, answer.debt)
    mine = [s for s in call.segments if s.leg == leg] if call else []
    seen = [s for s in call.segments if answer.took_part(s)] if call else []
    events: list[CallEvent] = []
    if call is None:
        events += _arrival(answer, stamp)
    if not seen:
        events += _talk(answer, leg, stamp)
    if call is None or (answer.debt.queue and not seen and _only_ours(call, leg)):
        events += _out_of_queue(answer, stamp)
    if not seen or any(not s.leg_ended for s in mine):
        events.append(LegEnded(call=stamp.call, at=stamp.at, mono=0.0, leg=leg, device=answer.device))
    if call is None or (call.ended_at is None and _only_ours(call, leg)):
        events.append(Ended(call=stamp.call, at=stamp.at, mono=0.0, cause=0, by_customer=False, note="disconnected"))
    return events


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stamp:
    call: CallKey
    at: datetime


def _only_ours(call: Call, leg: str) -> bool:
    """The call is known from debts alone (no trunk was ever seen), so nobody else will tell its end."""
    return not call.trunk and all(s.leg == leg for s in call.segments)


def _arrival(answer: Answer, stamp: _Stamp) -> list[CallEvent]:
    debt = answer.debt
    outbound = bool(debt.number) and not debt.did and not debt.queue
    arrived = Arrived(
        call=stamp.call,
        at=stamp.at,
        mono=0.0,
        direction=Direction.OUTBOUND if outbound else Direction.INBOUND,
        number_raw=debt.number,
        name="",
        did=debt.did,
        trunk="",
        region=answer.region,
    )
    if not debt.queue:
        return [arrived]
    return [arrived, QueueJoined(call=stamp.call, at=stamp.at, mono=0.0, queue=debt.queue)]


def _talk(answer: Answer, leg: str, stamp: _Stamp) -> list[CallEvent]:
    debt, device = answer.debt, answer.device
    via = Via.QUEUE if debt.queue else Via.OUTBOUND if debt.number and not debt.did else Via.DIRECT
    at, call = stamp.at, stamp.call
    return [
        Offered(call=call, at=at, mono=0.0, leg=leg, device=device, via=via, queue=debt.queue),
        Joined(call=call, at=at, mono=0.0, leg=leg, device=device, via=via),
    ]


def _out_of_queue(answer: Answer, stamp: _Stamp) -> list[CallEvent]:
    if not answer.debt.queue:
        return []
    left = QueueLeft(call=stamp.call, at=stamp.at, mono=0.0, queue=answer.debt.queue, result=QueueResult.ANSWERED)
    return [left]
