"""Which number leads to a queue, as far as the PBX's dialplan plainly says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from callcenter.errors import Refused, Unavailable
from callcenter.pbxmap import Kind, PbxMap, Rule
from callcenter.rehearsing.entry import Dialplan, Entry, Known, find, fits
from callcenter.routing.reported import Endpoint, Reported

MAP = PbxMap(pbx="main", region="RU", rules=(Rule(pattern="PJSIP/mtt", kind=Kind.TRUNK),))
REPORTED = Reported(
    pbx="main",
    endpoints=(Endpoint(name="mtt", context="from-pstn", outside=True, signs_in=False),),
    members=(),
    hints={},
    numbers={"from-pstn": frozenset({"7001", "7002", "7009"})},
)
LINES = [
    ("from-pstn", "", "", "", "from-pstn-custom"),
    ("from-pstn", "", "", "", "ext-did"),
    ("from-pstn-custom", "_[+0-9]!", "Goto", "callcenter-routes,${EXTEN},1", ""),
    ("callcenter-routes", "", "", "", "ext-did"),
    ("ext-did", "7001", "Set", "FROM_DID=7001", ""),
    ("ext-did", "7001", "Goto", "ext-queues,600,1", ""),
    ("ext-did", "7002", "Goto", "ivr-1,s,1", ""),
    ("ext-did", "7009", "Goto", "ext-queues,${SOMETHING},1", ""),
    ("ext-queues", "_60X", "Queue", "${EXTEN},tR,,,30", ""),
    ("ivr-1", "s", "Goto", "ivr-1,s,1", ""),
]


async def pbx(action: Mapping[str, str], _timeout: float) -> Sequence[Mapping[str, str]]:
    """A PBX that tells its dialplan."""
    names = ("context", "extension", "application", "appdata", "includecontext")
    found = [dict(zip(names, line, strict=True)) for line in LINES if line[0] == action["Context"]]
    return [{"event": "ListDialplan", **row} for row in found]


async def no_such_context(_action: Mapping[str, str], _timeout: float) -> Sequence[Mapping[str, str]]:
    raise Unavailable("no such context", code="pbx_refused")


async def entry(queue: str, did: str = "", last: str = "") -> Entry:
    return await find(Dialplan(pbx), queue, did, (REPORTED, MAP, Known(dids=(), last=last)))


async def test_a_number_is_followed_through_includes_and_jumps_to_its_queue() -> None:
    assert await entry("600") == Entry(did="7001", context="from-pstn")


async def test_where_no_line_says_so_the_last_customer_of_the_queue_shows_the_way() -> None:
    assert await entry("601", last="7002") == Entry(did="7002", context="from-pstn")


async def test_the_administrators_choice_is_taken_as_it_is() -> None:
    assert await entry("600", did="88005553535") == Entry(did="88005553535", context="from-pstn")


async def test_a_queue_nobody_can_be_seen_to_reach_is_said_so() -> None:
    with pytest.raises(Refused) as refused:
        await entry("602")
    assert refused.value.code == "entry_unknown"


@pytest.mark.parametrize(
    ("extension", "number", "comes"),
    [
        ("7001", "7001", True),
        ("_700X", "7001", True),
        ("_700X", "70011", False),
        ("_[+0-9*#]!", "+74951230000", True),
        ("_Z!", "0", False),
        ("_NXX.", "2345", True),
        ("_NXX.", "234", False),
        ("_[", "7001", False),
    ],
)
def test_a_number_is_told_from_a_pattern_as_the_pbx_does(extension: str, number: str, comes: bool) -> None:
    assert fits(extension, number) is comes


async def test_a_context_the_pbx_does_not_know_is_missing() -> None:
    assert not await Dialplan(no_such_context).has("callcenter-test")
    assert await Dialplan(pbx).has("ext-did")
