"""How a PBX differs from its map, and what a change of the map would do."""

from __future__ import annotations

from callcenter.pbxmap import Kind, PbxMap, Rule, literal
from callcenter.prefixes import Prefix
from callcenter.routing.desks import Desk
from callcenter.routing.effect import Confirmed, differences, doubts, kind_of, read_as
from callcenter.routing.proposal import Proposal, propose
from callcenter.routing.reported import Member, Reported
from tests.routing.test_proposal import FREEPBX, endpoint, reported


def confirmed(proposal: Proposal, *extra: Rule, without: str = "") -> Confirmed:
    """As if the administrator had said yes to all of it."""
    rules = tuple(rule for rule in proposal.rules if rule.pattern != without)
    map = PbxMap(pbx="main", region="RU", rules=(*extra, *rules))
    return Confirmed(map=map, extensions=proposal.extensions, dids=frozenset(proposal.dids))


def told(stands: Confirmed, report: Reported) -> list[tuple[str, str, str]]:
    found = differences(stands, report, propose(report))
    return [(one.what, one.subject, one.number or one.why) for one in found]


def test_a_map_that_was_proposed_and_taken_differs_in_nothing() -> None:
    assert told(confirmed(propose(FREEPBX)), FREEPBX) == []


def test_a_new_phone_at_a_new_number() -> None:
    before = reported(endpoint("101"), members=(("PJSIP/101", ""),))
    after = reported(endpoint("101"), endpoint("115"), members=(("PJSIP/101", ""), ("PJSIP/115", "")))
    assert told(confirmed(propose(before)), after) == [
        ("new_channel", "PJSIP/115", "queue_member"),
        ("new_extension", "115", ""),
    ]


def test_a_second_phone_at_a_known_number_and_another_way_to_call_it() -> None:
    before = reported(endpoint("101"), members=(("PJSIP/101", ""),))
    after = reported(
        endpoint("101"),
        endpoint("99101"),
        members=(("PJSIP/101", ""), ("Local/101@from-queue/n", "hint:101@ext-local")),
        hints={"101": ("PJSIP/101", "PJSIP/99101")},
    )
    assert told(confirmed(propose(before)), after) == [
        ("new_channel", "PJSIP/99101", "queue_member"),
        ("new_device", "PJSIP/99101", "101"),
        ("new_interface", "Local/101@from-queue/n", "101"),
    ]


def test_a_phone_that_moved_to_another_number() -> None:
    before = reported(endpoint("2001"), hints={"101": ("PJSIP/2001",)})
    after = reported(endpoint("2001"), hints={"102": ("PJSIP/2001",)})
    assert told(confirmed(propose(before)), after) == [("other_number", "PJSIP/2001", "102")]


def test_what_is_gone_is_said_only_where_the_pbx_told_all_it_has() -> None:
    stands = confirmed(propose(reported(endpoint("101"), members=(("PJSIP/101", ""), ("SIP/old", "")))))
    emptied = Reported(pbx="main", endpoints=(), members=(), hints={}, techs=frozenset({"PJSIP"}))
    assert told(stands, emptied) == [("gone_channel", "PJSIP/101", "")]


def test_a_rule_that_contradicts_the_pbx_and_a_number_nobody_named() -> None:
    stands = confirmed(propose(FREEPBX), Rule(pattern="PJSIP/msk-*", kind=Kind.DEVICE))
    stands = Confirmed(map=stands.map, extensions=stands.extensions, dids=frozenset({"74951234567"}))
    assert told(stands, FREEPBX) == [
        ("other_kind", "PJSIP/msk-provider", "registers"),
        ("new_did", "78121234567", ""),
    ]


def test_a_doubt_is_over_once_it_was_decided() -> None:
    proposal = propose(FREEPBX)
    decided = confirmed(
        proposal,
        Rule(pattern="PJSIP/door-1", kind=Kind.SERVICE),
        Rule(pattern="IAX2/*", kind=Kind.INTER_OFFICE),
    )
    desk = Desk(pbx="main", number="300", devices=frozenset(), interfaces=frozenset({"Local/300@from-queue/n"}))
    settled = Confirmed(map=decided.map, extensions=(*decided.extensions, desk), dids=decided.dids)
    assert [one.peer for one in doubts(settled, proposal)] == ["PJSIP/115"]


def test_a_peer_is_read_as_its_channels_are() -> None:
    map = PbxMap(pbx="main", region="RU", rules=(Rule(pattern=literal("PJSIP/branch-office"), kind=Kind.INTER_OFFICE),))
    assert (kind_of(map, "PJSIP/branch-office"), kind_of(map, "PJSIP/branch")) == (Kind.INTER_OFFICE, Kind.UNCLASSIFIED)


def test_numbers_are_read_by_the_trunk_they_came_on() -> None:
    spb = Rule(pattern="PJSIP/spb", kind=Kind.TRUNK, arriving=(Prefix(add="+7812", length=7),))
    map = PbxMap(pbx="main", region="RU", rules=(spb,))
    assert read_as(map, "PJSIP/spb", "1234567", outbound=False).read == "+78121234567"
    assert read_as(map, "PJSIP/msk", "89161234567", outbound=False).read == "+79161234567"


def test_a_member_of_nobody_is_a_doubt_and_no_difference() -> None:
    report = Reported(pbx="main", endpoints=(), members=(Member(interface="Agent/7", state_interface=""),), hints={})
    assert told(confirmed(propose(report)), report) == []
    assert [one.why for one in propose(report).doubts] == ["member_without_phone"]
