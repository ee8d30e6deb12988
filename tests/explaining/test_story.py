"""Why not: each reason by a call for which it is true."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from callcenter.ami.framing import END
from callcenter.explaining import search
from callcenter.explaining.search import Asked, Result
from callcenter.explaining.story import Answer, Delivery
from callcenter.pbxmap import Kind, PbxMap, Rule
from callcenter.roster import Roster
from tests.ami.says import Pbx
from tests.ami.tale import MAP, ROSTER, recorded
from tests.ami.tale import told as tale
from tests.explaining.told import answers, journal, kept, soon, story
from tests.spine.story import ANNA

DIRECT = "direct_did_answered"
OFFICES = replace(MAP, rules=(Rule(pattern="PJSIP/anonymous", kind=Kind.INTER_OFFICE), *MAP.rules))
NO_TRUNK = replace(MAP, rules=tuple(rule for rule in MAP.rules if rule.kind is Kind.DEVICE))
NO_PHONES = replace(MAP, rules=tuple(rule for rule in MAP.rules if rule.kind is Kind.TRUNK))


def uniqueid(name: str) -> str:
    return tale(recorded(name)).calls[0].key.uniqueid


def began(name: str) -> datetime:
    return datetime.fromtimestamp(next(moment for moment, _ in kept(recorded(name)) if moment), UTC)


def delivery(**how: float | None) -> Delivery:
    told = {"tabs": 1, "sent_ms": 2.0, "paint_ms": None, **how}
    at = began(DIRECT)
    return Delivery(segment=0, agent=ANNA, at=at, **told)  # type: ignore[arg-type]


def of_direct(*deliveries: Delivery, map: PbxMap = MAP, roster: Roster = ROSTER) -> list[Answer]:
    return answers(story(recorded(DIRECT), uniqueid(DIRECT), map=map, roster=roster, deliveries=deliveries))


def asked(folder: Path, name: str, map: PbxMap = MAP, **by: str) -> Result:
    asking = Asked(pbx="main", span=soon(began(name)), **by)
    return search.search(journal(folder, recorded(name)), asking, map, ROSTER)


def test_a_number_that_its_owner_hides_is_in_no_line() -> None:
    found = story(recorded("presented_as_private"), uniqueid("presented_as_private"))
    shown = found.without_number()
    assert answers(shown)[0] is Answer.WITHHELD
    assert any(b"4951234567" in line.raw for line in found.lines)
    assert not any(b"4951234567" in line.raw for line in shown.lines)
    assert story(recorded("withheld_unknown"), uniqueid("withheld_unknown")).without_number().lines


def test_a_phone_without_an_address_is_the_reason() -> None:
    pbx = Pbx()
    pbx.variable(customer := pbx.customer(), "CC_UNREACHABLE", "PJSIP/101")
    pbx.hangup(customer)
    found = story(pbx.stream, customer.uniqueid)
    assert [(v.code, v.agent, v.device) for v in found.verdicts] == [(Answer.PHONE_OFFLINE, ANNA, "PJSIP/101")]


def test_it_was_painted() -> None:
    found = story(recorded(DIRECT), uniqueid(DIRECT), deliveries=(delivery(paint_ms=31.0),))
    assert answers(found) == [Answer.PAINTED]
    assert found.verdicts[0].ms == 33.0
    assert found.verdicts[0].agent == ANNA


def test_it_was_sent_and_no_screen_said_that_it_was_painted() -> None:
    assert of_direct(delivery()) == [Answer.SENT]


def test_the_agent_had_no_tab_open() -> None:
    assert of_direct(delivery(tabs=0)) == [Answer.NO_TAB]


def test_nobody_wrote_down_what_the_screens_were_told() -> None:
    assert of_direct() == [Answer.NOT_RECORDED]


def test_nobody_was_signed_in_at_the_phone() -> None:
    assert of_direct(roster=Roster()) == [Answer.NOBODY_SIGNED_IN]


def test_the_trunk_is_not_in_the_map() -> None:
    assert of_direct(map=NO_TRUNK) == [Answer.TRUNK_NOT_IN_MAP]


def test_the_phone_is_not_in_the_map() -> None:
    assert of_direct(map=NO_PHONES) == [Answer.PHONE_NOT_IN_MAP]


def test_it_came_from_another_office() -> None:
    assert of_direct(map=OFFICES) == [Answer.INTER_OFFICE]


def test_nobody_rang_in_the_queue() -> None:
    name = "queue_abandoned_waiting"
    assert answers(story(recorded(name), uniqueid(name))) == [Answer.NOBODY_RANG_IN_QUEUE]


def test_the_phone_was_offline() -> None:
    ringing = [m for _, m in kept(recorded("direct_did_abandoned")) if b"101-" not in m or m.startswith(b"Event: Dial")]
    lost = [re.sub(rb"DialStatus: \w+", b"DialStatus: CHANUNAVAIL", m) for m in ringing]
    found = story(END.join(lost) + END, uniqueid("direct_did_abandoned"))
    assert Answer.PHONE_OFFLINE in answers(found)


def test_an_outgoing_call_that_no_phone_of_ours_is_known_of() -> None:
    found = story(recorded("outgoing_answered"), uniqueid("outgoing_answered"))
    assert Answer.NEVER_RANG not in answers(found)


def test_colleagues_among_themselves_are_found_and_said_to_be_internal(tmp_path: Path) -> None:
    found = asked(tmp_path, "agent_to_agent", channel="PJSIP/101")
    assert [answers(group.story) for group in found.groups] == [[Answer.INTERNAL]]
    assert found.groups[0].calls == ()


def test_a_number_is_found_in_any_spelling(tmp_path: Path) -> None:
    number = tale(recorded(DIRECT)).call.number_raw
    found = asked(tmp_path, DIRECT, number=f"+7 {number[-10:-7]} {number[-7:]}")
    assert [group.calls for group in found.groups] == [(tale(recorded(DIRECT)).call.key,)]
    assert not found.withheld


def test_a_strange_trunk_is_found_by_the_number(tmp_path: Path) -> None:
    found = asked(tmp_path, DIRECT, NO_TRUNK, number=tale(recorded(DIRECT)).call.number_raw)
    assert [answers(group.story) for group in found.groups] == [[Answer.TRUNK_NOT_IN_MAP]]


def test_a_number_that_never_came_is_not_found(tmp_path: Path) -> None:
    found = asked(tmp_path, DIRECT, number="+39 02 5550199")
    assert found.groups == ()
    assert found.since is not None
    assert found.gaps == ()


def test_everything_of_a_moment_is_found_without_a_number(tmp_path: Path) -> None:
    found = asked(tmp_path, "back_to_back")
    assert {key for group in found.groups for key in group.calls} == {
        c.key for c in tale(recorded("back_to_back")).calls
    }


def test_callers_who_hid_their_number_are_offered_where_nothing_else_is_found(tmp_path: Path) -> None:
    hidden = re.sub(rb"CallerIDNum: \d{11}\r", b"CallerIDNum: anonymous\r", recorded(DIRECT))
    asking = Asked(pbx="main", span=soon(began(DIRECT)), number="+7 916 555 01 99")
    found = search.search(journal(tmp_path, hidden), asking, MAP, ROSTER)
    assert found.withheld
    assert [answers(group.story)[0] for group in found.groups] == [Answer.WITHHELD]


def test_an_hour_without_a_link_is_a_gap(tmp_path: Path) -> None:
    journal(tmp_path, recorded(DIRECT))
    (file,) = tmp_path.glob("*.ami")
    at = began(DIRECT)
    later = int((at.timestamp() + 3600) * 1e9)
    early = int(at.timestamp() * 1e9)
    for kind in (".ami", ".times"):
        (tmp_path / file.name).with_suffix(kind).rename(tmp_path / f"main-{early}{kind}")
    (tmp_path / f"main-{later}.ami").write_bytes(b"")
    os.utime(tmp_path / f"main-{early}.ami", (at.timestamp(), at.timestamp() + 60))
    asking = Asked(pbx="main", span=(at, datetime.fromtimestamp(at.timestamp() + 1800, UTC)), number="+39 02 5550199")
    found = search.search(tmp_path, asking, MAP, ROSTER)
    assert [(since.timestamp() - at.timestamp(), until) for since, until in found.gaps] == [(60, asking.span[1])]
