"""Whose words they are: a customer is put on hold, his recording is paused, he is sent on blind and then after advice,
and every word must stand on the side of who said it, within 0.3 s of when he said it.

A real Asterisk 22, phones that speak the demo's talks, the service as it is delivered, with the tiny model of its own.
The truth is what each phone sent from the moment it answered. Fails where a word is on the wrong side, in the pause, or
said by an agent while the customer was on hold; where less than 95 % are found; or where one is further off.

    ./run bench words
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from callcenter.demo.spool import RATE, Dialogue, dialogues, pcm
from callcenter.recording.engines import engine
from tests.lab.asterisk import Asterisk
from tests.lab.phones import Caller, Floor, Phone
from tests.lab.refer import hold, refer, resume
from tests.lab.speech import side
from tests.pbx.job.conftest import wire
from tests.pbx.job.product import Desk, Product
from tests.until import pace, until_async

MODEL: Final = Path(__file__).parents[1] / "callcenter/demo/speech/model-tiny"
NEAR_S: Final = 0.3
EDGE_S: Final = 0.6
SHARE: Final = 0.95
NUMBER: Final = "79161300001"


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    text: str
    at_s: float
    end_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """What a phone says over and over, from the moment (epoch seconds) at which it answered."""

    words: tuple[Word, ...]
    length_s: float
    since: float

    def said(self, begin: float, end: float) -> Iterator[tuple[str, float, float]]:
        """The words whole between two moments, with theirs."""
        for turn in range(int((end - self.since) / self.length_s) + 1):
            for word in self.words:
                at = self.since + turn * self.length_s + word.at_s
                if begin <= at and at + word.end_s - word.at_s <= end:
                    yield word.text, at, at + word.end_s - word.at_s


def words_of(talk: Dialogue, *, caller: bool) -> tuple[Word, ...]:
    """As the model hears this side alone."""
    stereo = pcm(talk, talk.seconds)
    mono = b"".join(stereo[at + 2 * (not caller) :][:2] for at in range(0, len(stereo), 4))
    heard = engine(MODEL).utterances([mono], RATE)
    return tuple(Word(text=w["text"], at_s=w["start_s"], end_s=w["end_s"]) for said in heard for w in said)


def talk_of(name: str) -> Dialogue:
    return next(one for one in dialogues() if one.name == name)


def voice(name: str, since: float, *, caller: bool = False) -> Voice:
    talk = talk_of(name)
    return Voice(words=words_of(talk, caller=caller), length_s=talk.seconds, since=since)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A word of the transcripts, by the wall clock."""

    speaker: str
    text: str
    at: float
    end: float


@dataclass(slots=True)
class Story:
    """What happened to one customer, by the wall clock; ``spans``: who had him from when to when."""

    customer: Voice
    agents: list[tuple[Voice, float, float]]
    held: tuple[float, float]
    paused: tuple[float, float]
    heard: list[Heard]


async def play(floor: Floor, product: Product) -> Story:
    desks = {name: Desk(product, name) for name in ("anna", "boris", "chiara", "sofia")}
    for desk in desks.values():
        await desk.sign_in()
        await desk.listen()
    phones = {
        number: floor.phone(number, sound=side(talk_of(name), caller=False))
        for number, name in (("101", "late_delivery"), ("102", "refund"), ("103", "invoice"))
    }
    caller = floor.caller(NUMBER, "7101", talk_ms=None, sound=side(talk_of("late_delivery"), caller=True))
    pop = await has(desks["anna"])
    await pace(5)
    held = await asyncio.to_thread(on_hold, phones["101"])
    await pace(2)
    paused = await pause(desks["anna"], pop["call_id"])
    await pace(3)
    assert await asyncio.to_thread(refer, phones["101"], "102") == 202
    await has(desks["boris"])
    await pace(8)
    advice = floor.agent_dials("102", "103", talk_ms=None)
    await until_async(advice.answered, 10, "advice")
    await pace(4)
    assert await asyncio.to_thread(refer, phones["102"], "103", advice) == 202
    await has(desks["chiara"])
    await pace(8)
    phones["103"].silence()
    floor.pbx.hang_up()
    return await told(desks, (caller, phones), (held, paused))


def on_hold(phone: Phone) -> tuple[float, float]:
    hold(phone)
    begun = time.time()
    time.sleep(3)
    over = time.time()
    resume(phone)
    return begun, over


async def pause(desk: Desk, call: str) -> tuple[float, float]:
    path = f"/calls/{call}/recording-pause"
    await desk.request("PUT", path)
    begun = time.time()
    await pace(3)
    over = time.time()
    await desk.request("DELETE", path)
    return begun, over


async def has(desk: Desk) -> dict[str, Any]:
    found = await until_async(
        lambda: next((p for p in desk.pops.values() if p["phase"] == "talking"), None), 20, f"{desk.username} talking"
    )
    assert found is not None
    return dict(found)


