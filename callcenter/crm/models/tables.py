"""Every table: importing this puts them all into the metadata."""

from callcenter import jobs
from callcenter.crm.models import (
    base,
    calls,
    cards,
    customers,
    desks,
    imports,
    listening,
    office,
    outcomes,
    pbx,
    people,
    pops,
    privacy,
    queues,
    tasks,
    trail,
    transcripts,
)

__all__ = [
    "base",
    "calls",
    "cards",
    "customers",
    "desks",
    "imports",
    "listening",
    "jobs",
    "office",
    "outcomes",
    "pbx",
    "people",
    "pops",
    "privacy",
    "queues",
    "tasks",
    "trail",
    "transcripts",
]
