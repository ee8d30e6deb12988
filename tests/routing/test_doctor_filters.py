"""Event filters are read as Asterisk reads them, and the lines to paste let through what was missing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.ami.parsing import VARIABLES, WANTED
from callcenter.routing.doctor.event_checks import by_name, lost_events, wanted_lines
from callcenter.routing.doctor.examination import examine
from callcenter.routing.doctor.facts import Facts
from callcenter.routing.doctor.filters import filters, passes
from callcenter.routing.doctor.sections import Sections, sections
from tests.house.source import ROOT
from tests.routing.patients import HEALTHY, USER, file, ill

EVERYTHING = (*sorted(WANTED - {"VarSet"}), *(f"VarSet {name}" for name in sorted(VARIABLES)))


def pairs(lines: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Lines of a file as GetConfig tells them."""
    told = {f"line-000000-{number:06}": line for number, line in enumerate(lines)}
    return sections({"category-000000": "callcenter", **told}).of["callcenter"]


def shipped(name: str) -> tuple[tuple[str, str], ...]:
    lines = (ROOT / "asterisk-conf" / name).read_text().splitlines()
    return pairs(line for line in lines if line.startswith("eventfilter"))


@pytest.mark.parametrize("name", ["manager.conf", "include/manager.conf", "include/manager-names.conf"])
def test_what_we_ship_lets_through_what_we_need(name: str) -> None:
    found = filters(shipped(name))
    assert found
    assert not any(one.broken for one in found)
    assert lost_events(found) == ()
    assert not passes(found, "RTCPSent")
    assert not passes(found, "VarSet", "SIPCALLID")


@pytest.mark.parametrize(
    ("lines", "through"),
    [
        ([], True),
        (["eventfilter=!Event: Hangup"], False),
        (["eventfilter=Event: Newchannel"], False),
        (["eventfilter=Event: Hang", "eventfilter=!^Event: HangupRequest"], True),
        (["eventfilter=^Event: Hangup[[:cntrl:]]"], True),
        (["eventfilter=^Event: Hangup$"], False),
        (["eventfilter=("], True),
        (["eventfilter(action(exclude),name(Hangup))="], False),
        (["eventfilter(action(include),name(Newchannel))="], False),
        (["eventfilter(action(include),header(Event),method(starts_with))=Hang"], True),
        (["eventfilter(action(include),header(Event),method(exact))=Hang"], False),
        (["eventfilter(action(include),method(contains))=StateDesc: Ring"], True),
    ],
)
def test_whether_a_hangup_comes_through(lines: list[str], through: bool) -> None:
    assert passes(filters(pairs(lines)), "Hangup") is through


@pytest.mark.parametrize(
    ("version", "chooses"),
    [("16.28.0", False), ("18.26.1", False), ("20.10.0", False), ("20.11.0", True), ("21.12.2", False),
     ("22.0.0", False), ("22.1.0", True), ("22.10.1", True), ("23.0.0", True)],
)  # fmt: skip
def test_which_asterisk_chooses_events_by_name(version: str, chooses: bool) -> None:
    assert by_name(version) is chooses


def on(version: str) -> Facts:
    return replace(HEALTHY, version=version)


@given(lost=st.sets(st.sampled_from(EVERYTHING), min_size=1), version=st.sampled_from(["16.28.0", "22.10.1"]))
def test_whatever_is_lost_the_lines_to_paste_bring_it_back(lost: set[str], version: str) -> None:
    kept = wanted_lines(on(version), tuple(name for name in EVERYTHING if name not in lost))
    before = filters(pairs([*kept, "eventfilter=^Event: Nothing$"]))
    assert set(lost_events(before)) == lost
    after = filters(pairs([*kept, *wanted_lines(on(version), tuple(sorted(lost)))]))
    assert lost_events(after) == ()


def test_what_a_pbx_does_not_even_make_is_told() -> None:
    declined = file(declined_message_types={"decline": "ast_channel_varset_type"})
    (finding,) = [f for check in examine(ill(stasis=declined)).checks for f in check.findings]
    assert (finding.code, finding.values["events"]) == ("events_declined", "ast_channel_varset_type")
    harmless = file(declined_message_types={"decline": "ast_rtp_rtcp_sent_type"})
    assert [f for check in examine(ill(stasis=harmless)).checks for f in check.findings] == []


def codes(*lines: str, version: str = "22.10.1") -> list[str]:
    told = (*USER[:-1], *pairs(lines))
    manager: Sections = file(general={"timestampevents": "yes"}, callcenter=told)
    return [f.code for check in examine(ill(manager=manager, version=version)).checks for f in check.findings]


def test_how_a_filter_is_found_wrong() -> None:
    assert codes() == ["filter_missing"]
    assert codes("eventfilter=!Event: BridgeEnter") == ["filter_hides_events"]
    assert codes("eventfilter=(", "eventfilter=^Event: ") == ["filter_not_understood"]
    assert codes(*wanted_lines(on("22.10.1"), EVERYTHING), version="18.26.1") == ["filter_not_understood"]


def test_a_variable_that_is_handed_down_is_told_of_with_its_underscores() -> None:
    line = "eventfilter=^Event: VarSet.*Variable: ({})[[:cntrl:]]"
    assert "VarSet FROM_DID" in lost_events(filters(pairs([line.format("FROM_DID")])))
    assert "VarSet FROM_DID" not in lost_events(filters(pairs([line.format("FROM_DID|__FROM_DID")])))


def test_the_table_of_codes_is_whole() -> None:
    told = set(re.findall(r"`(\w+)`", (ROOT / "docs/doctor.md").read_text()))
    source = "".join(path.read_text() for path in (ROOT / "callcenter/routing/doctor").glob("*.py"))
    assert set(re.findall(r'code="(\w+)"', source)) - told == set()
