"""Why an agent gets no queue calls. Several reasons may stand at once; each goes by its own way. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeAlias
from uuid import UUID

from callcenter.roster import AgentId


class ReasonKind(StrEnum):
    """``left_queue`` keeps him out of one queue only: somebody took him out on the PBX and the rules let that be.

    ``lapsed``: the time he had for an outcome is up, and he has not said that he is back. ``wrapup``: his outcome is
    logged, and his time for it is not over.
    """

    DEBT = "debt"
    FOREIGN = "foreign"
    MANUAL = "manual"
    FORCED = "forced"
    MISSED = "missed"
    LEFT_QUEUE = "left_queue"
    LAPSED = "lapsed"
    WRAPUP = "wrapup"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """``ref``: the segment owed for, ``pbx|interface|queue`` paused or left elsewhere, else the agent.

    ``code`` is the pause code an agent chose, ``note`` what a supervisor or another panel gave as reason, ``by`` the
    supervisor; it ends by itself at ``until``.
    """

    agent: AgentId
    kind: ReasonKind
    ref: str
    since: datetime
    code: str = ""
    note: str = ""
    by: UUID | None = None
    until: datetime | None = None

    @property
    def key(self) -> Key:
        return self.kind, self.ref

    @property
    def queue(self) -> str:
        """The one queue it is about; ``""``: all."""
        return self.ref.split("|")[2] if self.kind in _OF_A_SEAT else ""


Key: TypeAlias = tuple[ReasonKind, str]
"""Kind and ref."""
OF_ALL_QUEUES: Final = (
    ReasonKind.FORCED,
    ReasonKind.MANUAL,
    ReasonKind.MISSED,
    ReasonKind.LAPSED,
    ReasonKind.WRAPUP,
)
"""Reasons of ours that keep an agent from every queue, the strongest first."""
_OF_A_SEAT: Final = frozenset({ReasonKind.FOREIGN, ReasonKind.LEFT_QUEUE})


def seat_ref(pbx: str, interface: str, queue: str) -> str:
    """The name of what happened to a member elsewhere."""
    return f"{pbx}|{interface}|{queue}"


def liftable(reason: Reason, *, supervisor: bool) -> bool:
    """A debt goes with its outcome; what a supervisor or a rule ordered, only a supervisor ends."""
    if reason.kind is ReasonKind.DEBT:
        return False
    return supervisor or reason.kind not in (ReasonKind.FORCED, ReasonKind.WRAPUP)
