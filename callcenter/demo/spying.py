"""Sitting in: a supervisor's phone rings and is picked up, then ChanSpy hears a channel for as long as both live."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from callcenter.demo.channels import Channel, State
from callcenter.demo.dial import Originate, agent_rings, respond
from callcenter.demo.switch import Switch

CONTEXT: Final = "callcenter-spy"
MANNERS: Final = {"listen": "qES", "whisper": "qESw", "barge": "qESB"}
_PICKED_UP: Final = 2.0
_LOOK: Final = 0.2


async def sit_in(switch: Switch, order: Originate, spied: str) -> None:
    """Plays it to its end. ``spied``: the Uniqueid of the channel that is heard."""
    phone = agent_rings(switch, order, "")
    hung_up = switch.spies[phone.uniqueid] = asyncio.Event()
    try:
        await _wait(switch, hung_up, _PICKED_UP)
        if not hung_up.is_set():
            switch.state(phone, State.UP)
            switch.tell_pair("DialEnd", None, phone, ("DialStatus", "ANSWER"))
            respond(switch, order, phone, "4")
            turn(switch, phone, order.number)
        while not hung_up.is_set() and spied in switch.board.channels:
            await _wait(switch, hung_up, _LOOK)
    finally:
        del switch.spies[phone.uniqueid]
    switch.hang_up(phone, 16)


def turn(switch: Switch, phone: Channel, manner: str) -> None:
    """He listens, whispers or joins in from now on."""
    phone.at(CONTEXT, manner, 1)
    phone.application, phone.data = "ChanSpy", MANNERS[manner]


def spying(switch: Switch, named: str) -> Channel | None:
    """The phone that sits in, by its name or its Uniqueid."""
    return next((switch.board.channels[one] for one in switch.spies if named in _names(switch, one)), None)


def heard(action: Mapping[str, str]) -> str:
    """The Uniqueid that an Originate names, ``""`` where none."""
    pairs = (pair.partition("=") for pair in action.get("variable", "").split(","))
    return next((value for name, _, value in pairs if name.lstrip("_") == "CC_SPIED"), "")


def _names(switch: Switch, uniqueid: str) -> tuple[str, str]:
    return uniqueid, switch.board.channels[uniqueid].name


async def _wait(switch: Switch, hung_up: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(hung_up.wait(), seconds * switch.pace.scale)
    except TimeoutError:
        return
