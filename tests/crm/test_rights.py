"""Who may do what, and how text is searched: pure."""

from __future__ import annotations

import subprocess
import sys

import pytest

from callcenter.crm.fold import fold
from callcenter.crm.rights import Actor, UserRole, Verb, allow, sees_call
from callcenter.ids import new_id


def somebody(role: UserRole) -> Actor:
    return Actor(id=new_id(), username="x", display_name="X", role=role, team=None, language="en", session=new_id())


@pytest.mark.parametrize(
    ("role", "verbs"),
    [
        (UserRole.AGENT, {Verb.READ_CARDS, Verb.WRITE_CARDS, Verb.WORK_TASKS, Verb.CALL_OUT}),
        (
            UserRole.SUPERVISOR,
            {Verb.READ_CARDS, Verb.WRITE_CARDS, Verb.READ_ALL_CALLS, Verb.SETTLE_ANY, Verb.WAIVE}
            | {Verb.LISTEN_ANY, Verb.SEE_FLOOR, Verb.TAKE_OVER_DESK, Verb.WORK_TASKS, Verb.CALL_OUT, Verb.ANY_TASK},
        ),
        (UserRole.ADMIN, set(Verb) - {Verb.SETTLE_OWN, Verb.LISTEN_OWN}),
    ],
)
def test_each_role_may_exactly_this_with_things_that_are_not_its_own(role: UserRole, verbs: set[Verb]) -> None:
    actor = somebody(role)
    assert {verb for verb in Verb if allow(actor, verb, owner=new_id())} == verbs


@pytest.mark.parametrize("role", list(UserRole))
def test_ones_own_is_ones_own(role: UserRole) -> None:
    actor = somebody(role)
    assert allow(actor, Verb.SETTLE_OWN, owner=actor.id)
    assert not allow(actor, Verb.SETTLE_OWN, owner=None)


@pytest.mark.parametrize(
    ("role", "took_part", "of_a_card", "sees"),
    [
        (UserRole.AGENT, False, False, False),
        (UserRole.AGENT, True, False, True),
        (UserRole.AGENT, False, True, True),
        (UserRole.SUPERVISOR, False, False, True),
        (UserRole.ADMIN, False, False, True),
    ],
)
def test_calls_are_seen_by_those_who_had_a_part_or_may_read_the_card(
    role: UserRole, took_part: bool, of_a_card: bool, sees: bool
) -> None:
    assert sees_call(somebody(role), took_part=took_part, of_a_card=of_a_card) is sees


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
