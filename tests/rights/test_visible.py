"""What a query finds is what the pure rule allows, for every combination; and hidden cards stay hidden everywhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import product
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.clock import SystemClock
from callcenter.crm import users
from callcenter.crm.models.calls import CallRow, RecordingRow, SegmentRow
from callcenter.crm.models.customers import Customer
from callcenter.crm.models.people import Team
from callcenter.crm.rights import Scope, Standing, Subject, UserRole, Whose, card_of, reaches
from callcenter.crm.visible import listed_calls, recordings, seen
from callcenter.db import Database
from callcenter.ids import new_id
from tests.rights.floor import Floor, open_floor

NOW = SystemClock().now()
TEAM_OF = {"me": "A", "mate": "A", "stranger": "B", "loner": None}


def staffed(session: Session) -> tuple[dict[str | None, UUID | None], dict[str | None, UUID | None]]:
    teams = {name: Team(name=name) for name in ("A", "B")}
    session.add_all(teams.values())
    session.flush()
    people: dict[str | None, UUID | None] = {None: None}
    for name, team in TEAM_OF.items():
        values = {"username": name, "role": "agent", "team_id": teams[team].id if team else None}
        people[name] = users.create(session, values, "no password", NOW).id
    return people, {None: None, **{name: team.id for name, team in teams.items()}}


def standings(me: Any, teams: dict[str | None, UUID | None]) -> list[Standing]:
    return [
        Standing(id=me, role=UserRole.AGENT, team=teams[team], scopes=dict.fromkeys(Subject, scope))
        for team, scope in product((None, "A"), Scope)
    ]


async def test_a_query_finds_the_cards_that_the_rule_allows(db: Database) -> None:
    def compare(session: Session) -> list[Standing]:
        people, teams = staffed(session)
        for owner, team in product(people.values(), teams.values()):
            session.add(Customer(owner_id=owner, team_id=team, created_at=NOW, updated_at=NOW))
        session.flush()
        rows = session.scalars(select(Customer)).all()
        return [
            standing
            for standing in standings(people["me"], teams)
            if set(session.scalars(select(Customer.id).where(seen(standing, Customer))))
            != {r.id for r in rows if reaches(standing, Subject.CARDS, card_of(r.owner_id, r.team_id))}
        ]

    assert await db.write(compare) == []


async def test_a_query_finds_the_calls_and_recordings_that_the_rule_allows(db: Database) -> None:
    def compare(session: Session) -> list[tuple[str, Standing]]:
        people, teams = staffed(session)
        team_of = {people[name]: teams[team] for name, team in TEAM_OF.items()}
        whose: dict[str, dict[UUID, Whose]] = {"calls": {}, "recordings": {}}
        who = [None, "me", "mate", "stranger", "loner"]
        for card, first, second in product((None, "A", "B"), who, ("stranger", "loner", None)):
            call, sound = called(session, teams[card], [people[first], people[second]])
            parts = {agent for agent in (people[first], people[second]) if agent}
            talked = {agent for agent in (people[first],) if agent}
            for subject, thing, agents in (("calls", call, parts), ("recordings", sound, talked)):
                of = {team_of[a] for a in agents} | {teams[card]}
                whose[subject][thing] = Whose(owners=frozenset(agents), teams=frozenset(t for t in of if t))
        return [
            (subject, standing)
            for standing in standings(people["me"], teams)
            for subject, found in (
                ("calls", select(CallRow.id).where(listed_calls(standing))),
                ("recordings", select(RecordingRow.id).where(recordings(standing))),
            )
            if set(session.scalars(found)) != reached(standing, Subject(subject), whose[subject])
        ]

    assert await db.write(compare) == []


def reached(standing: Standing, subject: Subject, things: dict[UUID, Whose]) -> set[UUID]:
    return {thing for thing, whose in things.items() if reaches(standing, subject, whose)}


def called(session: Session, card: UUID | None, agents: list[UUID | None]) -> tuple[UUID, UUID]:
    """A call on a card of that team; the first agent answered, the second one's phone only rang."""
    customer = Customer(team_id=card, created_at=NOW, updated_at=NOW)
    session.add(customer)
    session.flush()
    call = CallRow(
        pbx="main", uniqueid=str(new_id()), direction="inbound", state="ended", number_raw="1", withheld=False
    )
    call.customer_id, call.started_at = customer.id, NOW
    session.add(call)
    session.flush()
    for seq, agent in enumerate(agents):
        part = SegmentRow(call_id=call.id, seq=seq, device="PJSIP/1", leg="1", role="owner", via="queue")
        part.agent_id, part.answered_at = agent, None if seq else NOW
        session.add(part)
    sound = RecordingRow(call_id=call.id, pbx="main", path=str(new_id()), state="stored", started_at=NOW)
    session.add(sound)
    session.flush()
    return call.id, sound.id


@pytest.fixture
async def floor(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Floor]:
    async with open_floor(sqlite_url, tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(
    "route", ["GET /customers", "GET /customers?q=mario", "GET /calls", "GET /live", "GET /customers?q=Ma"]
)
async def test_lists_and_searches_hold_nothing_of_another_team(floor: Floor, route: str) -> None:
    ours, theirs = await floor.plant("agent", "own"), await floor.plant("agent", "other")
    said = await floor.ask("supervisor", route, {})
    hidden = [theirs[name] for name in ("customer_id", "call_id") if theirs[name] in said.text]
    assert (said.status, hidden) == (200, [])
    assert route == "GET /live" or ours["customer_id"] in said.text


async def test_a_hidden_card_does_not_show_on_a_call_that_one_sees(floor: Floor) -> None:
    ours, theirs = await floor.plant("agent", "own"), await floor.plant("agent", "other")

    def transfer(session: Session) -> None:
        session.get_one(CallRow, UUID(ours["call_id"])).customer_id = UUID(theirs["customer_id"])

    await floor.parts.db.write(transfer)
    said = await floor.ask("agent", "GET /calls/{call_id}", ours)
    assert (said.status, theirs["customer_id"] in said.text) == (200, False)


async def test_scopes_count_from_the_next_request_on(floor: Floor) -> None:
    theirs = await floor.plant("agent", "other")
    before = await floor.ask("agent", "GET /customers/{customer_id}", theirs)
    subjects = dict.fromkeys(map(str, Subject), "all")
    await floor.ask("admin", "PUT /rights", {}, {"agent": subjects, "supervisor": subjects})
    after = await floor.ask("agent", "GET /customers/{customer_id}", theirs)
    assert (before.status, after.status) == (404, 200)
