"""Every table: importing this puts them all into the metadata."""

from callcenter.crm.models import trail

__all__ = [
    *("base", "calls", "customers", "desks", "jobs", "office", "outcomes", "people", "privacy", "queues", "tasks"),
    "trail",
]
