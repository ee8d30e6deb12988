"""Talks on phones at which nobody was signed in: shown until an agent says that one was his. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from callcenter import phone
from callcenter.call import Call, Changed, OutcomeState, Role, Segment

SHOWN_FOR: Final = timedelta(hours=24)
SHOWN_AT_MOST: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Unowned:
    """``number``: the customer's, as people write it; his name is only for those who may read his card. ``ended_at``
    None: they still talk."""

    segment_id: UUID
    call_id: UUID
    pbx: str
    device: str
    number: str
    queue: str
    answered_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnownedChanged:
    """All there are now."""

    unowned: tuple[Unowned, ...]


def nobodys(segment: Segment) -> bool:
    """An answered part of a call that has no agent, and was not let off."""
    asked = segment.outcome_state is OutcomeState.NONE and segment.role is Role.OWNER
    return segment.agent is None and segment.answered_at is not None and asked


def of_call(call: Call) -> Iterator[Unowned]:
    for segment in () if call.test else call.segments:
        if nobodys(segment) and segment.id and call.id and segment.answered_at:
            yield Unowned(
                segment_id=segment.id,
                call_id=call.id,
                pbx=call.key.pbx,
                device=segment.device.name,
                number=display(call.number, call.region),
                queue=segment.queue,
                answered_at=segment.answered_at,
                ended_at=segment.ended_at if segment.leg_ended or call.ended_at else None,
            )


def display(number: str, region: str) -> str:
    """The number as people write it; ``""`` when it is withheld."""
    return "" if phone.is_withheld(number) else phone.parse(number, region).grouped


class Unclaimed:
    """Those of the last day, the newest first."""

    def __init__(self) -> None:
        self._of: dict[UUID, Unowned] = {}

    def restart(self, found: Iterable[Unowned]) -> None:
        self._of = {one.segment_id: one for one in found}

    def changed(self, change: Changed) -> bool:
        """Takes a changed call over; whether anything that is shown is different."""
        now = {one.segment_id: one for one in of_call(change.after)}
        mine = {s.id for s in change.after.segments if s.id}
        before = {i: one for i, one in self._of.items() if i in mine}
        for gone in before.keys() - now.keys():
            del self._of[gone]
        self._of.update(now)
        return before != now

    def now(self) -> tuple[Unowned, ...]:
        """What is older than a day is nobody's for good."""
        newest = sorted(self._of.values(), key=lambda u: (u.answered_at, u.segment_id), reverse=True)
        fresh = [u for u in newest if newest[0].answered_at - u.answered_at < SHOWN_FOR][:SHOWN_AT_MOST]
        self._of = {u.segment_id: u for u in fresh}
        return tuple(fresh)
