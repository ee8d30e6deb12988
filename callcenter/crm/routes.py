"""All routes of the record: people, desks, cards, calls, outcomes, health."""

from __future__ import annotations

from aiohttp import web

from callcenter.crm import (
    api_bell,
    api_blocked,
    api_calls,
    api_cards,
    api_codes,
    api_customers,
    api_debts,
    api_drafts,
    api_fields,
    api_health,
    api_me,
    api_merges,
    api_messages,
    api_outages,
    api_outcome_rules,
    api_outcomes,
    api_reach,
    api_search,
    api_session,
    api_spec,
    api_statuses,
    api_tasks,
    api_teams,
    api_users,
)
from callcenter.crm.exchange import api_exports, api_imports
from callcenter.crm.privacy import api_audit, api_keeping, api_person, api_recording, api_staff


def add_routes(app: web.Application) -> None:
    """Adds them, and what they keep beside the database."""
    people = (api_session, api_me, api_users, api_teams)
    record = (
        api_customers,
        api_debts,
        api_reach,
        api_cards,
        api_merges,
        api_statuses,
        api_fields,
        api_calls,
        api_search,
        api_outages,
        api_codes,
        api_messages,
        api_outcomes,
        api_drafts,
        api_outcome_rules,
        api_bell,
        api_blocked,
        api_tasks,
    )
    for part in (*people, *record, api_imports, api_exports, api_health, api_spec):
        part.add_routes(app)
    for law in (api_recording, api_keeping, api_staff, api_person, api_audit):
        law.add_routes(app)
