"""What the channels of a PBX seem to be, for small, grown and odd ones."""

from __future__ import annotations

from callcenter.pbxmap import Kind, PbxMap
from callcenter.routing.proposal import Proposal, propose
from callcenter.routing.reported import Endpoint, Member, Reported, hinted, users


def endpoint(name: str, context: str = "agents", *, outside: bool = False, signs_in: bool = True) -> Endpoint:
    return Endpoint(name=name, context=context, outside=outside, signs_in=signs_in)


def link(name: str, context: str, *, registers: bool = False, tech: str = "PJSIP") -> Endpoint:
    return Endpoint(tech=tech, name=name, context=context, outside=True, registers=registers, signs_in=False)


def doubts(proposal: Proposal) -> dict[str, str]:
    return {one.peer: one.why for one in proposal.doubts}


def reported(
    *endpoints: Endpoint, members: tuple[tuple[str, str], ...] = (), hints: dict[str, tuple[str, ...]] | None = None
) -> Reported:
    found = tuple(Member(interface=i, state_interface=s) for i, s in members)
    return Reported(pbx="main", endpoints=endpoints, members=found, hints=hints or {})


def read_by(proposal: Proposal) -> PbxMap:
    return PbxMap(pbx="main", region="RU", rules=proposal.rules)


def extensions(proposal: Proposal) -> dict[str, tuple[list[str], list[str]]]:
    return {e.number: (sorted(e.devices), sorted(e.interfaces)) for e in proposal.extensions}


def test_a_small_pbx_whose_members_are_its_phones() -> None:
    found = propose(
        reported(
            endpoint("101"),
            endpoint("anonymous", "from-trunk", signs_in=False),
            endpoint("trunk", "from-trunk", signs_in=False),
            endpoint("door"),
            members=(("PJSIP/101", "PJSIP/101"),),
        )
    )
    kinds = {name: read_by(found).kind(f"PJSIP/{name}-0000001a") for name in ("101", "anonymous", "trunk", "door")}
    assert kinds == {
        "101": Kind.DEVICE,
        "anonymous": Kind.TRUNK,
        "trunk": Kind.TRUNK,
        "door": Kind.UNCLASSIFIED,
    }
    assert extensions(found) == {"101": (["PJSIP/101"], ["PJSIP/101"])}


def test_a_grown_pbx_with_local_members_and_two_phones_at_a_number() -> None:
    found = propose(
        reported(
            endpoint("101", "from-internal"),
            endpoint("99101", "from-internal"),
            endpoint("provider", "from-pstn", outside=True),
            members=(("Local/101@from-queue/n", "hint:101@ext-local"), ("Local/101@from-queue/n", "")),
            hints={"101": hinted("PJSIP/101&PJSIP/99101,CustomPresence:101"), "*74101": hinted("Custom:DND101")},
        )
    )
    assert extensions(found) == {"101": (["PJSIP/101", "PJSIP/99101"], ["Local/101@from-queue/n"])}
    assert read_by(found).kind("PJSIP/provider-00000001") is Kind.TRUNK


def test_a_person_whose_phone_has_another_name_than_his_number() -> None:
    found = propose(
        reported(
            endpoint("2001"),
            members=(("PJSIP/2001", "PJSIP/2001"), ("Local/101@from-queue/n", "hint:101@ext-local")),
            hints={"101": ("PJSIP/2001",)},
        )
    )
    assert extensions(found) == {"101": (["PJSIP/2001"], ["Local/101@from-queue/n", "PJSIP/2001"])}


def test_a_phone_with_a_hint_takes_no_queue_calls_but_is_a_phone() -> None:
    found = propose(reported(endpoint("boss"), hints={"500": ("PJSIP/boss",)}))
    assert extensions(found) == {"500": (["PJSIP/boss"], [])}


def test_a_phone_in_the_trunks_context_is_none_of_the_trunks() -> None:
    found = propose(
        reported(
            endpoint("anonymous", "default", signs_in=False),
            endpoint("101", "default"),
            endpoint("102", "default", signs_in=False),
            members=(("PJSIP/102", ""),),
        )
    )
    assert read_by(found).kind("PJSIP/101-1") is Kind.UNCLASSIFIED
    assert read_by(found).kind("PJSIP/102-1") is Kind.DEVICE


def test_old_technologies_are_known_by_the_queues_alone() -> None:
    found = propose(reported(members=(("SIP/anna", ""), ("Agent/7", ""), ("DAHDI/i1/5", ""))))
    assert sorted(r.pattern for r in found.rules) == ["DAHDI/i1/5", "SIP/anna"]


def test_a_name_with_the_letters_of_a_pattern_means_itself_only() -> None:
    found = propose(reported(members=(("PJSIP/a*[1]", ""),)))
    assert read_by(found).kind("PJSIP/a*[1]-0001") is Kind.DEVICE
    assert read_by(found).kind("PJSIP/abc1-0001") is Kind.UNCLASSIFIED


