"""The gate's decision: which queue members must be paused, freed or left alone, and which debts stand in the PBX. Pure.

A member is held while somebody who answers for it has answered a call, until the leg has ended and the outcome is
settled.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from enum import StrEnum
from typing import Final

from callcenter.events import CallKey
from callcenter.routing import debts
from callcenter.routing.floor import (
    Action,
    DropDebt,
    Floor,
    Free,
    Key,
    Moment,
    Pause,
    PutDebt,
    Reason,
    ReasonKind,
    Seat,
)
from callcenter.routing.parts import Part

OWES: Final = "callcenter-owes"
RESTS: Final = "callcenter-break"
_ANSWER_SECONDS: Final = 3.0
"""A pause this young may be of an answer whose events are still on their way."""
_LEG_LOST: Final = timedelta(seconds=10)


class Wish(StrEnum):
    HOLD = "hold"
    KEEP = "keep"
    FREE = "free"


def owed_by(floor: Floor, interface: str, moment: Moment) -> tuple[Part, ...]:
    """The answered parts that hold this interface, oldest first.

    An agent who left his extension while he owes takes the debt along, and the phone he left stays held until somebody
    else sits there: signing out is no way round the gate.
    """
    held = [p for p in _about(floor, interface) if p.answered and not _over(floor, p, interface, moment)]
    return tuple(sorted(held, key=lambda p: (p.since, p.call.uniqueid, p.seq)))


def _about(floor: Floor, interface: str) -> Iterator[Part]:
    owner = floor.desks.owner.get(interface)
    found = set(floor.parts.of_agent(owner)) if owner is not None else set()
    for device in floor.desks.devices.get(interface, frozenset()):
        found |= floor.parts.of_device(device)
    return (p for p in found if p.agent is None or owner is None or p.agent == owner)


def _over(floor: Floor, part: Part, interface: str, moment: Moment) -> bool:
    """Settled, the customer long gone and the phone silent: the end of the leg was lost with the link."""
    if part.owes or part.call_ended_at is None:
        return False
    return moment.at - part.call_ended_at > _LEG_LOST and not floor.in_use(interface)


def wish(floor: Floor, interface: str, moment: Moment) -> Wish:
    """What must become of a member. KEEP while an answer may just be happening: a pause set by the dialplan a
    moment ago must not be lifted, a phone that only rings must not be paused."""
    standing = floor.debts.get(interface)
    if (standing and not standing.known) or owed_by(floor, interface, moment) or _rests(floor, interface):
        return Wish.HOLD
    return Wish.KEEP if any(not p.answered for p in _about(floor, interface)) else Wish.FREE


def _rests(floor: Floor, interface: str) -> bool:
    owner = floor.desks.owner.get(interface)
    return owner is not None and (ReasonKind.MANUAL, str(owner)) in floor.reasons


def plan(floor: Floor, interfaces: Iterable[str], moment: Moment) -> tuple[Action, ...]:
    """The fewest actions that bring these interfaces to what must be; none when all is as it must be."""
    names = sorted(interfaces)
    wishes = {name: wish(floor, name, moment) for name in names}
    held = [name for name in names if wishes[name] is Wish.HOLD]
    free = [name for name in names if wishes[name] is Wish.FREE]
    pauses = [Pause(interface=n, reason=_reason(floor, n, moment)) for n in held if _loose(floor, n)]
    puts = [_debt(floor, n, moment) for n in held if n not in floor.debts and owed_by(floor, n, moment)]
    drops = [DropDebt(interface=n) for n in free if n in floor.debts]
    frees = [action for n in free for action in _frees(floor, n, moment)]
    return (*pauses, *puts, *drops, *frees)


def due(floor: Floor, action: Action, moment: Moment) -> bool:
    """Whether a planned action is still right: much can happen while the one before it is under way."""
    held = wish(floor, action.interface, moment)
    return held is (Wish.HOLD if isinstance(action, Pause | PutDebt) else Wish.FREE)


def _loose(floor: Floor, interface: str) -> bool:
    return any(not seat.paused for seat in floor.seats_of(interface))


def _reason(floor: Floor, interface: str, moment: Moment) -> str:
    return OWES if interface in floor.debts or owed_by(floor, interface, moment) else RESTS


def _debt(floor: Floor, interface: str, moment: Moment) -> PutDebt:
    return PutDebt(interface=interface, value=str(owed_by(floor, interface, moment)[0].debt))


def _frees(floor: Floor, interface: str, moment: Moment) -> list[Free]:
    """Only pauses of ours, never one that was adopted from elsewhere. One without a debt is left to grow old first."""
    seats = floor.seats_of(interface)
    released = interface in floor.debts
    mine = [
        seat
        for seat in seats
        if seat.ours
        and (released or moment.mono - seat.since >= _ANSWER_SECONDS)
        and (ReasonKind.FOREIGN, ref(floor.pbx, seat)) not in floor.reasons
    ]
    others = [seat for seat in seats if seat.paused and seat not in mine]
    if mine and not others:
        return [Free(interface=interface)]
    return [Free(interface=interface, queue=seat.queue) for seat in mine]


def ref(pbx: str, seat: Seat) -> str:
    """The name of a pause that came from elsewhere."""
    return f"{pbx}|{seat.interface}|{seat.queue}"


def explained(floor: Floor, interface: str) -> bool:
    """Whether a live call of ours accounts for the standing debt of this interface."""
    debt = debts.read(floor.debts[interface].value)
    if debt is None:
        return False
    known = floor.parts.of_call(CallKey(pbx=floor.pbx, uniqueid=debt.uniqueid))
    about = set(_about(floor, interface))
    return any(p.answered and p in about for p in known)


def adopted(floor: Floor, interfaces: Iterable[str], moment: Moment) -> dict[Key, Reason]:
    """All reasons as they are after a look at these interfaces: pauses that came from elsewhere are added, those
    lifted are not. One that ours was laid over stands on until it is lifted."""
    found = dict(floor.reasons)
    for name in interfaces:
        seats = {(ReasonKind.FOREIGN, ref(floor.pbx, seat)): seat for seat in floor.seats_of(name)}
        for key in _of_interface(floor, name):
            if key in seats or floor.complete(moment.mono):
                del found[key]
        for key, seat in seats.items():
            if reason := _from_elsewhere(floor, key, seat, moment):
                found[key] = reason
    return found


def _of_interface(floor: Floor, interface: str) -> list[Key]:
    prefix = f"{floor.pbx}|{interface}|"
    return [key for key in floor.reasons if key[0] is ReasonKind.FOREIGN and key[1].startswith(prefix)]


def _from_elsewhere(floor: Floor, key: Key, seat: Seat, moment: Moment) -> Reason | None:
    old = floor.reasons.get(key)
    agent = floor.desks.owner.get(seat.interface) or (old.agent if old else None)
    if agent is None or not seat.paused or (seat.ours and old is None):
        return None
    return Reason(agent=agent, kind=ReasonKind.FOREIGN, ref=key[1], since=old.since if old else moment.at)
