"""What is asked of a PBX of old technologies, and how its answers are read."""

from __future__ import annotations

from collections.abc import Mapping

from callcenter.errors import Unavailable
from callcenter.routing.proposal import propose
from callcenter.routing.report import Inquiry

ANSWERS: Mapping[str, list[dict[str, str]]] = {
    "QueueStatus": [
        {"event": "QueueParams", "queue": "default"},
        {"event": "QueueMember", "queue": "sales", "location": "SIP/anna", "stateinterface": "SIP/anna"},
    ],
    "ExtensionStateList": [
        {"event": "ExtensionStatus", "exten": "201", "hint": "SIP/anna"},
        {"event": "ExtensionStatus", "exten": "_3XX", "hint": "SIP/${EXTEN}"},
        {"event": "ExtensionStatus", "exten": "*21", "hint": "Custom:FOLLOWME"},
    ],
    "SIPpeers": [
        {"event": "PeerEntry", "objectname": "anna", "dynamic": "yes", "ipaddress": "10.0.0.5"},
        {"event": "PeerEntry", "objectname": "provider", "dynamic": "no", "ipaddress": "203.0.113.7"},
        {"event": "PeerEntry", "objectname": "gate-way", "dynamic": "no", "ipaddress": "10.0.0.9"},
    ],
    "SIPshowregistry": [{"event": "RegistryEntry", "host": "sip.example.com", "state": "Registered"}],
    "IAXpeerlist": [
        {"event": "PeerEntry", "objectname": "branch", "dynamic": "no"},
        {"event": "PeerEntry", "objectname": "softphone", "dynamic": "yes"},
    ],
    "ShowDialPlan from-outside": [
        {"event": "ListDialplan", "context": "from-outside", "includecontext": "numbers"},
        {"event": "ListDialplan", "context": "from-outside", "extension": "_X."},
    ],
    "ShowDialPlan numbers": [
        {"event": "ListDialplan", "context": "numbers", "extension": "74951234567"},
        {"event": "ListDialplan", "context": "numbers", "extension": "s"},
        {"event": "ListDialplan", "context": "numbers", "includecontext": "from-outside"},
    ],
}
PEERS = {
    "anna": {"context": "office", "secretexist": "Y"},
    "provider": {"context": "from-outside", "secretexist": "N", "tohost": "sip.example.com"},
    "gate-way": {"context": "from-outside", "secretexist": "N"},
}


async def old_pbx(action: Mapping[str, str], timeout: float) -> list[dict[str, str]]:
    """A PBX with chan_sip and IAX2 and without PJSIP; it refuses what it does not know, as Asterisk does."""
    assert timeout > 0
    name = f"{action['Action']} {action.get('Context', '')}".strip()
    if name == "SIPshowpeer":
        return [{"response": "Success", **PEERS[action["Peer"]]}]
    if name not in ANSWERS:
        raise Unavailable("Invalid/unknown command", code="pbx_refused")
    return [{"response": "Success"}, *ANSWERS[name]]


async def test_an_old_pbx_is_read_like_a_new_one() -> None:
    reported = await Inquiry("main", old_pbx).report()
    assert (sorted(reported.techs), reported.queues) == (["IAX2", "SIP"], ("sales",))
    proposal = propose(reported)
    assert {one.peer: (one.kind.value, one.why) for one in proposal.found} == {
        "SIP/provider": ("trunk", "registers"),
        "SIP/gate-way": ("trunk", "known_by_address"),
        "SIP/anna": ("device", "queue_member"),
    }
    assert {desk.number: (set(desk.devices), set(desk.interfaces)) for desk in proposal.extensions} == {
        "201": ({"SIP/anna"}, {"SIP/anna"})
    }
    assert {one.peer: one.why for one in proposal.doubts} == {"IAX2/branch": "static_peer", "IAX2/softphone": "no_clue"}
    assert proposal.dids == ("74951234567",)
