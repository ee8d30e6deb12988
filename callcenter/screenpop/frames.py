"""The floor in bytes: each desk is written once while it stays as it is. No I/O."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter

from callcenter.crm.missed_lines import MissedLine
from callcenter.roster import AgentId
from callcenter.routing.queues import QueueNow
from callcenter.routing.unowned import Unowned
from callcenter.screenpop.shown import Desk

_DESK: Final = TypeAdapter(Desk)
_QUEUES: Final = TypeAdapter(tuple[QueueNow, ...])
_UNOWNED: Final = TypeAdapter(tuple[Unowned, ...])
_MISSED: Final = TypeAdapter(tuple[MissedLine, ...])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shown:
    """The floor as tabs were shown it; all that were shown the same have the same object."""

    desks: tuple[Desk, ...] = ()
    queues: tuple[QueueNow, ...] = ()
    unowned: tuple[Unowned, ...] = ()
    missed: tuple[MissedLine, ...] = ()

    def looks(self) -> tuple[object, ...]:
        """What of it a screen shows."""
        return self.desks, self.queues, self.unowned, self.missed


class Frames:
    """Writes ``messages.Floor`` and ``messages.FloorChange``."""

    def __init__(self) -> None:
        self._written: dict[AgentId, tuple[Desk, bytes]] = {}

    def whole(self, now: Shown) -> bytes:
        """A ``Floor``."""
        parts = (
            b'"type":"floor"',
            self._agents(now.desks),
            b'"queues":' + _QUEUES.dump_json(now.queues),
            b'"unowned":' + _UNOWNED.dump_json(now.unowned),
            b'"missed":' + _MISSED.dump_json(now.missed),
        )
        return b"{%b}" % b",".join(parts)

    def change(self, before: Shown, now: Shown) -> bytes:
        """A ``FloorChange``. Desks are told apart as objects: see ``Desks``."""
        known = {desk.me.id: desk for desk in before.desks}
        different = tuple(desk for desk in now.desks if known.pop(desk.me.id, None) is not desk)
        gone = json.dumps([str(agent) for agent in known])
        parts = [b'"type":"floor_change"', self._agents(different), b'"gone":' + gone.encode()]
        if now.queues != before.queues:
            parts.append(b'"queues":' + _QUEUES.dump_json(now.queues))
        if now.unowned != before.unowned:
            parts.append(b'"unowned":' + _UNOWNED.dump_json(now.unowned))
        if now.missed != before.missed:
            parts.append(b'"missed":' + _MISSED.dump_json(now.missed))
        return b"{%b}" % b",".join(parts)

    def _agents(self, desks: tuple[Desk, ...]) -> bytes:
        return b'"agents":[%b]' % b",".join(self._desk(desk) for desk in desks)

    def _desk(self, desk: Desk) -> bytes:
        written = self._written.get(desk.me.id)
        if written is None or written[0] is not desk:
            written = self._written[desk.me.id] = (desk, _DESK.dump_json(desk))
        return written[1]
