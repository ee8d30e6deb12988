"""A click on a FreePBX whose extension has a desk phone and a web phone: the include-only dialplan rings both."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from tests.lab.amitap import AmiTap
from tests.lab.asterisk import Asterisk
from tests.lab.freepbx.installed import freepbx
from tests.lab.phones import Floor
from tests.until import until

WEB, PORT_OF_WEB = "99101", "109"
"""The web phone, and the laboratory's phone that plays it."""


@pytest.fixture
def pbx() -> Iterator[Asterisk]:
    """The laboratory's FreePBX, where the web phone has an address."""
    with freepbx() as running:
        with (running.etc / "pjsip_custom_post.conf").open("a") as file:
            file.write(f"[{WEB}](+type=aor)\ncontact=sip:{WEB}@127.0.0.1:{running.ports.phone(PORT_OF_WEB)}\n")
        running.cli("module reload res_pjsip.so")
        until(lambda: f"{WEB}@127.0.0.1" in running.cli("pjsip show contacts"), 10, "the web phone's address known")
        yield running


def test_both_phones_ring_and_the_debt_is_the_queue_members(floor: Floor, tap: AmiTap) -> None:
    desk, web = floor.phone("101", answer_ms=None), floor.phone(PORT_OF_WEB, answer_ms=600)
    provider = floor.phone("trunk", talk_ms=800)
    click = str(uuid.uuid4())
    variables = {
        "__CC_CLICK": click,
        "__CC_CONTEXT": "callcenter-dial",
        "__CC_EXTEN": "89161239999",
        "CC_PHONES": f"PJSIP/2001&PJSIP/{WEB}",
        "CC_RING": "10",
    }
    tap.action(
        "Originate",
        ActionID=click,
        Channel="Local/ring@callcenter-click/n",
        Context="callcenter-click",
        Exten="picked",
        Priority="1",
        Timeout="13000",
        Async="true",
        ChannelId=click,
        OtherChannelId=f"{click}-other",
        Variable=",".join(f"{name}={value}" for name, value in variables.items()),
    )
    until(lambda: [o.result for o in web.offers()] == ["talked"], 20, "a talk from the web phone")
    assert [o.result for o in desk.offers()] == ["answered_elsewhere"]
    assert [o.dialled for o in provider.offers()] == ["79161239999"]
    assert list(floor.pbx.database("callcenter-owes")) == ["Local/101@from-queue/n"]
