"""Two installations on one PBX: one has the gate, whenever either of them looks, dies or comes back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.bus import Bus
from callcenter.clock import SetClock
from callcenter.db import Database
from callcenter.errors import Unavailable
from callcenter.health import Health
from callcenter.pbx_events import LinkUp
from callcenter.recording.switch import recording_switch
from callcenter.routing.claim import BEAT_SECONDS, PATIENCE_SECONDS, Claim, Holder, read
from callcenter.routing.claims import Claims, GateTaken, begun, installation
from tests.routing.house import service
from tests.spine.story import START, Story

FIRST, SECOND = Holder(installation="a", machine="old|box"), Holder(installation="b", machine="new")
WHO = st.sampled_from((FIRST, SECOND))
SOON = st.floats(0.1, BEAT_SECONDS)


async def _nothing() -> None:
    pass


class AstDb:
    """The database of a PBX, as AMI shows it."""

    def __init__(self) -> None:
        self.rows: dict[str, str] = {}
        self.link = self.granted = True
        self.meanwhile: Callable[[], Awaitable[None]] = _nothing

    async def send(self, action: Mapping[str, str], timeout: float) -> Sequence[Mapping[str, str]]:
        assert timeout > 0
        await self.meanwhile()
        self.meanwhile = _nothing
        if not self.link:
            raise Unavailable("not connected", code="pbx_unavailable")
        if not self.granted:
            raise Unavailable("the PBX refused it: Permission denied", code="pbx_refused")
        key = f"{action['Family']}/{action['Key']}"
        if action["Action"] == "DBPut":
            self.rows[key] = action["Val"]
            return [{"response": "Success"}]
        if key not in self.rows:
            raise Unavailable("the PBX refused it: Database entry not found", code="pbx_refused")
        return [{"response": "Success"}, {"val": self.rows[key]}]


class Installation:
    """One of several before a PBX, and what it says of itself."""

    def __init__(self, me: Holder, pbx: AstDb, clock: SetClock) -> None:
        self.bus, self.taken = Bus(), list[GateTaken]()
        self.health = Health(self.bus, clock)
        self.claims = Claims(me, {"main": pbx.send}, (self.bus, clock, self.health))
        self.bus.on(GateTaken, self._heard)

    async def _heard(self, event: GateTaken) -> None:
        self.taken.append(event)

    async def looks(self) -> bool:
        await self.claims.look("main")
        return self.claims.holds("main")

    async def comes_back(self) -> None:
        await self.claims.link_up(LinkUp(pbx="main", at=START, rebooted=True))

    @property
    def code(self) -> str:
        return part.code if (part := self.health.parts.get("gate:main")) else ""


@given(looks=st.lists(st.tuples(WHO, SOON), max_size=60))
def test_never_do_both_have_it_while_both_look_often_enough(looks: list[tuple[Holder, float]]) -> None:
    value, mono = "", 0.0
    claims = {FIRST: Claim(FIRST), SECOND: Claim(SECOND)}
    looked = dict.fromkeys(claims, 0.0)
    for who, seconds in looks:
        mono += seconds
        late = [one for one in claims if mono - looked[one] > PATIENCE_SECONDS - BEAT_SECONDS]
        for one in (*late, who):
            looked[one] = mono
            value = one.says(START + timedelta(seconds=mono)) if claims[one].look(value, mono) else value
        assert sum(bool(claim.ours) for claim in claims.values()) == 1


async def test_the_second_waits_until_the_first_is_gone_for_good() -> None:
    pbx, clock = AstDb(), SetClock(at=START)
    first, second = (Installation(one, pbx, clock) for one in (FIRST, SECOND))
    assert (await first.looks(), await second.looks()) == (True, False)
    assert (first.code, second.code, first.taken) == ("", "gate_elsewhere", [GateTaken(pbx="main")])
    assert "old|box" in second.health.parts["gate:main"].remedy
    for _ in range(9):
        clock.move(BEAT_SECONDS)
        assert (await first.looks(), await second.looks()) == (True, False)
    clock.move(PATIENCE_SECONDS)
    await second.comes_back()
    assert not await second.looks(), "the PBX was away, and the first could say nothing either"
    clock.move(PATIENCE_SECONDS)
    assert await second.looks()
    assert (second.code, second.taken) == ("", [GateTaken(pbx="main")])
    assert not await first.looks(), "who comes back finds another there"


async def test_who_is_gone_is_given_up_though_the_link_is_lost_every_half_minute() -> None:
    pbx, clock = AstDb(), SetClock(at=START)
    pbx.rows["callcenter-gate/held"] = FIRST.says(clock.now())
    second = Installation(SECOND, pbx, clock)
    for _ in range(2):
        for _ in range(2):
            assert not await second.looks()
            clock.move(BEAT_SECONDS)
        await second.comes_back()
        assert not await second.looks()
    clock.move(2 * BEAT_SECONDS)
    assert await second.looks()


async def test_whoever_comes_back_looks_before_he_does_anything() -> None:
    """His link was lost, the other's was not: what he knows of the gate is old."""
    pbx, clock = AstDb(), SetClock(at=START)
    first = Installation(FIRST, pbx, clock)
    assert await first.looks()
    await first.comes_back()
    assert not first.claims.holds("main")
    assert await first.looks()
    assert first.taken == [GateTaken(pbx="main")] * 2, "what was put off meanwhile is done now"
    await first.comes_back()
    pbx.rows["callcenter-gate/held"] = SECOND.says(clock.now())
    assert not await first.looks()
    assert first.code == "gate_elsewhere"


