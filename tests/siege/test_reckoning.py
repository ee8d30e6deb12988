"""What a siege excuses: nothing that a disk does not bear witness to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.lab.phonelog import Offer
from tests.siege.reckoning import Intrusion, unwritten
from tests.siege.siege import Death

OFFERED = Offer(phone="101", call_id="x", customer="79160000002", dialled="101", offered_at=13.0)
ANNA = Intrusion(agent="anna", number="+79160000001", uniqueid="1.7", answered_at=9.4, offer=OFFERED)
NEITHER: Mapping[str, str] = {"PJSIP/101/1.3": "1.3|5|||", "PJSIP/102/1.7": "1.7|9|||"}


def died(begun: float = 10.0, owed: Mapping[str, str] = NEITHER) -> list[Death]:
    return [Death(begun=begun, over=begun + 1, owed=owed)]


def test_a_debt_that_the_killed_pbx_had_not_written_is_nobodys_fault_until_there_is_a_link() -> None:
    assert unwritten(ANNA, died(), [2.0, 14.0])
    assert not unwritten(ANNA, died(), [2.0, 12.5])


@pytest.mark.parametrize("begun", [9.0, 11.0, 20.0])
def test_nor_is_one_that_it_had_time_for(begun: float) -> None:
    assert not unwritten(replace(ANNA, answered_at=begun - 2), died(begun), [])


def test_one_that_it_had_written_is_ours() -> None:
    assert not unwritten(ANNA, died(owed={"PJSIP/101/1.7": "1.7|9|||"}), [])
