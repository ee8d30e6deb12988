"""Nothing is recorded until a row says so, and nothing before the notice was heard."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.lab.amitap import AmiTap
from tests.lab.asterisk import Asterisk
from tests.lab.phones import Floor
from tests.pbx.test_gate_mechanics import ANNA, NUMBER, in_bridge, leg, talk
from tests.until import until


def sounds(pbx: Asterisk) -> list[str]:
    """Files that hold more than a header, without what tells calls apart."""
    kept = [path for path in Path(pbx.spool, "monitor").iterdir() if path.stat().st_size > 44]
    return sorted(path.name.lstrip("0123456789.") for path in kept)


def notices(tap: AmiTap) -> list[tuple[str, str, str]]:
    found = [e for e in tap.events("UserEvent") if e["UserEvent"] == "CallcenterNotice"]
    return [(e["Queue"], e["Sound"], e["Result"]) for e in found]


def rows(told: Mapping[str, str]) -> dict[str, str]:
    return {f"callcenter-recording/{row}": value for row, value in told.items()}


@pytest.mark.parametrize("told", [{}, {"support": "off", "sales": "on"}])
def test_a_queue_without_a_row_is_not_recorded(told: Mapping[str, str]) -> None:
    with Asterisk(database=rows(told)) as pbx, Floor(pbx) as floor:
        floor.phone(ANNA)
        talk(floor.caller(NUMBER, "7001", talk_ms=300))
        assert sounds(pbx) == []


def test_the_notice_is_heard_before_the_recording_begins() -> None:
    with Asterisk(database=rows({"support": "on|beep"})) as pbx, Floor(pbx) as floor:
        tap = AmiTap(pbx)
        floor.phone(ANNA)
        talk(floor.caller(NUMBER, "7001", talk_ms=3000))
        names = [e["Event"] if e["Event"] != "UserEvent" else e["UserEvent"] for e in tap.events()]
        assert names.index("CallcenterNotice") < names.index("MixMonitorStart") < names.index("BridgeEnter")
        assert notices(tap) == [("support", "beep", "played")]
        assert sounds(pbx) == ["-in.wav", "-out.wav", "wav"]
        tap.close()


def test_who_presses_the_key_while_he_hears_the_notice_of_his_number_is_not_recorded() -> None:
    """The number's own announcement is played in place of the queue's; the call goes on, and history tells it too."""
    told = {"callcenter-notice/7001": f"vm-nobodyavail||{NOTICE}|9"}
    with Asterisk(database={**rows({"support": "on|beep"}), **told}) as pbx, Floor(pbx) as floor:
        tap = AmiTap(pbx)
        floor.phone(ANNA)
        caller = floor.caller(NUMBER, "7001", talk_ms=1500)
        began = until(lambda: pressable(tap), 10, "the notice begun")
        tap.action("PlayDTMF", Channel=began, Digit="9", Receive="true")
        talk(caller)
        assert notices(tap) == [("support", "vm-nobodyavail", "declined")]
        assert [e["Notice"] for e in tap.events("UserEvent") if e["UserEvent"] == "CallcenterNotice"] == [NOTICE]
        assert sounds(pbx) == []
        assert [e["Value"] for e in tap.events("VarSet") if e["Variable"] == "CC_DECLINED"] == ["yes"]
        tap.close()


NOTICE = "01933333-3333-7333-8333-333333333333"


def pressable(tap: AmiTap) -> str:
    """The customer's channel, once the notice is played to it."""
    tries = (e["Channel"] for e in tap.events("VarSet") if e["Variable"].endswith("tries)"))
    return next(tries, "")


def test_a_notice_that_cannot_be_played_means_no_recording() -> None:
    with Asterisk(database=rows({"support": "on|no-such-sound"})) as pbx, Floor(pbx) as floor:
        tap = AmiTap(pbx)
        floor.phone(ANNA)
        talk(floor.caller(NUMBER, "7001", talk_ms=1000))
        assert notices(tap) == [("support", "no-such-sound", "failed")]
        assert sounds(pbx) == []
        tap.close()


def test_whom_an_agent_calls_hears_the_notice_too() -> None:
    with Asterisk(database=rows({"*outgoing": "on|beep"})) as pbx, Floor(pbx) as floor:
        tap = AmiTap(pbx)
        floor.phone("trunk")
        talk(floor.agent_dials(ANNA, "89161234567", talk_ms=3000))
        assert notices(tap) == [("*outgoing", "beep", "played")]
        assert sounds(pbx) == ["-in.wav", "-out.wav", "wav"]
        tap.close()


def test_a_queue_that_may_not_record_ends_the_recording_of_the_one_before() -> None:
    with Asterisk(database=rows({"support": "on"})) as pbx, Floor(pbx) as floor:
        tap = AmiTap(pbx)
        floor.phone(ANNA, answer_ms=100)
        caller = floor.caller(NUMBER, "7001", talk_ms=3500)
        until(lambda: in_bridge(pbx, tap, ANNA), 10, "talking")
        tap.action("BlindTransfer", Channel=leg(pbx, tap, ANNA), Context="agents", Exten="7002")
        until(lambda: tap.events("MixMonitorStop"), 10, "the recording stopped")
        talk(caller)
        assert len(tap.events("MixMonitorStart")) == 1
        tap.close()
