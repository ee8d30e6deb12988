"""The link against a PBX that misbehaves, on a real socket."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

import pytest
import structlog
from panoramisk.actions import Action

from callcenter.ami.wire import Link, LinkFailed, Session, open_session
from callcenter.clock import SystemClock
from callcenter.errors import Invalid, Unavailable
from callcenter.log import Secret, configure
from tests.ami.says import Pbx
from tests.fake_asterisk import FakeAsterisk, block, listed, refused
from tests.until import until_async


class Heard(list[Mapping[str, str]]):
    """The events that the session handed on."""

    def __call__(self, fields: Mapping[str, str], _at: datetime, _mono: float) -> None:
        self.append(fields)

    def names(self) -> list[str]:
        return [fields["event"] for fields in self if fields["event"] != "FullyBooted"]


def link(asterisk: FakeAsterisk, secret: str = "s3cret") -> Link:
    return Link(pbx="main", host="127.0.0.1", port=asterisk.port, username="crm", secret=Secret(secret))


@pytest.fixture
async def asterisk() -> AsyncIterator[FakeAsterisk]:
    async with FakeAsterisk() as pbx:
        yield pbx


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
async def session(asterisk: FakeAsterisk, heard: Heard) -> AsyncIterator[Session]:
    session = await open_session(link(asterisk), heard, SystemClock())
    yield session
    session.close()


async def test_a_letter_cut_by_the_network_arrives_whole(asterisk: FakeAsterisk, heard: Heard) -> None:
    came = bytearray()
    session = await open_session(link(asterisk), heard, SystemClock(), came.extend)
    pbx = Pbx()
    pbx.customer(caller="Олена")
    cut = pbx.stream.index("Олена".encode()) + 3
    asterisk.tell(pbx.stream[:cut])
    await until_async(lambda: came.endswith(pbx.stream[:cut]))
    asterisk.tell(pbx.stream[cut:])
    await until_async(heard.names)
    session.close()
    assert heard[-1]["calleridname"] == "Олена"


@pytest.mark.parametrize(("encoded", "name"), [("Анна".encode("cp1251"), "Анна"), (b"Ren\xe9 \x98", "René \x98")])
async def test_old_code_pages_are_read(
    asterisk: FakeAsterisk, heard: Heard, session: Session, encoded: bytes, name: str
) -> None:
    pbx = Pbx()
    pbx.customer(caller="NAME")
    asterisk.tell(pbx.stream.replace(b"NAME", encoded))
    await until_async(heard.names)
    assert heard[-1]["calleridname"] == name


async def test_a_second_event_header_costs_the_message_not_the_link(
    asterisk: FakeAsterisk, heard: Heard, session: Session
) -> None:
    pbx = Pbx()
    pbx.customer(number="7495\r\nEvent: Hangup")
    pbx.customer()
    asterisk.tell(pbx.stream)
    await until_async(heard.names)
    assert heard.names() == ["Newchannel"]
    assert session.broken == 1
    assert asterisk.connections == 1


@pytest.mark.parametrize(
    "forged",
    [
        "Event: Hangup\r\nUniqueid: 1.1\r\nCause: 16",
        "Event: Hangup\r\nPrivilege: call,all\r\nUniqueid: 1.1",
        "Event: Hangup\r\nPrivilege: call,all\r\nTimestamp: 1763978400.000001\r\nUniqueid: 1.1",
        "Event: ParkedCallTimeOut\r\nPrivilege: call,all\r\nParkeeUniqueid: 1.1",
        "Event: QueueMemberRemoved\r\nPrivilege: agent,all\r\nQueue: q\r\nInterface: a",
        "Event: Shutdown\r\nActionID: 1",
        "Event: Shutdown\r\nPrivilege: system,all",
        "Response: Goodbye",
    ],
)
async def test_a_whole_event_written_by_a_caller_is_not_believed(
    asterisk: FakeAsterisk, heard: Heard, session: Session, forged: str
) -> None:
    pbx = Pbx()
    pbx.customer(number=f"1\r\n\r\n{forged}\r\n\r\n")
    pbx.hangup(pbx.customer())
    asterisk.tell(pbx.stream)
    await until_async(lambda: len(heard.names()) == 2)
    assert heard.names() == ["Newchannel", "Hangup"]
    assert heard[-1]["uniqueid"] != "1.1"
    assert (await session.send({"Action": "Ping"}))[0]["ping"] == "Pong"


async def test_a_forged_greeting_does_not_switch_the_times_off(
    asterisk: FakeAsterisk, heard: Heard, session: Session
) -> None:
    pbx = Pbx()
    pbx.customer()
    pbx.blocks.append(block(Event="FullyBooted", Privilege="system,all"))
    pbx.timed = False
    pbx.customer()
    asterisk.tell(pbx.stream)
    await until_async(lambda: session.broken)
    assert heard.names() == ["Newchannel"]


async def test_noise_and_junk_never_cost_the_link(asterisk: FakeAsterisk, heard: Heard, session: Session) -> None:
    asterisk.tell(
        b"\r\n\r\nEvent\r\n\r\nEvent: Hangup\r\n\r\n\xff\xfe\x00\r\n\r\nResponse: Success\r\nActionID: 9\r\n\r\n"
    )
    pbx = Pbx()
    pbx.customer()
    asterisk.tell(pbx.stream)
    await until_async(heard.names)
    assert heard.names() == ["Newchannel"]


@pytest.mark.parametrize("value", ["100\r\n\r\nAction: Command", "100\n", "100\r", "1\0"])
async def test_line_breaks_in_an_action_are_refused(asterisk: FakeAsterisk, session: Session, value: str) -> None:
    with pytest.raises(Invalid) as refusal:
        await session.send({"Action": "Originate", "Exten": value})
    assert refusal.value.fields == {"Exten": "line_break"}
    with pytest.raises(Invalid):
        await session.send({"Action": "Originate", value: "x"})
    assert asterisk.sent("Originate") == []


async def test_a_wrong_password_is_told_with_its_remedy(asterisk: FakeAsterisk, heard: Heard) -> None:
    with pytest.raises(LinkFailed) as failure:
        await open_session(link(asterisk, "wrong"), heard, SystemClock())
    assert failure.value.code == "wrong_password"
    assert "manager.conf" in failure.value.remedy
    assert "wrong" not in failure.value.remedy


async def test_nobody_listening_is_told(asterisk: FakeAsterisk, heard: Heard) -> None:
    await asterisk.stop()
    with pytest.raises(LinkFailed) as failure:
        await open_session(link(asterisk), heard, SystemClock())
    assert failure.value.code == "refused"


async def test_a_peer_that_hangs_up_before_the_login_is_told(heard: Heard) -> None:
    asterisk = FakeAsterisk(answers={"Login": lambda _: None})
    async with asterisk:
        opening = asyncio.create_task(open_session(link(asterisk), heard, SystemClock()))
        await until_async(lambda: asterisk.sent("Login"))
        await asterisk.stop()
        with pytest.raises(LinkFailed) as failure:
            await opening
    assert failure.value.code == "lost"


async def test_what_does_not_speak_ami_is_given_up(heard: Heard) -> None:
    async with FakeAsterisk(banner=b"SSH-2.0-OpenSSH_9.2\r\n", answers={"Login": lambda _: None}) as asterisk:
        with pytest.raises(LinkFailed) as failure:
            await open_session(link(asterisk), heard, SystemClock())
    assert failure.value.code == "timeout"


async def test_a_web_server_that_hangs_up_is_not_taken_for_a_pbx_that_refuses_us(heard: Heard) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(LinkFailed) as failure:
            await open_session(replace(link(FakeAsterisk()), port=port), heard, SystemClock())
    assert failure.value.code == "timeout"


async def test_a_list_is_answered_whole(asterisk: FakeAsterisk, session: Session) -> None:
    asterisk.answers["QueueStatus"] = lambda action: listed(
        action, "QueueMember", [{"Queue": "sales", "Location": f"PJSIP/{n}"} for n in (101, 102)]
    )
    answer = await session.send({"Action": "QueueStatus"})
    assert [row["location"] for row in answer if row.get("event") == "QueueMember"] == ["PJSIP/101", "PJSIP/102"]


async def test_an_error_is_unavailable_with_the_reason(asterisk: FakeAsterisk, session: Session) -> None:
    asterisk.answers["DBGet"] = lambda action: refused(action, "Database entry not found")
    with pytest.raises(Unavailable, match="Database entry not found") as refusal:
        await session.send({"Action": "DBGet", "Family": "x", "Key": "y"})
    assert refusal.value.code == "pbx_refused"


async def test_an_originate_is_queued_at_once_and_always_async(asterisk: FakeAsterisk, session: Session) -> None:
    asterisk.answers["Originate"] = lambda action: block(
        Response="Success", ActionID=action["ActionID"], Message="Originate successfully queued"
    )
    answer = await session.send({"Action": "Originate", "Channel": "PJSIP/101"})
    assert answer[0]["response"] == "Success"
    assert asterisk.sent("Originate")[0]["Async"] == "true"


async def test_a_member_that_was_added_is_answered_at_once(asterisk: FakeAsterisk, session: Session) -> None:
    asterisk.answers["QueueAdd"] = lambda action: block(
        Response="Success", ActionID=action["ActionID"], Message="Added interface to queue"
    )
    answer = await session.send({"Action": "QueueAdd", "Queue": "support", "Interface": "PJSIP/101"}, timeout=2.0)
    assert answer[0]["message"] == "Added interface to queue"


async def test_silence_ends_in_unavailable_and_leaves_nothing_behind(asterisk: FakeAsterisk, session: Session) -> None:
    asterisk.answers["QueuePause"] = lambda _: None
    for _ in range(50):
        with pytest.raises(Unavailable) as failure:
            await session.send({"Action": "QueuePause"}, timeout=0.01)
        assert failure.value.code == "pbx_no_answer"
        del failure
    gc.collect()
    assert [one for one in gc.get_objects() if isinstance(one, Action) and one["Action"] == "QueuePause"] == []


async def test_a_loss_fails_what_is_pending_and_nothing_is_sent_again(
    asterisk: FakeAsterisk, heard: Heard, session: Session
) -> None:
    asterisk.answers["Originate"] = lambda _: None
    pending = asyncio.create_task(session.send({"Action": "Originate", "Channel": "PJSIP/101"}))
    await until_async(lambda: asterisk.sent("Originate"))
    asterisk.cut()
    with pytest.raises(Unavailable):
        await pending
    await session.keep()
    with pytest.raises(Unavailable):
        await session.send({"Action": "Originate", "Channel": "PJSIP/102"})
    again = await open_session(link(asterisk), heard, SystemClock())
    await again.send({"Action": "Ping"})
    again.close()
    assert len(asterisk.sent("Originate")) == 1


@pytest.fixture
def service_logs(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Logs set up as in the service; put back, because they hold on to this test's standard error."""
    level, handlers, before = logging.root.level, logging.root.handlers[:], structlog.get_config()
    configure(json=True)
    yield
    structlog.configure(**before)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


@pytest.mark.usefixtures("service_logs")
async def test_secrets_are_never_logged(
    asterisk: FakeAsterisk, heard: Heard, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        session = await open_session(link(asterisk), heard, SystemClock())
        await session.send({"Action": "DBPut", "Val": "hush-hush"})
        session.close()
    printed = capsys.readouterr()
    assert "s3cret" not in caplog.text + printed.out + printed.err
    assert "hush-hush" not in caplog.text + printed.out + printed.err
