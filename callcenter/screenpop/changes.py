"""How what an agent's screen shows changes: plain values whose field names are those of the wire."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias
from uuid import UUID

from callcenter.routing.presence import Presence
from callcenter.routing.unowned import Unowned
from callcenter.screenpop.shown import AlarmView, HealthView, Pop, QueueLine, SitInView, Withdrawal


@dataclass(frozen=True, slots=True, kw_only=True)
class PopOffered:
    pop: Pop
    change: Literal["pop_offered"] = "pop_offered"


@dataclass(frozen=True, slots=True, kw_only=True)
class PopUpdated:
    pop: Pop
    change: Literal["pop_updated"] = "pop_updated"


@dataclass(frozen=True, slots=True, kw_only=True)
class PopWithdrawn:
    """``by`` is the name of the colleague who answered."""

    pop_id: UUID
    reason: Withdrawal
    by: str | None
    change: Literal["pop_withdrawn"] = "pop_withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeOwed:
    pop: Pop
    change: Literal["outcome_owed"] = "outcome_owed"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeSettled:
    """Nothing more is asked for this pop: it is gone."""

    pop_id: UUID
    change: Literal["outcome_settled"] = "outcome_settled"


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceChange:
    presence: Presence
    change: Literal["presence"] = "presence"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuesChange:
    queues: tuple[QueueLine, ...]
    change: Literal["queues"] = "queues"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnownedChange:
    """Talks on phones nobody was signed in at, as they are now."""

    unowned: tuple[Unowned, ...]
    change: Literal["unowned"] = "unowned"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskTakenChange:
    """A supervisor sat down at the agent's desk; he has none now."""

    extension: str
    by: str
    change: Literal["desk_taken"] = "desk_taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthChange:
    health: HealthView
    change: Literal["health"] = "health"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskChange:
    """Something about tasks is different: what is shown of them is to be read again. ``reminder``: you were just
    reminded of this one; each is told once."""

    task_id: UUID | None
    reminder: bool = False
    change: Literal["task"] = "task"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreChange:
    """An evaluation that one gave or got stands otherwise. ``agent_id``: whose talk it is about."""

    evaluation_id: UUID
    agent_id: UUID
    state: str
    change: Literal["score"] = "score"


@dataclass(frozen=True, slots=True, kw_only=True)
class DialChange:
    """One's click-to-call stands otherwise. ``reason``: why it came to no talk."""

    dial_id: UUID
    state: str
    reason: str | None
    number_display: str
    customer_id: UUID | None
    task_id: UUID | None
    change: Literal["dial"] = "dial"


@dataclass(frozen=True, slots=True, kw_only=True)
class SitInChange:
    """The talk one sits in on, or did until now."""

    sit_in: SitInView
    change: Literal["sit_in"] = "sit_in"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageChange:
    """A line of a supervisor was sent to one, read by one, or read by somebody one had sent it to."""

    message_id: UUID
    change: Literal["message"] = "message"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmsChange:
    """The alarms of the floor as they are now, for supervisors."""

    alarms: tuple[AlarmView, ...]
    change: Literal["alarms"] = "alarms"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyChange:
    """Who sits in on one's own talk now."""

    company: tuple[SitInView, ...]
    change: Literal["company"] = "company"


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesChange:
    """Outcome codes, what is owed for which talks, or messages are others now: an open form is to be read again."""

    change: Literal["rules"] = "rules"


Change: TypeAlias = (
    PopOffered
    | PopUpdated
    | PopWithdrawn
    | OutcomeOwed
    | OutcomeSettled
    | PresenceChange
    | QueuesChange
    | UnownedChange
    | DeskTakenChange
    | HealthChange
    | TaskChange
    | ScoreChange
    | DialChange
    | SitInChange
    | CompanyChange
    | AlarmsChange
    | MessageChange
    | RulesChange
)
