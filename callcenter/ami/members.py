"""Queue members as the PBX has them, and what its gate says of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from callcenter.ami.messages import Member, Owes
from callcenter.events import CallKey
from callcenter.pbx_events import DebtTold, MemberState
from callcenter.values import replace


class Members:
    """Tells of a member when he changed: Asterisk repeats him for every queue at every step of every call."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Member] = {}

    def feed(self, pbx: str, msg: Member) -> Iterable[MemberState]:
        key = (msg.queue, msg.interface)
        before = self._known.pop(key, None)
        if not msg.gone:
            self._known[key] = msg
        if before and replace(before, at=msg.at, mono=msg.mono) == msg:
            return
        yield MemberState(
            pbx=pbx,
            at=msg.at,
            queue=msg.queue,
            interface=msg.interface,
            name=msg.name,
            paused=msg.paused,
            reason=msg.reason,
            state_interface=msg.state_interface,
            status=msg.status,
            in_call=msg.in_call,
            gone=msg.gone,
            dynamic=msg.dynamic,
            penalty=msg.penalty,
        )


def owes(pbx: str, msg: Owes) -> Iterable[DebtTold]:
    yield DebtTold(pbx=pbx, at=msg.at, interface=msg.interface, customer=CallKey(pbx=pbx, uniqueid=msg.customer))
