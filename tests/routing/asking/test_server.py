"""The FastAGI port on a real socket: answered in time, or let through."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import pytest

from callcenter.config import Fastagi
from callcenter.errors import Refused
from callcenter.routing.asking.agi import Asked, asked, commands
from callcenter.routing.asking.memory import Memory
from callcenter.routing.asking.route import Block, Facts, Source
from callcenter.routing.asking.server import AT_ONCE, Reply, Server
from tests.routing.asking.rules import ANNA, answer, caller, place, rule
from tests.until import until_async

OUTGOING = (
    b"agi_network_script: main/secret\nagi_channel: PJSIP/trunk-1\nagi_arg_1: \nagi_arg_2: 89161234567\n"
    b"agi_arg_3: outgoing\nagi_arg_4: "
)
QUESTION = (
    b"agi_network: yes\nagi_network_script: main/secret\nagi_channel: PJSIP/trunk-1\nagi_uniqueid: 1.7\n"
    b"agi_callerid: 79161234567\nagi_arg_1: support%20line\nagi_arg_2: %2B79161234567\n\n"
)


class Desk:
    """A server, what it was asked, and how a PBX talks with it."""

    def __init__(self, decide: Callable[[Asked], Awaitable[None]]) -> None:
        self.heard: list[Asked] = []
        self.taken: list[float] = []
        self._decide = decide
        self.port = 0

    async def reply(self, asked: Asked) -> Reply:
        self.heard.append(asked)
        await self._decide(asked)
        known = answer(rule(owner=True, name=True), caller(owner=ANNA, name='Ол"ьга\n'), at_work={ANNA: place()})
        return Reply(commands=commands(known, packed=asked.packed), taken=self.taken.append)

    async def says(self, sent: bytes, answers: bytes = b"200 result=1\n") -> list[str]:
        """The lines that come back before the port closes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(sent)
        lines: list[str] = []
        try:
            async with asyncio.timeout(5):
                while line := await reader.readline():
                    lines.append(line.decode().rstrip("\n"))
                    writer.write(answers)
        except ConnectionError:
            pass
        writer.close()
        return lines


async def _at_once(_asked: Asked) -> None:
    pass


@asynccontextmanager
async def desk(decide: Callable[[Asked], Awaitable[None]] = _at_once) -> AsyncIterator[Desk]:
    made = Desk(decide)
    server = Server(made.reply, patience_s=Fastagi().patience_s)
    made.port = await server.start("127.0.0.1", 0)
    try:
        yield made
    finally:
        await server.close()


async def test_a_question_is_read_and_its_answer_taken() -> None:
    async with desk() as open_desk:
        lines = await open_desk.says(QUESTION)
        assert lines == [
            'SET VARIABLE CC_ROUTE_PHONES "PJSIP/101"',
            'SET VARIABLE CC_ROUTE_EXTEN "101"',
            'SET VARIABLE CC_ROUTE_MEMBER "PJSIP/101"',
            'SET VARIABLE CC_ROUTE_WAIT "15"',
            'SET VARIABLE CC_ROUTE_NAME "Ольга"',
            'SET VARIABLE CC_ROUTE "queue"',
        ]
        heard = open_desk.heard[0]
        assert (heard.pbx, heard.token, heard.queue, heard.number) == ("main", "secret", "support line", "+79161234567")
        assert (heard.channel, heard.uniqueid) == ("PJSIP/trunk-1", "1.7")
        assert len(open_desk.taken) == 1


@pytest.mark.parametrize(
    ("by", "channel"),
    [(b"PJSIP/101-2a", "PJSIP/101-2a"), (b"PJSIP%2F101-2a", "PJSIP/101-2a"), (b"", "PJSIP/trunk-1")],
)
def test_who_dials_is_who_transfers_where_another_channel_asks(by: bytes, channel: str) -> None:
    found = asked((OUTGOING + by).splitlines())
    assert (found.outgoing, found.number, found.channel) == (True, "89161234567", channel)


async def test_a_dialplan_that_says_so_takes_the_whole_answer_at_once() -> None:
    async with desk() as open_desk:
        lines = await open_desk.says(QUESTION.removesuffix(b"\n") + b"agi_arg_3: 1\n\n")
        assert lines == ['SET VARIABLE CC_ROUTED "queue||PJSIP/101|101|PJSIP/101|15||||||Ольга"']


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\n",
        b"agi_network_script: main\nagi_arg_1: support\n\n",
        b"agi_network_script: main/secret\n\n",
        b"agi_network_script: main/secret\nagi_arg_1: " + b"q" * 500 + b"\n\n",
        b"agi_arg_1: " + b"x" * 100_000,
        b"agi_arg_1: x\n" * 5000,
        b"\xff\xfe\x00" * 100 + b"\n\n",
        b"agi_network_script: main/secret\n",
        b"",
    ],
)
async def test_whoever_speaks_otherwise_is_let_go_without_an_answer(sent: bytes) -> None:
    async with desk() as open_desk:
        assert await open_desk.says(sent) == []
        assert len(await open_desk.says(QUESTION)) == 6


