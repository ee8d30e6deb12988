"""A caller who hides his number while the trunk tells it: the wish is known however the PBX learnt of it."""

from __future__ import annotations

import pytest

from callcenter.ami.resync import adopt
from callcenter.ami.snapshot import Snapshot, take
from callcenter.ami.tracker import Tracker
from callcenter.errors import Unavailable
from callcenter.events import Arrived, Filled
from tests.ami.says import Pbx
from tests.ami.tale import CAPTURES, MAP, Tale, recorded, told
from tests.ami.test_cel import filled, rows_of

HIDDEN = ("presented_as_private", "asserted_as_private")


@pytest.fixture
def pbx() -> Pbx:
    return Pbx()


def hidden(tale: Tale) -> list[bool]:
    return [event.hidden for event in tale.events if isinstance(event, Arrived)]


@pytest.mark.parametrize("suffix", ["", ".least"], ids=["all events", "least privilege"])
@pytest.mark.parametrize("name", HIDDEN)
def test_a_wish_in_the_call_or_of_a_trusted_provider_is_heard(name: str, suffix: str) -> None:
    assert hidden(told(recorded(name + suffix))) == [True]


def test_nobody_else_is_said_to_hide_anything() -> None:
    names = {path.stem for path in CAPTURES.glob("*.json")} - {*HIDDEN, "withheld_anonymous"}
    assert [name for name in sorted(names) if b"CC_HIDDEN" in recorded(f"{name}.least")] == []


@pytest.mark.parametrize("name", HIDDEN)
def test_history_knows_it_too(name: str) -> None:
    (event,) = filled(rows_of(name))
    assert isinstance(event, Filled)
    assert [told.hidden for told in event.events if isinstance(told, Arrived)] == [True]


@pytest.mark.parametrize(
    ("presentation", "hides"),
    [
        ("32 (Presentation Prohibited, Not Screened)", True),
        ("35 (Presentation Prohibited, Network Number)", True),
        ("0 (Presentation Allowed, Not Screened)", False),
        ("67 (Number Unavailable)", False),
    ],
)
def test_a_caller_id_that_a_dialplan_touches_says_how_it_may_be_shown(
    pbx: Pbx, presentation: str, *, hides: bool
) -> None:
    customer = pbx.customer()
    pbx.seconds -= 0.9
    pbx.say("NewCallerid", **customer.shown(), **{"CID-CallingPres": presentation})
    pbx.rings(customer)
    assert hidden(told(pbx.stream)) == [hides]


def test_the_number_that_an_agent_dials_is_nobodys_to_hide(pbx: Pbx) -> None:
    anna = pbx.channel("PJSIP/101", "Ring", exten="89161234567")
    trunk = pbx.channel("PJSIP/trunk", family=anna.linkedid)
    pbx.say("NewCallerid", **trunk.shown(), **{"CID-CallingPres": "32 (Presentation Prohibited, Not Screened)"})
    pbx.dial(anna, trunk, "89161234567@trunk")
    assert hidden(told(pbx.stream)) == [False]


async def test_a_call_that_is_found_after_a_gap_is_asked_about(pbx: Pbx) -> None:
    row = {"event": "CoreShowChannel", "channel": "PJSIP/trunk-1", "uniqueid": "1.1", "linkedid": "1.1"}
    rows = [row | {"channelstatedesc": "Ring", "calleridnum": "74951234567"}, {"event": "CoreShowChannelsComplete"}]

    async def send(action: object) -> list[dict[str, str]]:
        answers = {"CoreShowChannels": rows, "Getvar": [{"response": "Success", "value": "yes"}]}
        found = answers.get(dict(action)["Action"])  # type: ignore[call-overload]
        if found is None:
            raise Unavailable("no such action")
        return found

    async def without_queues(action: object) -> list[dict[str, str]]:
        return [] if dict(action)["Action"] == "QueueStatus" else await send(action)  # type: ignore[call-overload]

    at = told(recorded("hunt")).call.started_at
    snapshot = await take(without_queues, at, 0.0, MAP.is_trunk)
    assert snapshot.hidden == {"1.1"}
    assert isinstance(snapshot, Snapshot)
    found = [event for event in adopt(Tracker(MAP), snapshot, (), rebooted=False) if isinstance(event, Arrived)]
    assert [event.hidden for event in found] == [True]
