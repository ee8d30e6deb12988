"""What a PBX does with answers about where calls go, and without one: Asterisk's own FastAGI, our port, real phones."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from queue import SimpleQueue
from typing import Final

from callcenter.ids import new_id
from callcenter.routing.asking.agi import Asked, commands
from callcenter.routing.asking.route import Answer, Because, Ground, Person, Source, Verdict
from callcenter.routing.asking.server import Reply, Server
from tests.lab.amitap import AmiTap
from tests.lab.asterisk import Asterisk
from tests.lab.phones import Floor
from tests.pbx.test_gate_mechanics import ANNA, BORIS, NUMBER, OTHER, owes, talk
from tests.routing.asking.rules import place
from tests.until import until

BLOCKED: Final = "74959999999"
NAME: Final = "Ольга) Петрова, :x"
BORIS_FIRST: Final = Answer(
    verdict=Verdict.QUEUE,
    grounds=(Because(ground=Ground.PERSON_OWNER),),
    source=Source.READ,
    priority=7,
    language="ru",
    name=NAME,
    person=Person(agent=new_id(), place=place(phones=(f"PJSIP/{BORIS}",), member=f"PJSIP/{BORIS}"), wait_s=1),
)
MESSAGE_BYTES: Final = 4 * 16_000
"""Four seconds of sound: shorter ones are no messages (voicemail.conf)."""
NIGHT, HOLIDAY = "74951110001", "74951110002"
CLOSED: Final = Answer(
    verdict=Verdict.CLOSED,
    grounds=(Because(ground=Ground.OUTSIDE_HOURS),),
    source=Source.READ,
    then="voicemail",
    sound="vm-isunavail",
    mailbox="support@default",
)
SHUT: Final = replace(CLOSED, grounds=(Because(ground=Ground.HOLIDAY),), then="announce", sound="", mailbox="")
REFUSED: Final = Answer(verdict=Verdict.REFUSED, grounds=(Because(ground=Ground.BLOCKED),), source=Source.READ)


@contextmanager
def answering(answers: Mapping[str, Answer]) -> Iterator[tuple[str, list[str]]]:
    """Where to ask, and the numbers that were asked about. Who is not among ``answers`` is met with silence."""

    def says(asked: Asked) -> list[bytes]:
        known = answers.get(asked.number)
        return commands(known, packed=asked.packed) if known else []

    with saying(says) as found:
        yield found


@contextmanager
def saying(says: Callable[[Asked], list[bytes]]) -> Iterator[tuple[str, list[str]]]:
    """Where to ask, and the numbers that were asked about. To nothing the port says nothing."""
    heard: list[str] = []
    begun: SimpleQueue[tuple[int, asyncio.AbstractEventLoop, asyncio.Event]] = SimpleQueue()

    async def reply(asked: Asked) -> Reply:
        heard.append(asked.number)
        if not (said := says(asked)):
            await asyncio.Event().wait()
        return Reply(commands=said, taken=lambda _: None)

    async def listen() -> None:
        server, over = Server(reply, patience_s=5), asyncio.Event()
        begun.put((await server.start("127.0.0.1", 0), asyncio.get_running_loop(), over))
        await over.wait()
        await server.close()

    thread = threading.Thread(target=asyncio.run, args=(listen(),))
    thread.start()
    port, loop, over = begun.get(timeout=10)
    try:
        yield f"127.0.0.1:{port}/main/secret", heard
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(20)


def told(tap: AmiTap, variable: str) -> list[tuple[str, float]]:
    """What a variable became, and when."""
    return [(e["Value"], float(e["Timestamp"])) for e in tap.events("VarSet") if e["Variable"] == variable]


def test_an_answer_is_followed_and_silence_lets_the_call_through() -> None:
    """One is refused; one rings at his own agent's first, with his name, then waits ahead in the queue; for a third the
    port says nothing, and he is in the queue as soon as 0.2 s are over. The next one is not asked for at all."""
    answers = {NUMBER: BORIS_FIRST, BLOCKED: REFUSED}
    with answering(answers) as (where, heard), Asterisk(database={"callcenter-routing/support": where}) as pbx:
        tap = AmiTap(pbx)
        with Floor(pbx) as floor:
            tap.action("Setvar", Variable="CC_ROUTE_PATIENCE", Value="5")
            floor.phone(BORIS, answer_ms=None)
            floor.phone(ANNA)
            refused = floor.caller(BLOCKED, "7001")
            until(refused.ended, 10, "refused")
            turned_away = refused.attempt()
            assert turned_away is not None
            assert turned_away.answered_at is None
            talk(floor.caller(NUMBER, "7001", talk_ms=200))
            rung = [(e["DestChannel"].split("-")[0], e["CallerIDName"], e["Language"]) for e in tap.events("DialBegin")]
            assert rung == [(f"PJSIP/{BORIS}", NAME, "ru"), (f"PJSIP/{ANNA}", NAME, "ru")]
            assert [value for value, _ in told(tap, "QUEUE_PRIO")] == ["7"]
            assert owes(pbx, ANNA) == ("support", NUMBER, "7001")
            tap.action("Setvar", Variable="CC_ROUTE_PATIENCE", Value="")
            floor.caller(OTHER, "7001")
            until(lambda: len(tap.events("QueueCallerJoin")) == 2, 10, "in the queue though nobody answered")
            asked, gave_up = told(tap, "LOCAL(exits)")[-1][1], told(tap, "CALLCENTER_SILENT")[-1][1]
            assert 0.15 < gave_up - asked < 1.0
            floor.caller(OTHER, "7002", talk_ms=0)
            floor.caller(OTHER, "7001", talk_ms=0)
            until(lambda: len(tap.events("QueueCallerJoin")) == 4, 10, "in the queue without a question")
        tap.close()
        assert [e["Queue"] for e in tap.events("QueueCallerJoin")].count("support") == 3
    assert heard == [BLOCKED, NUMBER, OTHER]


def test_whoever_calls_outside_the_hours_is_told_so_and_may_leave_a_message() -> None:
    """One hears the announcement of the queue and then speaks; one, on a holiday, hears Asterisk's own words and is
    hung up on by the PBX. Neither waits in a queue, and no phone rings."""
    with (
        answering({NIGHT: CLOSED, HOLIDAY: SHUT}) as (where, heard),
        Asterisk(database={"callcenter-routing/support": where}) as pbx,
        Floor(pbx) as floor,
    ):
        tap = AmiTap(pbx)
        tap.action("Setvar", Variable="CC_ROUTE_PATIENCE", Value="5")
        anna = floor.phone(ANNA)
        told_so = floor.caller(HOLIDAY, "7001", talk_ms=None)
        until(told_so.ended, 20, "told, and put down")
        attempt = told_so.attempt()
        assert attempt is not None
        assert (attempt.answered_at is not None, attempt.ended_by) == (True, "pbx")
        speaking = floor.caller(NIGHT, "7001", talk_ms=None)
        box = pbx.spool / "voicemail/default/support"
        until(lambda: any(one.stat().st_size > MESSAGE_BYTES for one in box.rglob("*.wav")), 20, "he speaks")
        tap.action("Hangup", Channel=tap.events("Newchannel")[-1]["Channel"])
        until(speaking.ended, 10, "he hung up")
        until(lambda: (box / "INBOX/msg0000.txt").exists(), 10, "the message is kept")
        tap.close()
        played = [e["AppData"] for e in tap.events("Newexten") if e["Application"] == "Playback"]
        assert played == ["vm-nobodyavail", "vm-isunavail"]
        assert tap.events("QueueCallerJoin") == []
        assert anna.offers() == []
    assert heard == [HOLIDAY, NIGHT]
