"""Who may do what, and how text is searched: pure."""

from __future__ import annotations

import subprocess
import sys

import pytest

from callcenter.crm.fold import fold
from callcenter.crm.rights import (
    Actor,
    Scope,
    Subject,
    UserRole,
    Verb,
    allow,
    card_of,
    part_of,
    read_scopes,
    scope_of,
)
from callcenter.ids import new_id

TEAM, OTHER_TEAM, COLLEAGUE = new_id(), new_id(), new_id()
OUR_TEAMS, OTHERS = part_of(COLLEAGUE, TEAM), part_of(COLLEAGUE, OTHER_TEAM)
AGENTS = {Verb.READ_CARDS, Verb.WRITE_CARDS, Verb.MERGE_CARDS, Verb.READ_CALLS, Verb.SETTLE, Verb.LISTEN}
AGENTS |= {Verb.WORK_TASKS, Verb.CALL_OUT, Verb.READ_SCORES}
SUPERVISORS = AGENTS | {Verb.WAIVE, Verb.SEE_FLOOR, Verb.ANY_TASK, Verb.TAKE_OVER_DESK}
SUPERVISORS |= {Verb.ORDER_AGENTS, Verb.EDIT_STAFF, Verb.IMPORT, Verb.EXPORT, Verb.READ_EVENTS, Verb.READ_REPORTS}
SUPERVISORS |= {Verb.EVALUATE, Verb.SIT_IN, Verb.BLOCK_NUMBERS, Verb.CALL_ALL_THE_SAME, Verb.REVIEW}


def somebody(role: UserRole, **scopes: Scope) -> Actor:
    return Actor(
        id=new_id(),
        username="x",
        display_name="X",
        role=role,
        team=TEAM,
        scopes={Subject(name): scope for name, scope in scopes.items()},
        language="en",
        session=new_id(),
    )


@pytest.mark.parametrize(
    ("role", "verbs"),
    [(UserRole.AGENT, AGENTS), (UserRole.SUPERVISOR, SUPERVISORS), (UserRole.ADMIN, set(Verb))],
)
def test_each_role_may_exactly_this(role: UserRole, verbs: set[Verb]) -> None:
    assert {verb for verb in Verb if allow(somebody(role), verb)} == verbs


@pytest.mark.parametrize(
    ("role", "ours", "others"),
    [
        (
            UserRole.AGENT,
            {Verb.READ_CARDS, Verb.WRITE_CARDS, Verb.MERGE_CARDS, Verb.WORK_TASKS, Verb.CALL_OUT, Verb.READ_SCORES},
            {Verb.CALL_OUT, Verb.READ_SCORES},
        ),
        (
            UserRole.SUPERVISOR,
            SUPERVISORS,
            {Verb.TAKE_OVER_DESK, Verb.CALL_OUT, Verb.IMPORT, Verb.EXPORT, Verb.READ_REPORTS, Verb.READ_SCORES}
            | {Verb.BLOCK_NUMBERS, Verb.CALL_ALL_THE_SAME},
        ),
        (UserRole.ADMIN, set(Verb), set(Verb)),
    ],
)
def test_rights_reach_as_far_as_the_role_does(role: UserRole, ours: set[Verb], others: set[Verb]) -> None:
    actor = somebody(role)
    assert {verb for verb in Verb if allow(actor, verb, OUR_TEAMS)} == ours
    assert {verb for verb in Verb if allow(actor, verb, OTHERS)} == others


@pytest.mark.parametrize("role", list(UserRole))
@pytest.mark.parametrize("scope", list(Scope))
def test_ones_own_is_ones_own(role: UserRole, scope: Scope) -> None:
    actor = somebody(role, outcomes=scope, cards=scope)
    assert allow(actor, Verb.SETTLE, part_of(actor.id, OTHER_TEAM))
    assert allow(actor, Verb.WRITE_CARDS, card_of(actor.id, OTHER_TEAM))
    assert allow(actor, Verb.READ_CARDS, card_of(None, None))


def test_where_nobody_is_in_a_team_the_team_is_everybody() -> None:
    assert allow(somebody(UserRole.AGENT), Verb.READ_CARDS, card_of(COLLEAGUE, None))
    assert not allow(somebody(UserRole.AGENT, cards=Scope.OWN), Verb.READ_CARDS, card_of(COLLEAGUE, None))


def test_a_scope_is_set_by_role_and_subject() -> None:
    agent = somebody(UserRole.AGENT, recordings=Scope.ALL)
    assert allow(agent, Verb.LISTEN, OTHERS)
    assert not allow(agent, Verb.SETTLE, OTHERS)


def test_an_administrator_cannot_be_cut_off() -> None:
    assert allow(somebody(UserRole.ADMIN, cards=Scope.OWN), Verb.READ_CARDS, OTHERS)


@pytest.mark.parametrize(
    "kept", [None, [], {"agent": None}, {"agent": {"cards": "moon", "walls": "all"}}, {"agent": 1}]
)
def test_a_policy_that_makes_no_sense_leaves_the_defaults(kept: object) -> None:
    actor = somebody(UserRole.AGENT, **{str(k): v for k, v in read_scopes(kept, UserRole.AGENT).items()})
    assert scope_of(actor, Subject.CARDS) is Scope.TEAM
    assert scope_of(actor, Subject.CALLS) is Scope.OWN


@pytest.mark.parametrize(
    ("text", "folded"),
    [("Ёлкин  Йод", "елкин йод"), ("Əliyev İ", "eliyev i"), ("ÇIĞIR", "cigir"), ("Straße", "strasse"), ("", "")],
)
def test_text_is_folded(text: str, folded: str) -> None:
    assert fold(text) == folded
    assert fold(folded) == folded


def test_rights_need_no_database() -> None:
    probe = "import sys, callcenter.crm.rights, callcenter.crm.fold; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout.split()
    assert not {"sqlalchemy", "aiohttp", "asyncio"} & set(loaded)
