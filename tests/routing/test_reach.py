"""Whether an agent's phone can be rung, also where he works in no queue."""

from __future__ import annotations

from dataclasses import replace

import pytest

from callcenter.db import Database
from callcenter.news import RosterChanged
from callcenter.roster import Roster
from callcenter.routing.presence import Mood
from callcenter.routing.reach import can_be_rung
from tests.routing.house import service
from tests.routing.pbx import ScriptedPbx
from tests.spine.story import ANNA, BORIS, device, roster
from tests.until import until_async


@pytest.mark.parametrize(
    ("state", "can"),
    [
        ("NOT_INUSE", True),
        ("INUSE", True),
        ("BUSY", True),
        ("RINGING", True),
        ("ONHOLD", True),
        ("UNAVAILABLE", False),
        ("INVALID", False),
        ("UNKNOWN", None),
        ("", None),
    ],
)
def test_what_a_device_state_means(state: str, can: bool | None) -> None:
    assert can_be_rung(state) is can


async def test_a_phone_in_no_queue_is_asked_for_its_state(sqlite_db: Database) -> None:
    async with service(sqlite_db, ScriptedPbx(tell=nobody)) as house:
        devices = house.pbx.devices
        devices["DEVICE_STATE(PJSIP/101)"] = "UNAVAILABLE"
        await house.pbx.connect()
        await until_async(lambda: house.gate.presence(ANNA).state is Mood.UNREACHABLE)
        assert house.gate.presence(BORIS).state is Mood.AVAILABLE, "of whose phone nothing is known"
        devices["DEVICE_STATE(PJSIP/101)"] = "NOT_INUSE"
        await until_async(lambda: house.gate.presence(ANNA).state is Mood.AVAILABLE)
        devices["DEVICE_STATE(PJSIP/101)"] = "INVALID"
        await until_async(lambda: house.gate.presence(ANNA).state is Mood.UNREACHABLE)
        await house.pbx.disconnect()
        await until_async(lambda: house.gate.presence(ANNA).reachable)


async def test_of_several_phones_one_that_can_be_rung_is_enough(sqlite_db: Database) -> None:
    async with service(sqlite_db, ScriptedPbx(tell=nobody)) as house:
        devices = house.pbx.devices
        devices |= {"DEVICE_STATE(PJSIP/101)": "UNAVAILABLE", "DEVICE_STATE(PJSIP/99101)": "NOT_INUSE"}
        two = replace(roster().bindings[0], devices=frozenset({device("101"), device("99101")}))
        await house.bus.publish(RosterChanged(roster=Roster(bindings=(two,))))
        await house.pbx.connect()
        devices["DEVICE_STATE(PJSIP/99101)"] = "UNAVAILABLE"
        await until_async(lambda: house.gate.presence(ANNA).state is Mood.UNREACHABLE)
        devices["DEVICE_STATE(PJSIP/99101)"] = "RINGING"
        await until_async(lambda: house.gate.presence(ANNA).state is Mood.AVAILABLE)


async def nobody(_pbx: str, _events: object) -> None:
    """Until the house listens."""


async def test_a_pbx_that_does_not_say_makes_nobody_unreachable(sqlite_db: Database) -> None:
    async with service(sqlite_db, ScriptedPbx(tell=nobody, granted=False)) as house:
        house.pbx.devices["DEVICE_STATE(PJSIP/101)"] = "UNAVAILABLE"
        await house.pbx.connect()
        await until_async(lambda: house.pbx.refused)
        assert house.gate.presence(ANNA).state is Mood.AVAILABLE