async def told(
    desks: dict[str, Desk],
    spoke: tuple[Caller, dict[str, Phone]],
    quiet: tuple[tuple[float, float], tuple[float, float]],
) -> Story:
    sofia, (caller, phones) = desks["sofia"], spoke

    async def heard() -> dict[str, Any] | None:
        (call, *_) = (await sofia.request("GET", f"/calls?number={NUMBER}"))["items"]
        return call if {one["transcript_state"] for one in call["recordings"]} == {"done"} else None

    call = await until_async(heard, 60, "the words")
    parts = [one for one in call["segments"] if one["answered_at"]]
    spans = [(moment(one["answered_at"]), moment(one["ended_at"])) for one in parts]
    attempt = caller.attempt()
    assert attempt is not None
    names = {"101": "late_delivery", "102": "refund", "103": "invoice"}
    agents = []
    for part, (begun, over) in zip(parts, spans, strict=True):
        number = part["agent"]["extension"] or part["device"].rpartition("/")[2]
        taken = [one for one in phones[number].taken() if one.answered_at and one.answered_at <= begun + 1]
        agents.append((voice(names[number], taken[-1].answered_at or 0.0), begun, over))
    words = await words_heard(sofia, call)
    for desk in desks.values():
        await desk.close()
    return Story(
        customer=voice("late_delivery", attempt.answered_at or 0.0, caller=True),
        agents=agents,
        held=quiet[0],
        paused=quiet[1],
        heard=words,
    )


async def words_heard(sofia: Desk, call: dict[str, Any]) -> list[Heard]:
    """Of all parts of the recording, at the moments that who listens to them as one is shown."""
    course = await sofia.request("GET", f"/calls/{call['id']}/course")
    began, found = moment(course["began_at"]), []
    print(f"{len(course['parts'])} files")
    for piece in course["pieces"]:
        told = await sofia.request("GET", f"/recordings/{piece['recording_id']}/transcript")
        shift = began + piece["at_s"] - piece["start_s"]
        for said in told["utterances"]:
            for w in said["words"]:
                if piece["start_s"] <= w["start_s"] < piece["start_s"] + piece["seconds"]:
                    at, end = w["start_s"] + shift, w["end_s"] + shift
                    found.append(Heard(speaker=said["speaker"], text=w["text"], at=at, end=end))
    return found


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def outside(at: float, end: float, spans: Iterable[tuple[float, float]]) -> bool:
    return all(end < begun - EDGE_S or at > over + EDGE_S for begun, over in spans)


def expected(story: Story) -> list[tuple[str, str, float]]:
    """Side, word and moment; nothing near a moment at which something changed."""
    found: list[tuple[str, str, float]] = []
    for said, begun, over in story.agents:
        begun, over = begun + EDGE_S, over - EDGE_S
        lines = [("agent", said, (story.paused, story.held)), ("customer", story.customer, (story.paused,))]
        for speaker, who, silent in lines:
            found += [(speaker, text, at) for text, at, end in who.said(begun, over) if outside(at, end, silent)]
    return found


def judged(story: Story) -> tuple[float, list[str]]:
    """The furthest that a word is off, and what is wrong."""
    wanted, offs, wrong = expected(story), [], []
    for speaker, text, moment_ in wanted:
        near = [abs(w.at - moment_) for w in story.heard if (w.speaker, w.text) == (speaker, text)]
        offs.append(min(near, default=99.0))
    found = [off for off in offs if off <= 1.0]
    began = story.agents[0][1]
    if len(found) < SHARE * len(wanted):
        lost = [f"{w} ({s}, {at - began:.1f} s)" for (s, w, at), off in zip(wanted, offs, strict=True) if off > 1.0]
        wrong.append(f"{len(lost)} of {len(wanted)} words are not there: {', '.join(lost)}")
    for name, (begun, over), sides in (
        ("pause", story.paused, ("agent", "customer")),
        ("hold", story.held, ("agent",)),
    ):
        whole = [w for w in story.heard if begun + EDGE_S < w.at and w.end < over - EDGE_S]
        inside = [w.text for w in whole if w.speaker in sides]
        wrong += [f"in the {name}: {' '.join(inside)}"] if inside else []
    wrong += [f"{line} after {at - began:.1f} s" for line, at in strayed(wanted, story)]
    print(f"{len(wanted)} words, {len(found)} found, furthest {max(found, default=0.0):.2f} s")
    return max(found, default=99.0), wrong


def strayed(wanted: Sequence[tuple[str, str, float]], story: Story) -> Iterator[tuple[str, float]]:
    """Words of one side that are heard on the other, and not said there."""
    begun, over = story.agents[0][1], story.agents[-1][2]
    said = {
        "customer": [(text, at) for text, at, _ in story.customer.said(begun, over)],
        "agent": [(text, at) for one, since, until in story.agents for text, at, _ in one.said(since - 1, until)],
    }
    for speaker, text, moment_ in wanted:
        other = "agent" if speaker == "customer" else "customer"
        there = any((w.speaker, w.text) == (other, text) and abs(w.at - moment_) < NEAR_S for w in story.heard)
        if there and not any(word == text and abs(at - moment_) < 1 for word, at in said[other]):
            yield f"{text!r} of the {speaker} is on the other side", moment_


async def measure(folder: Path) -> tuple[float, list[str]]:
    with ExitStack() as ends:
        pbx = ends.enter_context(Asterisk())
        product = Product(pbx, folder)
        product.environment["CALLCENTER_SPEECH__MODEL"] = str(MODEL)
        product.add_people()
        product.start()
        ends.callback(product.stop)
        await wire(product)
        floor = ends.enter_context(Floor(pbx))
        return judged(await play(floor, product))


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        off, wrong = asyncio.run(measure(Path(folder)))
    for line in wrong:
        print(f"  {line}")
    well = off <= NEAR_S and not wrong
    print(f"words {off:.2f} {NEAR_S:.1f} {'pass' if well else 'fail'}")
    return 0 if well else 1


if __name__ == "__main__":
    raise SystemExit(main())