async def test_a_link_that_comes_while_the_pbx_is_asked_is_not_overlooked() -> None:
    pbx, clock = AstDb(), SetClock(at=START)
    first = Installation(FIRST, pbx, clock)
    assert await first.looks()
    pbx.meanwhile = first.comes_back
    assert await first.looks()
    assert first.taken == [GateTaken(pbx="main")] * 2, "what was put off meanwhile is done now"


async def test_of_two_that_begin_at_once_one_is_left() -> None:
    pbx, clock = AstDb(), SetClock(at=START)
    first, second = (Installation(one, pbx, clock) for one in (FIRST, SECOND))
    assert await first.looks()
    pbx.rows.clear()
    assert await second.looks()
    clock.move(1)
    assert (await first.looks(), await second.looks()) == (False, True)


async def test_a_lost_link_changes_nothing_and_who_may_not_ask_works_as_if_alone() -> None:
    pbx, clock = AstDb(), SetClock(at=START)
    one = Installation(FIRST, pbx, clock)
    pbx.link = False
    assert not await one.looks(), "nobody has looked yet"
    pbx.link, pbx.granted = True, False
    assert await one.looks()
    pbx.link = False
    assert await one.looks()


@pytest.mark.parametrize("value", ["", "a", "a|b", "|b|1", "a|b|x", "a|b|99999999999999", "a|b|1|2"])
def test_what_makes_no_sense_is_nobodys_word(value: str) -> None:
    assert read(value) is None
    assert Claim(FIRST).look(value, 0.0)


def test_an_installation_is_the_same_from_its_first_start_on(tmp_path: Path) -> None:
    first = begun(tmp_path / "var/state")
    (tmp_path / "var/state/journal").mkdir()
    assert begun(tmp_path / "var/state") == installation(tmp_path / "var/state") == first


def test_a_copy_of_the_folder_is_another_installation(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "copy").mkdir()
    assert installation(tmp_path / "state") == installation(tmp_path / "copy/../state")
    assert installation(tmp_path / "state") != installation(tmp_path / "copy")


async def test_who_does_not_have_the_gate_asks_nothing_of_members_and_rows_until_he_has(staffed: Database) -> None:
    mine = False
    async with service(staffed, holds=lambda _pbx: mine) as house:
        switch = recording_switch(staffed, {"main": house.pbx.send}, lambda _pbx: mine)
        await house.pbx.connect()
        await house.pbx.answer("PJSIP/101", "somebody.1|1764000000|support|79160000000|")
        await house.told(Story().arrives().joins().rings("101").answers("101").hangs_up("101").ends())
        await switch.link_up(LinkUp(pbx="main", at=START, rebooted=False))
        assert await house.is_quiet()
        assert house.pbx.actions == []
        mine = True
        await house.gate.taken(GateTaken(pbx="main"))
        await house.becomes("PJSIP/101", True)
