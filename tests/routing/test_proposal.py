"""What the channels of a PBX seem to be, for small, grown and odd ones."""

from __future__ import annotations

from callcenter.pbxmap import Kind, PbxMap
from callcenter.routing.proposal import Endpoint, Member, Proposal, Reported, hinted, propose


def endpoint(name: str, context: str = "agents", *, outside: bool = False, signs_in: bool = True) -> Endpoint:
    return Endpoint(name=name, context=context, outside=outside, signs_in=signs_in)


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