async def test_a_command_that_is_not_taken_is_no_answer() -> None:
    async with desk() as open_desk:
        await open_desk.says(QUESTION, b"511 Command Not Permitted on a dead channel\n")
        assert open_desk.taken == []


async def test_a_stranger_and_a_question_that_takes_too_long_are_let_go() -> None:
    never = asyncio.Event()

    async def decide(asked: Asked) -> None:
        if asked.token == "stranger":
            raise Refused("", code="stranger")
        await never.wait()

    async with desk(decide) as open_desk:
        assert await open_desk.says(QUESTION.replace(b"secret", b"stranger")) == []
        assert await open_desk.says(QUESTION) == []


async def test_a_crowd_that_says_nothing_is_gone_in_a_moment() -> None:
    async with desk() as open_desk:
        crowd = [await asyncio.open_connection("127.0.0.1", open_desk.port) for _ in range(AT_ONCE + 5)]
        await until_async(lambda: _answered(open_desk), 5, "answered while nobody of the crowd was")
        for _, writer in crowd:
            writer.close()


async def _answered(open_desk: Desk) -> bool:
    return len(await open_desk.says(QUESTION)) == 6


async def test_facts_that_come_late_are_those_of_the_last_time_and_are_kept_for_the_next() -> None:
    slow = asyncio.Event()
    slow.set()
    names = iter(["Anna", "Boris", "Clara"])

    async def read(_key: str) -> Facts:
        await slow.wait()
        return Facts(source=Source.READ, callers=(caller(name=next(names)),))

    memory = Memory(read, within_s=0.05)
    assert (await memory.of("+7")).source == Source.NONE  # nobody reads yet
    running = asyncio.create_task(memory.run())
    await until_async(lambda: _read(memory, "+7"), 5, "read")
    slow.clear()
    late = await memory.of("+7")
    assert (late.source, late.callers[0].name) == (Source.CACHED, "Anna")
    assert (await memory.of("+39")).source == Source.NONE
    slow.set()
    await until_async(lambda: _read(memory, "+39"), 5, "what came late was not in vain")
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_who_is_blocked_no_more_is_not_turned_away_while_the_database_is_slow() -> None:
    slow = asyncio.Event()
    slow.set()

    async def read(key: str) -> Facts:
        await slow.wait()
        return Facts(source=Source.READ, block=Block() if key == "+7" else None)

    memory = Memory(read, within_s=0.05)
    running = asyncio.create_task(memory.run())
    for key in ("+7", "+39"):
        await until_async(partial(_read, memory, key), 5, "read")
    slow.clear()
    assert (await memory.of("+7")).block
    memory.forget_blocks()
    late = [await memory.of(key) for key in ("+7", "+39")]
    assert [(one.source, one.block) for one in late] == [(Source.NONE, None), (Source.CACHED, None)]
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_who_is_erased_is_forgotten_at_once_also_by_what_is_being_read_now() -> None:
    slow = asyncio.Event()
    slow.set()
    olga, ivan = caller(name="Olga"), caller(name="Ivan")

    async def read(key: str) -> Facts:
        await slow.wait()
        return Facts(source=Source.READ, callers=(ivan,) if key == "+39" else (olga, ivan))

    memory = Memory(read, within_s=0.05)
    running = asyncio.create_task(memory.run())
    for key in ("+7", "+39"):
        await until_async(partial(_read, memory, key), 5, "read")
    slow.clear()
    assert [(await memory.of(key)).source for key in ("+7", "+39", "+44")] == [
        Source.CACHED,
        Source.CACHED,
        Source.NONE,
    ]
    memory.forget(olga.id)
    slow.set()
    await until_async(lambda: memory.reading == 0, 5, "what was being read is there, and not kept")
    slow.clear()
    assert [(await memory.of(key)).source for key in ("+7", "+39", "+44")] == [Source.NONE, Source.CACHED, Source.NONE]
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def _read(memory: Memory, key: str) -> bool:
    return (await memory.of(key)).source is Source.READ
