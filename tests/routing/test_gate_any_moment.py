"""Whenever commands, answers and events arrive: who is known to owe is never let go, and in the end is held."""

from __future__ import annotations

import asyncio
from inspect import isawaitable

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.routing.adversary import NUMBERS, Adversary, breathe

PEOPLE = [f"{what} {number}" for what in ("answer", "fetch", "hang", "log", "meddle") for number in NUMBERS]
STEPS = st.sampled_from(
    [*PEOPLE, "do", "do", "reply", "reply", "event", "event", "event", "give_up", "relink", "wait", "stall"]
)


async def play(steps: list[str], *, logged: bool) -> Adversary:
    pbx = Adversary()
    await pbx.relink()
    working = asyncio.create_task(pbx.worker.run())
    for step in steps:
        word, *whose = step.split()
        done = getattr(pbx, word)(*whose)
        if isawaitable(done):
            await done
        await breathe()
    await pbx.calm()
    for number in NUMBERS if logged else ():
        await pbx.log(number)
    await pbx.calm()
    working.cancel()
    return pbx


OVER = ["answer 101", "wait", "hang 101", "do", "reply", "do", "reply", "wait", "log 101"]
"""All is over and logged, and the gate is asking for the debt to be taken away."""


@settings(max_examples=150, deadline=None)
@example(["answer 101", "wait", "do", "reply", "wait", "meddle 101", "wait", "do", "reply"])
@example(["answer 101", "wait", "meddle 101", "relink", "do", "meddle 101"])
@example([*OVER, "give_up", "answer 101", "wait"])
@example([*OVER, "answer 101", "event", "event", "event", "event", "event", "event", "do", "reply"])
@example([*OVER, "do", "fetch 101", *["event"] * 6, "reply"])
@example(["fetch 101", *["event"] * 6, "stall", "stall"])
@example(["answer 101", "answer 102", "hang 101", "meddle 102", "wait", "log 101"])
@given(st.lists(STEPS, max_size=40))
def test_who_owes_is_held_whatever_arrives_when(steps: list[str]) -> None:
    pbx = asyncio.run(play(steps, logged=False))
    assert pbx.wrong == []
    owing = {number for number, calls in pbx.owing.items() if calls}
    assert {number for (_, number), reason in pbx.paused.items() if not reason} == set(NUMBERS) - owing
    assert set(pbx.rows) == {f"PJSIP/{number}" for number in owing}


@settings(max_examples=50, deadline=None)
@given(st.lists(STEPS, max_size=40))
def test_who_owes_nothing_any_more_is_free_whatever_arrived_when(steps: list[str]) -> None:
    pbx = asyncio.run(play(steps, logged=True))
    assert pbx.wrong == []
    assert set(pbx.paused.values()) == {""}
    assert (pbx.rows, pbx.listed) == ({}, {})
