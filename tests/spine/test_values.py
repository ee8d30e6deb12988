"""Copies of values are those of ``dataclasses``."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import pytest

from callcenter.values import replace
from tests.spine.story import ANNA, START, Story, device, roster


@dataclass
class Open:
    """Without slots, and not frozen."""

    name: str = ""
    size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Odd:
    """Named as what copies are made with might be."""

    kind: str
    same: str
    old: str
    new: str


def test_a_copy_differs_in_what_was_said_and_in_nothing_else() -> None:
    call = Story().arrives().told()
    copy = replace(call, ended_at=START, cause=16)
    assert (copy.ended_at, copy.cause) == (START, 16)
    assert copy == dataclasses.replace(call, ended_at=START, cause=16)
    assert call.ended_at is None


def test_a_field_may_have_any_name() -> None:
    odd = Odd(kind="a", same="b", old="c", new="d")
    assert replace(odd, new="e") == Odd(kind="a", same="b", old="c", new="e")


def test_a_copy_is_as_frozen_as_what_it_was_made_of() -> None:
    copy = replace(device("101"), name="PJSIP/102")
    assert hash(copy) == hash(device("102"))
    with pytest.raises(dataclasses.FrozenInstanceError):
        copy.name = "PJSIP/103"  # type: ignore[misc]


def test_a_field_that_is_none_of_its_own_is_refused() -> None:
    with pytest.raises(TypeError):
        replace(device("101"), nmae="PJSIP/102")  # type: ignore[call-arg]


def test_what_is_worked_out_as_a_value_is_made_is_worked_out_for_its_copies() -> None:
    assert replace(roster(), bindings=()).agent_at(device("101"), START) is None
    assert roster().agent_at(device("101"), START) == ANNA


def test_a_class_without_slots_is_copied_too() -> None:
    assert replace(Open(name="one"), size=2) == Open(name="one", size=2)
