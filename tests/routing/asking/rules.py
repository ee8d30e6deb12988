"""Callers, rules and answers as the tests of routing name them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from callcenter.ids import new_id
from callcenter.routing.asking.policies import Calendar, Holiday, Interval, RoutingRule
from callcenter.routing.asking.route import (
    Answer,
    Caller,
    Facts,
    Ground,
    Place,
    Question,
    QueuePolicy,
    Source,
    route,
)

NOW: Final = datetime(2026, 11, 27, 10, 0, tzinfo=UTC)  # a Friday
ANNA, BORIS, CLARA = new_id(), new_id(), new_id()
ASKED: Final = Question(pbx="main", queue="support", number="+79161234567", uniqueid="1.1")
EVERYTHING: Final = {
    "blocked": True,
    "call_back_agent": True,
    "owner": True,
    "last_agent": True,
    "vip": 10,
    "call_back": 5,
    "language": True,
    "name": True,
}
DAY: Final = Interval(opens="09:00", closes="18:00")


def rule(**said: Any) -> RoutingRule:
    return RoutingRule(**{"pbx": "main", "queue": "support", **said})


def caller(**said: Any) -> Caller:
    return Caller(**{"id": new_id(), "name": "Olga Petrova", **said})


def place(**said: Any) -> Place:
    usual: dict[str, Any] = {"extension": "101", "phones": ("PJSIP/101",), "member": "PJSIP/101", "free": True}
    return Place(**{**usual, "queues": frozenset({"support"}), **said})


def calendar(*holidays: Holiday, zone: str = "UTC", week: list[list[Interval]] | None = None) -> Calendar:
    days = week or [[DAY]] * 5 + [[], []]
    return Calendar(id=new_id(), name="Office", zone=zone, week=days, holidays=list(holidays))


def answer(rule: RoutingRule | None, *callers: Caller, now: datetime = NOW, **known: Any) -> Answer:
    """To a question about these callers; ``calendar`` is the rule's."""
    hours = known.pop("calendar", None)
    facts = Facts(**{"source": Source.READ, "callers": callers, **known})
    if rule and hours:
        rule = rule.model_copy(update={"calendar": hours.id})
    return route(ASKED, facts, QueuePolicy(rule=rule, calendar=hours), now)


def grounds(found: Answer) -> list[Ground]:
    return [one.ground for one in found.grounds]


def ago(**time: float) -> datetime:
    return NOW - timedelta(**time)
