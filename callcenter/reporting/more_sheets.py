"""Call-backs and customer groups as sheets."""

from __future__ import annotations

from typing import Final

from callcenter.crm.exchange.export import in_language
from callcenter.crm.exchange.sheet import Sheet
from callcenter.reporting.more_answers import CallbacksAnswer, GroupsAnswer
from callcenter.reporting.sheets import AGENT, OF_AGENT, OF_QUEUE, of_agent, of_queue, percent

_GROUP: Final = ("Customer group", "Группа клиентов", "Gruppo di clienti", "Müştəri qrupu")
_OF_CALLBACKS: Final = (
    ("Due", "К сроку", "In scadenza", "Vaxtı çatan"),
    ("Kept", "Выполнено", "Mantenute", "Yerinə yetirilib"),
    ("Late", "С опозданием", "In ritardo", "Gecikib"),
    ("Missed", "Не выполнено", "Mancate", "Yerinə yetirilməyib"),
    ("Kept, %", "Выполнено, %", "Mantenute, %", "Yerinə yetirilib, %"),
)
_TIMES: Final = 8
"""The columns of an agent's work; what follows them is about his time at a desk."""


def callbacks(answer: CallbacksAnswer, language: str) -> Sheet:
    """A row an agent; those that were nobody's without a name."""
    rows = [
        [one.name, str(f.due), str(f.kept), str(f.late), str(f.missed), percent(f.rate)]
        for one, f in ((one, one.figures) for one in answer.agents)
    ]
    return Sheet(headings=in_language(language, (AGENT, *_OF_CALLBACKS)), rows=rows)


def groups(answer: GroupsAnswer, language: str) -> Sheet:
    """A row a status of customers."""
    rows = [
        [
            one.labels.get(language) or one.labels.get("en") or one.status,
            *of_queue(one.queue),
            *of_agent(one.work),
        ]
        for one in answer.groups
    ]
    return Sheet(headings=in_language(language, (_GROUP, *OF_QUEUE, *OF_AGENT[:_TIMES])), rows=rows)
