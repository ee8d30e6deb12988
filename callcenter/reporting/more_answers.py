"""Call-backs and customer groups as the API tells them. Rates are from 0 to 1, null where nothing was counted."""

from __future__ import annotations

from uuid import UUID

from callcenter.api import Answer
from callcenter.reporting.answers import QueueFigures, WorkFigures
from callcenter.reporting.promises import Kept


class KeptFigures(Answer):
    """``due``: kept, late and missed."""

    due: int
    kept: int
    late: int
    missed: int
    rate: float | None


class KeptByAgent(Answer):
    """``agent_id`` null: nobody's, whom nobody called and nobody was to."""

    agent_id: UUID | None
    name: str
    figures: KeptFigures


class KeptByQueue(Answer):
    pbx: str
    queue: str
    label: str
    figures: KeptFigures


class CallbacksAnswer(Answer):
    total: KeptFigures
    agents: list[KeptByAgent]
    queues: list[KeptByQueue]


class GroupReportLine(Answer):
    """``status`` "": nobody knows whose calls these were."""

    status: str
    labels: dict[str, str]
    queue: QueueFigures
    work: WorkFigures


class GroupsAnswer(Answer):
    groups: list[GroupReportLine]


def kept_figures(kept: Kept) -> KeptFigures:
    return KeptFigures(due=kept.due, kept=kept.kept, late=kept.late, missed=kept.missed, rate=kept.rate)
