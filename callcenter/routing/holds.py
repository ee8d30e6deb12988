"""The gate's decision: which queue members must be paused, freed or left alone, and which debts stand in the PBX. Pure.

A member is held while somebody who answers for it has answered a call, until the leg has ended and the outcome is
settled.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from callcenter.events import CallKey
from callcenter.routing import debts, membership
from callcenter.routing.actions import Action, AddMember, DropDebt, Free, Pause, PutDebt, RemoveMember, SetPenalty
from callcenter.routing.floor import Floor, Moment
from callcenter.routing.membership import AWAY
from callcenter.routing.parts import Part
from callcenter.routing.seat import OURS, Seat
from callcenter.routing.standing import Standing
from callcenter.routing.why import OF_ALL_QUEUES, Key, Reason, ReasonKind, seat_ref
from callcenter.values import replace

OWES: Final = "callcenter-owes"
RESTS: Final = "callcenter-break"
_ANSWER_SECONDS: Final = 3.0
"""A pause this young may be of an answer whose events are still on their way."""
_LEG_LOST: Final = timedelta(seconds=10)


class Wish(StrEnum):
    HOLD = "hold"
    KEEP = "keep"
    FREE = "free"


@dataclass(frozen=True, slots=True)
class _Member:
    """What is to be said of a member interface at a moment. ``owed``: the answered parts that hold it, oldest first;
    ``answers``: the PBX says that it has just answered; ``resting``: the strongest reason of ours that keeps whoever
    sits there out of all queues."""

    name: str
    owed: tuple[Part, ...]
    rings: bool
    answers: bool
    unknown: Mapping[str, Standing]
    resting: Reason | None

    @property
    def owes(self) -> bool:
        return bool(self.answers or self.owed or self.unknown)

    @property
    def held(self) -> bool:
        return self.owes or self.resting is not None

    def wish(self, moment: Moment) -> Wish:
        """What must become of it. KEEP while an answer may just be happening: a pause set by the dialplan a moment ago
        must not be lifted, a phone that only rings must not be paused."""
        if self.held:
            return Wish.HOLD
        return Wish.KEEP if self.rings or moment.behind else Wish.FREE

    def reason(self, floor: Floor) -> str:
        """Why the PBX is told to pause it."""
        if self.owes or self.name in floor.debts:
            return OWES
        if self.resting is None or self.resting.kind is ReasonKind.MANUAL:
            return f"{OURS}-{self.resting.code}" if self.resting and self.resting.code else RESTS
        return f"{OURS}-{self.resting.kind}"


def _member(floor: Floor, interface: str, moment: Moment) -> _Member:
    """An agent who left his extension while he owes takes the debt along, and the phone he left stays held until
    somebody else sits there: signing out is no way round the gate."""
    about = tuple(_about(floor, interface))
    held = [part for part in about if part.answered and not _over(floor, part, interface, moment)]
    return _Member(
        name=interface,
        owed=tuple(sorted(held, key=lambda p: (p.since, p.call.uniqueid, p.seq))),
        rings=any(not part.answered for part in about),
        answers=floor.answers.hold(interface, moment.known),
        unknown=floor.unknown(interface),
        resting=_resting(floor, interface),
    )


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


def _resting(floor: Floor, interface: str) -> Reason | None:
    owner = floor.desks.owner.get(interface)
    if owner is None:
        return None
    ref = str(owner)
    return next((reason for kind in OF_ALL_QUEUES if (reason := floor.reasons.get((kind, ref)))), None)


def wish(floor: Floor, interface: str, moment: Moment) -> Wish:
    """What must become of a member."""
    return _member(floor, interface, moment).wish(moment)


def plan(floor: Floor, interfaces: Iterable[str], moment: Moment) -> tuple[Action, ...]:
    """The fewest actions that bring these interfaces to what must be; none when all is as it must be."""
    names = sorted(interfaces)
    members = [_member(floor, name, moment) for name in names]
    held = [member for member in members if member.held]
    free = [member.name for member in members if member.wish(moment) is Wish.FREE]
    why = {member.name: member.reason(floor) for member in held}
    joins = membership.plan(floor, names, why)
    pauses = [Pause(interface=n, reason=reason) for n, reason in why.items() if _loose(floor, n)]
    benches = [Pause(interface=s.interface, reason=AWAY, queue=s.queue) for n in free for s in _to_bench(floor, n)]
    again = [pause for n in free for pause in _to_restore(floor, n)]
    puts = [put for m in held if not _stands(floor, m.name) for put in _debt(floor, m)]
    drops = [DropDebt(interface=n) for n in free if n in floor.debts]
    drops += [DropDebt(interface=m.name, call=call) for m in members for call in _settled(floor, m, moment)]
    frees = [action for n in free for action in _frees(floor, n, moment)]
    return (*pauses, *joins, *puts, *drops, *benches, *again, *frees)


def due(floor: Floor, action: Action, moment: Moment) -> bool:
    """Whether a planned action is still right: much can happen while the one before it is under way."""
    member = _member(floor, action.interface, moment)
    held = member.wish(moment)
    if isinstance(action, AddMember | RemoveMember | SetPenalty):
        return action in plan(floor, [action.interface], moment)
    if isinstance(action, Pause) and action.queue:
        benched = any(s.queue == action.queue for s in _to_bench(floor, action.interface))
        return held is Wish.FREE and (benched or action in _to_restore(floor, action.interface))
    if isinstance(action, DropDebt) and action.call:
        return action.call in _settled(floor, member, moment)
    return held is (Wish.HOLD if isinstance(action, Pause | PutDebt) else Wish.FREE)


def _settled(floor: Floor, member: _Member, moment: Moment) -> list[str]:
    """Calls of its list that nobody owes for any more, whatever else he owes. Not while one may be answered again."""
    if member.answers or member.rings or moment.behind:
        return []
    held = {part.call for part in member.owed}
    rows = floor.listed.of(member.name)
    return [call for call, row in rows.items() if row.known and CallKey(pbx=floor.pbx, uniqueid=call) not in held]


def _stands(floor: Floor, interface: str) -> bool:
    return interface in floor.debts and interface not in floor.shaken


def _loose(floor: Floor, interface: str) -> bool:
    return any(not seat.paused for seat in floor.seats_of(interface))


def _to_bench(floor: Floor, interface: str) -> list[Seat]:
    return [seat for seat in floor.seats_of(interface) if not seat.paused and membership.benched(floor, seat)]


def _to_restore(floor: Floor, interface: str) -> list[Pause]:
    """Pauses from elsewhere that went without anybody having lifted them, each as it was."""
    seats = [s for s in floor.seats_of(interface) if not s.paused and (interface, s.queue) in floor.lapsed]
    stood = {seat.queue: floor.reasons.get((ReasonKind.FOREIGN, ref(floor.pbx, seat))) for seat in seats}
    return [Pause(interface=interface, reason=why.note, queue=queue) for queue, why in stood.items() if why]


def _debt(floor: Floor, member: _Member) -> list[PutDebt]:
    """None for who only helps in a talk: he is held while it lasts, and owes nothing that would have to outlive us. A
    debt whose call is not known is put as it stood."""
    if member.unknown:
        return [PutDebt(interface=member.name, value=next(iter(member.unknown.values())).value)]
    his = [part for part in member.owed if not part.helps]
    if not his:
        return []
    call = his[0].call
    debt = his[0].debt if call.pbx == floor.pbx else replace(his[0].debt, pbx=call.pbx)
    return [PutDebt(interface=member.name, value=str(debt))]


def _frees(floor: Floor, interface: str, moment: Moment) -> list[Free]:
    """Only pauses of ours, never one that was adopted from elsewhere. One without a debt is left to grow old first."""
    seats = floor.seats_of(interface)
    released = interface in floor.debts
    mine = [
        seat
        for seat in seats
        if _lifted(floor, seat, released or moment.known - seat.since >= _ANSWER_SECONDS)
        and not membership.benched(floor, seat)
    ]
    others = [seat for seat in seats if seat.paused and seat not in mine]
    if mine and not others:
        return [Free(interface=interface)]
    return [Free(interface=interface, queue=seat.queue) for seat in mine]


def _lifted(floor: Floor, seat: Seat, grown_old: bool) -> bool:
    """Whether this pause is ours to lift now, or was given to us to lift."""
    if (seat.interface, seat.queue) in floor.claimed:
        return seat.paused
    if (ReasonKind.FOREIGN, ref(floor.pbx, seat)) in floor.reasons:
        return False
    return seat.ours and (grown_old or seat.reason == AWAY)


def ref(pbx: str, seat: Seat) -> str:
    """The name of a pause that came from elsewhere."""
    return seat_ref(pbx, seat.interface, seat.queue)


def explained(floor: Floor, interface: str, debt: debts.Debt) -> bool:
    """Whether a live call of ours accounts for this debt of the interface."""
    known = floor.parts.of_call(debt.call(floor.pbx))
    about = set(_about(floor, interface))
    return any(p.answered and p in about for p in known)


def adopted(floor: Floor, interfaces: Iterable[str], moment: Moment) -> dict[Key, Reason]:
    """All reasons as they are after a look at these interfaces: pauses that came from elsewhere are added, those
    lifted are not. One that ours was laid over stands on until it is lifted, one that a restart of the PBX or a release
    of ours took away stands again."""
    found = dict(floor.reasons)
    for name in interfaces:
        seats = {(ReasonKind.FOREIGN, ref(floor.pbx, seat)): seat for seat in floor.seats_of(name)}
        for key in _of_interface(floor, name):
            if key in seats or floor.complete(moment.mono):
                del found[key]
        for key, seat in seats.items():
            if reason := _from_elsewhere(floor, key, seat, moment):
                found[key] = reason
    return _with_left(floor, found, moment)


def _with_left(floor: Floor, found: dict[Key, Reason], moment: Moment) -> dict[Key, Reason]:
    """With the queues agents were taken out of elsewhere, as far as the rules let that be."""
    stands = membership.left(floor)
    found = {key: r for key, r in found.items() if key[0] is not ReasonKind.LEFT_QUEUE or key in stands}
    if floor.staff.rules.removals == "adopt":
        for _, agent, key in membership.evicted(floor):
            found.setdefault(key, Reason(agent=agent, kind=key[0], ref=key[1], since=moment.at))
    return found


def _of_interface(floor: Floor, interface: str) -> list[Key]:
    prefix = f"{floor.pbx}|{interface}|"
    return [key for key in floor.reasons if key[0] is ReasonKind.FOREIGN and key[1].startswith(prefix)]


def _from_elsewhere(floor: Floor, key: Key, seat: Seat, moment: Moment) -> Reason | None:
    old = floor.reasons.get(key)
    agent = floor.desks.owner.get(seat.interface) or (old.agent if old else None)
    place = (seat.interface, seat.queue)
    covered = floor.covered.get(place)
    stands = seat.paused or (place in floor.lapsed and (old is not None or covered is not None))
    if agent is None or not stands or (seat.ours and old is None and covered is None):
        return None
    if place in floor.claimed:
        return None
    since, note = (old.since, old.note) if old else (moment.at, (seat.reason if covered is None else covered)[:200])
    return Reason(agent=agent, kind=ReasonKind.FOREIGN, ref=key[1], since=since, note=note)