def test_nothing_reported_is_nothing_proposed() -> None:
    assert propose(reported()).rules == ()


FREEPBX = Reported(
    pbx="main",
    endpoints=(
        *(endpoint(name, "from-internal") for name in ("101", "99101", "2001", "110", "115", "door-1")),
        link("msk-provider", "from-pstn", registers=True),
        link("spb-provider", "from-pstn"),
        link("branch-office", "from-internal"),
        endpoint("anonymous", "from-sip-external", signs_in=False),
        link("old-branch", "", tech="IAX2"),
    ),
    members=(
        Member(interface="Local/101@from-queue/n", state_interface="hint:101@ext-local"),
        Member(interface="Local/102@from-queue/n", state_interface="Local/102@from-queue/n"),
        Member(interface="Local/300@from-queue/n", state_interface=""),
    ),
    hints={"101": ("PJSIP/101", "PJSIP/99101"), "110": ("PJSIP/110",), "600": ("PJSIP/110",)},
    users=users(
        {
            "/DEVICE/101/dial": "PJSIP/101",
            "/DEVICE/101/user": "101",
            "/DEVICE/99101/dial": "PJSIP/99101",
            "/DEVICE/99101/user": "101",
            "/DEVICE/2001/dial": "PJSIP/2001",
            "/DEVICE/2001/user": "102",
            "/DEVICE/2002/dial": "PJSIP/2002",
            "/DEVICE/2002/user": "none",
            "/AMPUSER/101/device": "101&99101",
            "/AMPUSER/102/device": "2001",
            "/AMPUSER/102/cidname": "Boris",
        }
    ),
    queues=("400", "401"),
    numbers={
        "from-pstn": frozenset({"101", "74951234567", "78121234567"}),
        "from-internal": frozenset({"101", "701", "*97"}),
    },
)


def test_a_freepbx_is_read_as_its_administrator_would() -> None:
    found = propose(FREEPBX)
    kinds = {one.peer: (one.kind, one.why) for one in found.found}
    assert kinds == {
        "PJSIP/anonymous": (Kind.TRUNK, "strangers"),
        "PJSIP/msk-provider": (Kind.TRUNK, "registers"),
        "PJSIP/spb-provider": (Kind.TRUNK, "known_by_address"),
        "PJSIP/branch-office": (Kind.INTER_OFFICE, "calls_inside"),
        "PJSIP/101": (Kind.DEVICE, "queue_member"),
        "PJSIP/99101": (Kind.DEVICE, "queue_member"),
        "PJSIP/2001": (Kind.DEVICE, "queue_member"),
        "PJSIP/110": (Kind.DEVICE, "hint"),
    }
    assert extensions(found) == {
        "101": (["PJSIP/101", "PJSIP/99101"], ["Local/101@from-queue/n"]),
        "102": (["PJSIP/2001"], ["Local/102@from-queue/n"]),
        "110": (["PJSIP/110"], []),
    }
    assert (found.queues, found.dids) == (("400", "401"), ("74951234567", "78121234567"))


def test_what_cannot_be_told_is_left_to_the_administrator_and_said() -> None:
    found = propose(FREEPBX)
    assert doubts(found) == {
        "IAX2/old-branch": "static_peer",
        "PJSIP/115": "signs_in",
        "PJSIP/door-1": "signs_in",
        "Local/300@from-queue/n": "member_without_phone",
    }
    assert [read_by(found).kind(f"{name}-1") for name in doubts(found)][:3] == [Kind.UNCLASSIFIED] * 3


def test_a_link_known_by_address_among_the_phones_is_nobodys_guess() -> None:
    found = propose(reported(endpoint("101", "default"), link("x", "default"), members=(("PJSIP/101", ""),)))
    assert doubts(found) == {"PJSIP/x": "shares_context"}


def test_a_trunk_that_registers_among_the_phones_is_a_trunk() -> None:
    provider = link("x", "default", registers=True)
    found = propose(reported(endpoint("101", "default"), provider, members=(("PJSIP/101", ""),)))
    assert read_by(found).kind("PJSIP/x-1") is Kind.TRUNK


def test_a_phone_at_two_numbers_gets_none_of_them_silently() -> None:
    found = propose(reported(endpoint("boss"), hints={"500": ("PJSIP/boss",), "501": ("PJSIP/boss",)}))
    assert (extensions(found), doubts(found)) == ({}, {"PJSIP/boss": "several_numbers"})


def test_a_number_of_another_person_is_not_taken_for_a_phone_of_that_name() -> None:
    """In device and user mode phone 101 may be another man's."""
    told = Reported(
        pbx="main",
        endpoints=(endpoint("101"), endpoint("2001")),
        members=(Member(interface="Local/101@from-queue/n", state_interface=""),),
        hints={},
        users={"101": ("PJSIP/2001",), "205": ("PJSIP/101",)},
    )
    assert extensions(propose(told)) == {
        "101": (["PJSIP/2001"], ["Local/101@from-queue/n"]),
        "205": (["PJSIP/101"], []),
    }
